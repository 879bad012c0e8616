// Takes a lock, says so (1), gives it back when it is told to (2), and gives whether it was abandoned.
import { type Lock, type SharedValue, task } from "interproc";

export const holdLock = task(
  import.meta,
  async function holdLock(lock: Lock, state: SharedValue<"i32">, sync = false): Promise<boolean> {
    const hold = sync ? lock.acquireSync() : await lock.acquire();
    state.value = 1;
    await state.waitUntil((value) => value === 2);
    hold.release();
    return hold.abandoned;
  },
);
