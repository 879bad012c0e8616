import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { FileLocks } from "../brokers/file/file-locks.js";

/** One that is younger may not have its owner's lock yet. */
const YOUNGEST_MS = 60_000;

/** Removes the mailboxes beside a queue's folder whose owners were killed: each holds the lock of the only seat in his own. */
export async function sweepFileMailboxes(queue: string): Promise<void> {
  const prefix = `${basename(queue)}.mail.`;
  for (const name of readdirSync(dirname(queue)).filter((one) => one.startsWith(prefix))) {
    const place = join(dirname(queue), name);
    const lock = join(place, "lock");
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - made < YOUNGEST_MS) continue;
    const locks = await FileLocks.open(lock).catch(() => undefined);
    if (locks === undefined) continue;
    try {
      if (!locks.isAlive(1)) rmSync(place, { recursive: true, force: true });
    } finally {
      locks.close();
    }
  }
}
