import { type Connection, type SharedMap, task } from "interproc";

/** Adds so often, and puts itself into a list. */
export const counting = task(import.meta, function counting(map: SharedMap<string, unknown>, times: number) {
  for (let n = 0; n < times; n++) map.add("count");
  map.update("who", (old) => [...((old as number[] | undefined) ?? []), process.pid]);
  return map.getOrInsertComputed("first", () => process.pid);
});

/** Sets values that say of themselves whether they are whole, until it is killed; tells the last one of each thousand. */
export const setting = task(import.meta, function setting(map: SharedMap<number, unknown>, told: Connection<number>) {
  for (let n = 1; ; n++) {
    map.set(n % 50, { n, text: "x".repeat(n % 400), again: n });
    if (n % 200 === 0) map.delete(n % 7);
    if (n % 100 === 0) told.trySend(n);
  }
});
