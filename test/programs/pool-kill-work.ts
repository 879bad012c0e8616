import { setTimeout as sleep } from "node:timers/promises";
import { type SharedArray, task } from "interproc";

let starts: SharedArray<"u32"> | undefined;

/**
 * What each worker of the kill run is told when it starts: where it counts how often each call was begun, and where it says
 * that it is ready, behind the count of those that are.
 */
export const countStarts = task(
  import.meta,
  function countStarts(counters: SharedArray<"u32">, ready: SharedArray<"u32">) {
    starts = counters;
    ready.set(1 + ready.add(0, 1), process.pid);
    ready.close();
  },
);

/** Counts that it was begun, takes some milliseconds, computing or sleeping, and answers what can be checked. */
export const answerLate = task(import.meta, async function answerLate(id: number) {
  starts?.add(id, 1);
  const ms = (id * 7919) % 5;
  if (id % 2 === 0) await sleep(ms);
  else for (const until = performance.now() + ms; performance.now() < until; );
  return id * 3 + 1;
});
