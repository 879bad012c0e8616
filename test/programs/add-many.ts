// Adds 1 to an integer, a bigint and a float, and to the elements of an array, many times over.
import { type SharedArray, type SharedValue, task } from "interproc";

export const addMany = task(
  import.meta,
  function addMany(
    i: SharedValue<"i32">,
    b: SharedValue<"i64">,
    f: SharedValue<"f64">,
    a: SharedArray<"u16">,
    n: number,
  ) {
    for (let round = 0; round < n; round++) {
      i.add(1);
      b.add(1n);
      f.add(1);
      a.add(round % a.length, 1);
    }
  },
);
