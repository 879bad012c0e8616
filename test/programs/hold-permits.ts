// Takes permits, says so (1), gives them back when it is told to (2).
import { type Semaphore, type SharedValue, task } from "interproc";

export const holdPermits = task(
  import.meta,
  async function holdPermits(semaphore: Semaphore, count: number, state: SharedValue<"i32">, sync = false) {
    for (let taken = 0; taken < count; taken++) sync ? semaphore.acquireSync() : await semaphore.acquire();
    state.value = 1;
    await state.waitUntil((value) => value === 2);
    semaphore.release(count);
  },
);
