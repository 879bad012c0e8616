/**
 * The engine looks up `\p{…}` while it reads a regular expression: 40-200 µs each, and up to 28 ms for a property of
 * strings. All expressions of a message together may cost this much, so that a megabyte of them takes seconds at most.
 */
export const MAX_REGEXP_COST = 10_000;

const COST_OF_STRINGS = 100;
const property = /\\[pP](\{(?:RGI_|Basic_Emoji|Emoji_Keycap_Sequence))?/g;

/** What a source costs: 1 for each Unicode property, 100 for a property of strings such as `\p{RGI_Emoji}`. */
export function regexpCost(source: string): number {
  let cost = 0;
  for (const [, ofStrings] of source.matchAll(property)) cost += ofStrings === undefined ? 1 : COST_OF_STRINGS;
  return cost;
}
