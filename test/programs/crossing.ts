// Takes one lock, says so, and once another thread has done so too takes a second one: in a circle, none ever gets it.
import { type Lock, type SharedValue, task } from "interproc";

export const crossing = task(
  import.meta,
  async function crossing(first: Lock, second: Lock, here: SharedValue<"i32">, parties: number, sync: boolean) {
    const hold = sync ? first.acquireSync() : await first.acquire();
    here.add(1);
    await here.waitUntil((count) => count >= parties);
    const other = sync ? second.acquireSync() : await second.acquire();
    other.release();
    hold.release();
  },
);
