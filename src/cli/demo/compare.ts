import type { Batch } from "./batches.js";
import { tallyIndex } from "./tally.js";
import type { Total } from "./total.js";

/** Whether two runs over the same files have counted the same. */
export interface Comparison {
  readonly equal: boolean;
  /** In which way they differ, one sentence each. */
  readonly differences: readonly string[];
  /** Files that were not the same any more when they were counted for the second time. */
  readonly changed: readonly string[];
}

/** Compares every word's count, every sum and every number of the histogram. */
export function compare(first: Total, second: Total, batches: readonly Batch[]): Comparison {
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
  const changed = batches.flatMap(({ number, paths }) =>
    paths.filter((_, index) => {
      const [a, b] = [first, second].map(({ versions }) => versions[number].subarray(index * 2, index * 2 + 2));
      return !a.every((value, at) => Object.is(value, b[at]));
    }),
  );
  return { equal: differences.length === 0, differences, changed };
}
