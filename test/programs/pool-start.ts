// Initializers of pools, and a task that tells what they did.
import { type SharedEvent, type SharedValue, task } from "interproc";

const seen: unknown[] = [];

export const prepare = task(import.meta, async function prepare(count: SharedValue<"i32">, ...rest: unknown[]) {
  count.add(1);
  seen.push(...rest);
});

export const prepared = task(import.meta, function prepared() {
  return seen;
});

export const refuse = task(import.meta, function refuse(count?: SharedValue<"i32">) {
  count?.add(1);
  throw new RangeError("not today");
});

/** Refuses all but the first one. */
export const refuseSecond = task(import.meta, function refuseSecond(count: SharedValue<"i32">) {
  if (count.add(1) > 0) throw new RangeError("one is enough");
});

/** Is ready once it may. */
export const awaitGate = task(import.meta, async function awaitGate(gate: SharedEvent) {
  await gate.wait();
});
