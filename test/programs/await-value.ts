// Says that it is there, waits for a value in one way or the other, and gives what it saw.
import { type SharedValue, task } from "interproc";

type I32 = SharedValue<"i32">;

export const awaitValue = task(
  import.meta,
  async function awaitValue(value: I32, here: I32, least: number, sync: boolean) {
    here.add(1);
    const isThere = (seen: number): boolean => seen >= least;
    return sync ? value.waitUntilSync(isThere) : await value.waitUntil(isThere);
  },
);
