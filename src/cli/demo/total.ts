import type { Batch } from "./batches.js";
import type { FilesSeen } from "./count-batch.js";
import { newTally } from "./tally.js";
import type { Unreadable } from "./walk.js";
import { WordTable } from "./word-table.js";

/** What a whole run has counted. */
export class Total {
  readonly words = new WordTable();
  readonly tally = newTally();
  readonly unreadable: Unreadable[] = [];
  /** By the batch's number, as in {@link FilesSeen}. */
  readonly versions: Float64Array[] = [];
  /** Of all files that were looked at: text, binary and unreadable. */
  filesDone = 0;

  note(batch: Batch, { versions, unreadable }: FilesSeen): void {
    this.versions[batch.number] = versions;
    this.unreadable.push(...unreadable);
    this.filesDone += batch.paths.length;
  }
}
