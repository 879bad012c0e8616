import { type Connection, type Queue, type QueueMessage, type Semaphore, type SharedArray, task } from "../../index.js";
import { countBatch, type FilesSeen } from "./count-batch.js";
import { newTally, type Tally } from "./tally.js";
import { type PackedWords, WordTable } from "./word-table.js";

/** What a worker is given to do. */
export interface Assignment {
  readonly number: number;
  readonly paths: readonly string[];
  /** Where in the shared array the sums go of the one who gets it first. It is all zeros. */
  readonly row: number;
}

/** What a worker answers. */
export interface Finished extends FilesSeen {
  /** The assignment's. */
  readonly number: number;
  readonly words: PackedWords;
  /** The sums when the assignment was a redelivered one; else they are in its row by now. */
  readonly sums?: Tally;
}

/**
 * Counts what one message asks for. The sums are added to the row, and the answer that follows says that they are
 * complete: until it is there nobody reads the row, so a worker that is killed in between has counted nothing. A
 * redelivered message's row is left alone: whoever had it before may have answered, and the row be another batch's now.
 */
export function countAssignment(
  { value: { number, paths, row }, redelivered }: QueueMessage<Assignment>,
  rows: SharedArray<"f64">,
  openFiles: Semaphore,
  folder: string,
  words: WordTable,
): Finished {
  const sums = newTally();
  words.clear();
  const seen = countBatch(folder, { paths }, words, sums, openFiles);
  const finished = { number, words: words.pack(), ...seen };
  if (redelivered) return { ...finished, sums };
  sums.forEach((sum, index) => {
    if (sum !== 0) rows.add(row * sums.length + index, sum);
  });
  return finished;
}

/** A worker: takes batch after batch from the queue until that is shut down, and acknowledges each when it has answered. */
export const countWords = task(
  import.meta,
  async function countWords(
    jobs: Queue<Assignment>,
    answers: Connection<Finished, never>,
    rows: SharedArray<"f64">,
    openFiles: Semaphore,
    folder: string,
  ) {
    const words = new WordTable();
    for await (const job of jobs.messages()) {
      await answers.send(countAssignment(job, rows, openFiles, folder, words));
      job.ack();
    }
    answers.close();
  },
);
