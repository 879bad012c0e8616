import { parseNeeds } from "./needs.js";
import { type Recommendation, recommend } from "./recommend.js";
import type { BenchResults } from "./results.js";
import { usualNeeds } from "./usual-needs.js";

/** Something that is needed, in words, and what is recommended for it. */
export interface Advised {
  readonly what: string;
  readonly recommendation: Recommendation;
}

/** What is recommended for what was asked for (the text of `--for`), or else for what programs usually need. */
export function advise(found: BenchResults, sizes: readonly number[], asked: string | undefined): Advised[] {
  const needs = asked === undefined ? usualNeeds(sizes) : [[asked, parseNeeds(asked)] as const];
  return needs.map(([what, one]) => ({ what, recommendation: recommend(found, one) }));
}
