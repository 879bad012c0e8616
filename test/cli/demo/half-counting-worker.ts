import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Connection, type SharedArray, task } from "interproc";
import { TALLY_LENGTH } from "#src/cli/demo/tally.js";
import { type Assignment, countWords, type Finished } from "#src/cli/demo/worker.js";

/** The demo's worker, but the first one of all is killed when it has added to its row and not said so yet. */
export const countHalf = task(
  import.meta,
  async function countHalf(work: Connection<Finished, Assignment | null>, rows: SharedArray<"f64">, folder: string) {
    try {
      writeFileSync(join(folder, "../was-killed"), "", { flag: "wx" });
    } catch {
      return countWords(work, rows, folder);
    }
    const { row } = (await work.recv()) as Assignment;
    for (let index = 0; index < TALLY_LENGTH; index++) rows.add(row * TALLY_LENGTH + index, 1_000_000);
    process.kill(process.pid, "SIGKILL");
  },
);
