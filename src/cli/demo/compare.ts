import { tallyIndex } from "./tally.js";
import type { Total } from "./total.js";

/** Whether two runs over the same files have counted the same. */
export interface Comparison {
  readonly equal: boolean;
  /** In which way they differ, one sentence each. */
  readonly differences: readonly string[];
  /** Files that explain it: they came, went or changed between the two runs. */
  readonly changed: readonly string[];
}

/** Compares every word's count, every sum and every number of the histogram. */
export function compare(first: Total, second: Total): Comparison {
  const differences: string[] = [];
  const note = (what: string, a: number, b: number): void => {
    if (a !== b) differences.push(`${what}: ${a} in the first run, ${b} in the second`);
  };
  for (const sum of ["files", "binaries", "bytes", "words"] as const)
    note(sum, first.tally[tallyIndex[sum]], second.tally[tallyIndex[sum]]);
  for (let at = tallyIndex.firstLength; at < first.tally.length; at++)
    note(`words of length ${at - tallyIndex.firstLength + 1}`, first.tally[at], second.tally[at]);
  const word = first.words.difference(second.words);
  if (word !== undefined)
    note(`the word ${JSON.stringify(word)}`, first.words.countOf(word), second.words.countOf(word));
  note("different words", first.words.size, second.words.size);
  const equal = differences.length === 0;
  return { equal, differences, changed: equal ? [] : changes(first.versions(), second.versions()) };
}

/** Files that are not in both, or not in the same version. */
function changes(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): string[] {
  const paths = new Set([...first.keys(), ...second.keys()]);
  return [...paths].filter((path) => first.get(path) !== second.get(path));
}
