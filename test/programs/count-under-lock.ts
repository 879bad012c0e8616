// Adds 1 to a value in two steps, many times, under a lock; gives the longest wait for it in milliseconds.
import { type Lock, type SharedValue, task } from "interproc";

export const countUnderLock = task(
  import.meta,
  async function countUnderLock(lock: Lock, counter: SharedValue<"i32">, rounds: number, sync: boolean) {
    let longest = 0;
    for (let round = 0; round < rounds; round++) {
      const from = performance.now();
      using _hold = sync ? lock.acquireSync() : await lock.acquire();
      longest = Math.max(longest, performance.now() - from);
      const seen = counter.value;
      if (!sync && round % 50 === 0) await new Promise((done) => setImmediate(done));
      counter.value = seen + 1;
    }
    return longest;
  },
);
