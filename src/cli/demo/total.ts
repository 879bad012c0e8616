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
  private readonly seen: { readonly paths: readonly string[]; readonly versions: Float64Array }[] = [];
  /** Of all files that were looked at: text, binary and unreadable. */
  filesDone = 0;

  note({ paths }: Batch, { versions, unreadable }: FilesSeen): void {
    this.seen.push({ paths, versions });
    this.unreadable.push(...unreadable);
    this.filesDone += paths.length;
  }

  /** Which version of each file was counted, in a form that can be compared. */
  versions(): Map<string, string> {
    const byPath = new Map<string, string>();
    for (const { paths, versions } of this.seen)
      paths.forEach((path, i) => {
        byPath.set(path, `${versions[i * 2]} ${versions[i * 2 + 1]}`);
      });
    return byPath;
  }
}
