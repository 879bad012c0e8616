// Takes over each value: gives what it found there and leaves the other one of a pair.
import { type ElementKind, type SharedValue, task } from "interproc";

export const exchangeLimits = task(
  import.meta,
  function exchangeLimits(values: SharedValue[], leave: (number | bigint | boolean)[]): unknown[] {
    return values.map((value, index) => [value.kind as ElementKind, value.exchange(leave[index])]);
  },
);
