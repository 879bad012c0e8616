// Goes in and out under a semaphore, and notes the most that were inside at once.
import { type Semaphore, type SharedValue, task } from "interproc";

type I32 = SharedValue<"i32">;

export const crowd = task(
  import.meta,
  async function crowd(semaphore: Semaphore, inside: I32, most: I32, rounds: number, sync: boolean) {
    for (let round = 0; round < rounds; round++) {
      using _permit = sync ? semaphore.acquireSync() : await semaphore.acquire();
      const now = inside.add(1) + 1;
      most.update((old) => Math.max(old, now));
      if (!sync) await new Promise((done) => setImmediate(done));
      inside.sub(1);
    }
  },
);
