import { join } from "node:path";
import type { Semaphore } from "../../index.js";
import type { Batch } from "./batches.js";
import { countFile } from "./count-file.js";
import type { Tally } from "./tally.js";
import type { Unreadable } from "./walk.js";
import type { WordTable } from "./word-table.js";

/** What a batch's files were like when they were counted, beside their words. */
export interface FilesSeen {
  /** Two numbers for each file, its size and when it was modified; NaN for one that could not be read. */
  readonly versions: Float64Array;
  readonly unreadable: readonly Unreadable[];
}

/**
 * Counts the files of a batch into `words` and `tally`: the one piece of code that the workers and a lone process run.
 * Each file is open under a permit of `openFiles`, where that is given.
 */
export function countBatch(
  folder: string,
  { paths }: Batch,
  words: WordTable,
  tally: Tally,
  openFiles?: Semaphore,
): FilesSeen {
  const versions = new Float64Array(paths.length * 2).fill(Number.NaN);
  const unreadable: Unreadable[] = [];
  paths.forEach((path, index) => {
    try {
      const { bytes, modifiedAt } = countFile(join(folder, path), words, tally, openFiles);
      versions.set([bytes, modifiedAt], index * 2);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable.push({ path, code });
    }
  });
  return { versions, unreadable };
}
