// Waits at a condition once it has said under the lock that it is there; counts itself as woken, under the lock again.
import { type Condition, type SharedValue, task } from "interproc";

type I32 = SharedValue<"i32">;

export const awaitNotice = task(
  import.meta,
  async function awaitNotice(condition: Condition, here: I32, woken: I32, sync: boolean) {
    using hold = sync ? condition.lock.acquireSync() : await condition.lock.acquire();
    here.add(1);
    sync ? condition.waitSync() : await condition.wait();
    woken.value = woken.value + 1;
    return hold.isHeld && condition.lock.isLocked;
  },
);
