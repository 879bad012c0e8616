// Takes a read-write lock, says so (1), gives it back when it is told to (2), and gives whether it was abandoned.
import { type RWLock, type SharedValue, task } from "interproc";

export const holdAccess = task(
  import.meta,
  async function holdAccess(lock: RWLock, access: "Read" | "Write", state: SharedValue<"i32">, sync: boolean) {
    using hold = sync ? lock[`acquire${access}Sync`]() : await lock[`acquire${access}`]();
    state.value = 1;
    await state.waitUntil((value) => value === 2);
    return hold.abandoned;
  },
);
