import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Connection, type Queue, type Semaphore, type SharedArray, task } from "interproc";
import { TALLY_LENGTH } from "#src/cli/demo/tally.js";
import { WordTable } from "#src/cli/demo/word-table.js";
import { type Assignment, countAssignment, countWords, type Finished } from "#src/cli/demo/worker.js";

type Jobs = Queue<Assignment>;
type Answers = Connection<Finished, never>;
type Rows = SharedArray<"f64">;

/** True for the first `most` callers of all processes; they leave their marks beside the folder. */
function isAmongFirst(most: number, folder: string): boolean {
  for (let place = 0; place < most; place++) {
    try {
      writeFileSync(join(folder, `../was-killed-${place}`), "", { flag: "wx" });
      return true;
    } catch {}
  }
  return false;
}

const die = (): void => void process.kill(process.pid, "SIGKILL");

/** The demo's worker, but the first one of all is killed when it has added to its row and not said so yet. */
export const countHalf = task(
  import.meta,
  async function countHalf(jobs: Jobs, answers: Answers, rows: Rows, openFiles: Semaphore, folder: string) {
    if (!isAmongFirst(1, folder)) return countWords(jobs, answers, rows, openFiles, folder);
    const { value } = await jobs.take();
    for (let index = 0; index < TALLY_LENGTH; index++) rows.add(value.row * TALLY_LENGTH + index, 1_000_000);
    die();
  },
);

/** The same, but the first three are killed when they have answered their second batch and not acknowledged it. */
export const answerOnly = task(
  import.meta,
  async function answerOnly(jobs: Jobs, answers: Answers, rows: Rows, openFiles: Semaphore, folder: string) {
    if (!isAmongFirst(3, folder)) return countWords(jobs, answers, rows, openFiles, folder);
    const words = new WordTable();
    for (let round = 0; round < 2; round++) {
      const job = await jobs.take();
      await answers.send(countAssignment(job, rows, openFiles, folder, words));
      if (round === 0) job.ack();
    }
    die();
  },
);

/** The same, but the first two are killed while they hold a permit for an open file; the second, a redelivered batch. */
export const dieWithFileOpen = task(
  import.meta,
  async function dieWithFileOpen(jobs: Jobs, answers: Answers, rows: Rows, openFiles: Semaphore, folder: string) {
    if (!isAmongFirst(2, folder)) return countWords(jobs, answers, rows, openFiles, folder);
    await jobs.take();
    openFiles.acquireSync();
    die();
  },
);
