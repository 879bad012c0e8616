/** Words of that many letters and more are counted together. */
export const LONGEST = 20;

/** Where the sums stand in a {@link Tally}. */
export const tallyIndex = {
  /** Text files counted. */
  files: 0,
  /** Files that are not text. */
  binaries: 1,
  /** Bytes of the text files. */
  bytes: 2,
  words: 3,
  /** Words of one letter; then those of two, up to those of {@link LONGEST} and more. */
  firstLength: 4,
} as const;

export const TALLY_LENGTH = tallyIndex.firstLength + LONGEST;

/** The sums and the histogram of word lengths as one row of numbers; a row of the shared array looks the same. */
export type Tally = Float64Array;

export const newTally = (): Tally => new Float64Array(TALLY_LENGTH);

export function addTally(to: Tally, from: Tally): void {
  for (let i = 0; i < TALLY_LENGTH; i++) to[i] += from[i];
}

/** How many words have 1, 2, … {@link LONGEST} and more letters. */
export const lengthsOf = (tally: Tally): number[] => [...tally.subarray(tallyIndex.firstLength)];
