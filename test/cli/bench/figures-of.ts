import type { Cell } from "#src/cli/bench/results.js";

/** A cell as if it had been measured: its p99 is ten times its p50. */
export function figuresOf(mechanism: string, bytes: number, micros: number, perSecond: number): Cell {
  return {
    mechanism,
    bytes,
    roundTrip: { p50Micros: micros, p99Micros: micros * 10, trips: 100, lost: 0, slices: [micros] },
    oneWay: {
      ...{ messagesPerSecond: perSecond, bytesPerSecond: perSecond * bytes },
      ...{ messages: 100, lost: 0, slices: [perSecond] },
    },
  };
}
