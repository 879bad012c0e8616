import { type Connection, type SharedArray, task } from "../../index.js";
import { countBatch, type FilesSeen } from "./count-batch.js";
import { newTally } from "./tally.js";
import { type PackedWords, WordTable } from "./word-table.js";

/** What a worker is given to do. */
export interface Assignment {
  readonly paths: readonly string[];
  /** Where in the shared array its sums go. */
  readonly row: number;
}

/** What a worker answers: the sums are in the shared array by then. */
export interface Finished extends FilesSeen {
  readonly row: number;
  readonly words: PackedWords;
}

/**
 * A worker: counts batch after batch until it is told that there are no more. The sums of a batch are added to its own
 * row of the shared array, and the message that follows says that they are complete: until that message is there nobody
 * reads the row, so a worker that is killed in between has counted nothing.
 */
export const countWords = task(
  import.meta,
  async function countWords(work: Connection<Finished, Assignment | null>, rows: SharedArray<"f64">, folder: string) {
    const words = new WordTable();
    for await (const assignment of work) {
      if (assignment === null) break;
      const { paths, row } = assignment;
      const tally = newTally();
      const seen = countBatch(folder, { paths }, words, tally);
      tally.forEach((sum, index) => {
        if (sum !== 0) rows.add(row * tally.length + index, sum);
      });
      await work.send({ row, words: words.pack(), ...seen });
      words.clear();
    }
    work.close();
  },
);
