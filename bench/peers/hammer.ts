import type { Figures } from "../rounds.js";

/** What the programs of the values benchmark are asked. */
export interface ValuesQuestion {
  operation: "add" | "compareExchange" | "set" | "get";
  kind: "i32" | "i64" | "f64";
  /** How many processes (threads, for the floor) work on the one value at the same time. */
  workers: 1 | 2;
  seconds: number;
}

/** What one worker did between two readings of the clock. */
export interface Hammered {
  startNanos: number;
  endNanos: number;
  /** Operations within that time. */
  operations: number;
  /** By how much it raised the value altogether, warm-up included. */
  raised: number;
}

const batch = 1000;

/**
 * Warms `work` up, meets the other workers at `meet` and works until the time is over. `work(count)` does that many
 * operations and returns by how much they raised the value.
 */
export function hammer(seconds: number, work: (count: number) => number, meet: () => void): Hammered {
  let raised = 0;
  const until = (deadline: number): number => {
    let operations = 0;
    while (nanosNow() < deadline) {
      raised += work(batch);
      operations += batch;
    }
    return operations;
  };
  until(nanosNow() + Math.max(0.1, seconds / 4) * 1e9);
  meet();
  const startNanos = nanosNow();
  const operations = until(startNanos + seconds * 1e9);
  return { startNanos, endNanos: nanosNow(), operations, raised };
}

/** The monotonic clock, which all processes of a machine share. */
function nanosNow(): number {
  return Number(process.hrtime.bigint());
}

/**
 * The operations of all workers a second, from the first start to the last end.
 *
 * @throws Error if the value at the end is not what the workers raised it by, in an operation that raises it
 */
export function hammeredFigures(question: ValuesQuestion, done: readonly Hammered[], value: number): Figures {
  const raised = done.reduce((sum, one) => sum + one.raised, 0);
  const counts = question.operation === "add" || question.operation === "compareExchange";
  if (counts && value !== (question.kind === "i32" ? raised | 0 : raised)) {
    throw new Error(`the value is ${value} after ${question.operation} raised it by ${raised} in all`);
  }
  const start = Math.min(...done.map((one) => one.startNanos));
  const end = Math.max(...done.map((one) => one.endNanos));
  const operations = done.reduce((sum, one) => sum + one.operations, 0);
  return { operationsPerSecond: operations / ((end - start) / 1e9), operations };
}
