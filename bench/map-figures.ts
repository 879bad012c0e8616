import type { Figures } from "./rounds.js";

/** What one process did between two readings of the clock that all processes of a machine share. */
export interface MapWork {
  startNanos: number;
  endNanos: number;
  operations: number;
}

/** The operations of all processes a second, from the first start to the last end. */
export function mapFigures(done: readonly MapWork[]): Figures {
  const operations = done.reduce((sum, one) => sum + one.operations, 0);
  const nanos = Math.max(...done.map((one) => one.endNanos)) - Math.min(...done.map((one) => one.startNanos));
  return { operationsPerSecond: operations / (nanos / 1e9), operations };
}
