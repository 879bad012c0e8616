// Tasks for pools: work that succeeds.
import { threadId } from "node:worker_threads";
import { type SharedEvent, type SharedValue, task } from "interproc";

export const triple = task(import.meta, function triple(n: number) {
  return n * 3;
});

export const add = task(import.meta, async function add(a: number, b: number) {
  return a + b;
});

export const same = task(import.meta, function same<T>(value: T) {
  return value;
});

/** Which worker runs it: a process, or a thread in one. */
export const whoRuns = task(import.meta, function whoRuns() {
  return `${process.pid}/${threadId}`;
});

/** Counts that it has begun, and ends once it may. */
export const waiting = task(
  import.meta,
  async function waiting(begun: SharedValue<"i32">, gate: SharedEvent, value?: unknown) {
    begun.add(1);
    begun.close();
    await gate.wait();
    gate.close();
    return value;
  },
);

/** Sleeps so long, blocking its thread. */
export const napping = task(import.meta, function napping(ms: number) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return ms;
});
