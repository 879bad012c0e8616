// Takes and gives back a lock until it is told to stop (2); counts its turns and gives them and its longest wait.
import { type Lock, type Semaphore, type SharedValue, task } from "interproc";

export const contend = task(
  import.meta,
  async function contend(lock: Lock | Semaphore, here: SharedValue<"i32">, stop: SharedValue<"i32">) {
    here.add(1);
    await stop.waitUntil((value) => value >= 1);
    let [turns, longest] = [0, 0];
    for (; stop.value < 2; turns++) {
      const from = performance.now();
      (await lock.acquire()).release();
      longest = Math.max(longest, performance.now() - from);
    }
    return { turns, longest };
  },
);
