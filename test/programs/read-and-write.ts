// Writes two words that belong together, or reads them, in turns under a read-write lock; gives how often they differed.
import { type RWLock, type SharedArray, task } from "interproc";

export const readAndWrite = task(
  import.meta,
  async function readAndWrite(lock: RWLock, pair: SharedArray<"i32">, rounds: number, sync: boolean) {
    let differed = 0;
    for (let round = 0; round < rounds; round++) {
      const writes = round % 4 === 0;
      using _hold = writes
        ? sync
          ? lock.acquireWriteSync()
          : await lock.acquireWrite()
        : sync
          ? lock.acquireReadSync()
          : await lock.acquireRead();
      const [one, other] = [pair.get(0), pair.get(1)];
      if (one !== other) differed++;
      if (writes) pair.set(0, one + 1);
      if (!sync && round % 16 === 0) await new Promise((done) => setImmediate(done));
      if (writes) pair.set(1, one + 1);
    }
    return differed;
  },
);
