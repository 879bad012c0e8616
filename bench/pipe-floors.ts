import type { PipeQuestion } from "./answer.js";
import { checkFloors, type Demand, type Floor } from "./floors.js";
import type { Measured } from "./measure.js";
import type { PayloadName } from "./payload.js";
import { largeRing } from "./pipe-cells.js";

interface PipeDemand extends Omit<Demand<PipeQuestion>, "concerns"> {
  measure: PipeQuestion["measure"];
  payload: PayloadName;
}

const objectFloor = { measure: "one-way", payload: "object", modes: ["await"] } as const;
const recordFloor = { measure: "one-way", payload: "bytes-64", modes: ["try", "batch"], peer: "unix socket" } as const;
const largeModes = ["await", "blocking", `await${largeRing}`, `blocking${largeRing}`];
const memcpyFloor = { measure: "one-way", payload: "into-1m", modes: largeModes, peer: "memcpy" } as const;

const demands: readonly PipeDemand[] = [
  { floor: "small objects: 8 x the better child_process mode", wanted: 8, peer: "child_process", ...objectFloor },
  { floor: "small objects: 5 x Python's Pipe", wanted: 5, peer: "Python Pipe", ...objectFloor },
  {
    floor: "64 B records, tryRecv or batches: 5 x a raw unix socket (corked)",
    wanted: 5,
    peerModes: ["cork"],
    ...recordFloor,
  },
  {
    floor: "1 MiB into fresh buffers: 4 x Python's Pipe",
    wanted: 4,
    measure: "one-way",
    payload: "bytes-1m",
    modes: largeModes,
    peer: "Python Pipe",
  },
  { floor: "1 MiB recvBytesInto: 80 % of memcpy from memory", wanted: 0.8, peerModes: ["from memory"], ...memcpyFloor },
  { floor: "1 MiB recvBytesInto: 80 % of memcpy from cache", wanted: 0.8, peerModes: ["from cache"], ...memcpyFloor },
  ...(["bytes-64", "object"] as const).flatMap((payload): PipeDemand[] => {
    const label = payload === "object" ? "small object" : "64 B";
    const trip = { measure: "round-trip", payload } as const;
    return [
      {
        floor: `awaiting round trip, ${label}: half of child_process's`,
        wanted: 2,
        modes: ["await"],
        peer: "child_process",
        ...trip,
      },
      {
        floor: `blocking round trip, ${label}: a tenth of Python's`,
        wanted: 10,
        modes: ["blocking"],
        peer: "Python Pipe",
        ...trip,
      },
    ];
  }),
];

/** States every floor with the ratio of this run. */
export function pipeFloors(measured: readonly Measured<PipeQuestion>[]): Floor[] {
  const withCells = demands.map(({ measure, payload, ...demand }): Demand<PipeQuestion> => {
    return { ...demand, concerns: (question) => question.measure === measure && question.payload === payload };
  });
  return checkFloors(withCells, measured, speed);
}

/** Messages a second, or round trips a second at the median latency: larger is better in both. */
export function speed({ median }: Pick<Measured, "median">): number {
  if (median === undefined) return Number.NaN;
  return median.messagesPerSecond ?? 1e6 / (median.p50Micros ?? Number.NaN);
}
