// Waits at a barrier so many times, and gives the indexes, or the name of the error that ended it.
import { type Barrier, type SharedValue, task } from "interproc";

export const awaitBarrier = task(
  import.meta,
  async function awaitBarrier(barrier: Barrier, rounds: number, sync: boolean, here?: SharedValue<"i32">) {
    const indexes: (number | string)[] = [];
    here?.add(1);
    try {
      while (indexes.length < rounds) indexes.push(sync ? barrier.waitSync() : await barrier.wait());
    } catch (error) {
      indexes.push((error as Error).name);
    }
    return indexes;
  },
);
