// Tasks for pools that count how often they are called, and by whom.
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { type SharedArray, type SharedEvent, type SharedValue, task } from "interproc";

let calls: SharedArray<"u32"> | undefined;
let own = 0;

/** Where calls are counted; each worker has a number of its own. */
export const countCalls = task(
  import.meta,
  function countCalls(counters: SharedArray<"u32">, workers?: SharedValue<"u32">) {
    calls = counters;
    own = workers?.add(1) ?? 0;
  },
);

/** Takes so many milliseconds, and counts for its worker. */
export const countedCall = task(import.meta, async function countedCall(ms: number) {
  calls?.add(own, 1);
  await sleep(ms);
  return ms;
});

/** Counts its attempt; of those by fives the first so many end their worker, and of every fourth and fifth all. */
export const dieOften = task(import.meta, async function dieOften(n: number) {
  const attempt = calls?.add(n, 1) ?? 0;
  if (attempt >= n % 5 && n % 5 < 3) return n;
  if (isMainThread) process.kill(process.pid, "SIGKILL");
  process.exit(1);
});

/** Is ready once it may. */
export const awaitGate = task(import.meta, async function awaitGate(gate: SharedEvent) {
  await gate.wait();
});
