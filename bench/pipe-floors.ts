import type { PipeQuestion } from "./answer.js";
import type { Measured } from "./measure.js";
import type { PayloadName } from "./payload.js";
import { largeRing, ours } from "./pipe-cells.js";
import { factor } from "./table.js";

/** A floor that the project set itself, and how far this run is from it. */
export interface Floor {
  floor: string;
  /** How many times as fast ours must be as the peer. */
  wanted: number;
  measured: number | undefined;
  met: boolean | undefined;
  /** Which two cells were compared. */
  compared: string;
  /** The same ratio for our other modes, or against the peer's other modes. */
  others: Record<string, number>;
}

interface Demand {
  floor: string;
  wanted: number;
  measure: PipeQuestion["measure"];
  payload: PayloadName;
  /** The modes of ours that count; the best of them is compared. */
  modes: readonly string[];
  peer: string;
  /** The modes of the peer that count; the best of them is compared. All when undefined. */
  peerModes?: readonly string[];
}

const objectFloor = { measure: "one-way", payload: "object", modes: ["await"] } as const;
const recordFloor = { measure: "one-way", payload: "bytes-64", modes: ["try", "batch"], peer: "unix socket" } as const;
const largeModes = ["await", "blocking", `await${largeRing}`, `blocking${largeRing}`];
const memcpyFloor = { measure: "one-way", payload: "into-1m", modes: largeModes, peer: "memcpy" } as const;

const demands: readonly Demand[] = [
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
  ...(["bytes-64", "object"] as const).flatMap((payload): Demand[] => {
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

/** States every floor with the ratio of this run: larger is better, and `wanted` or more is met. */
export function pipeFloors(measured: readonly Measured<PipeQuestion>[]): Floor[] {
  return demands.map((demand) => {
    const cells = measured.filter(
      ({ question, median }) =>
        median !== undefined && question.measure === demand.measure && question.payload === demand.payload,
    );
    const own = cells.filter((cell) => cell.peer === ours);
    const theirs = cells.filter((cell) => cell.peer === demand.peer);
    const best = fastest(own.filter(({ question }) => demand.modes.includes(question.mode)));
    const peer = fastest(theirs.filter(({ question }) => demand.peerModes?.includes(question.mode) ?? true));
    const ratio = best && peer ? speed(best) / speed(peer) : undefined;
    const others: Record<string, number> = {};
    for (const cell of own) {
      if (peer && cell !== best) others[`${ours} ${cell.question.mode}`] = speed(cell) / speed(peer);
    }
    for (const cell of theirs) {
      if (best && cell !== peer) others[`against ${cell.question.mode}`] = speed(best) / speed(cell);
    }
    return {
      floor: demand.floor,
      wanted: demand.wanted,
      measured: ratio,
      met: ratio === undefined ? undefined : ratio >= demand.wanted,
      compared: `${ours} ${best?.question.mode ?? demand.modes.join(" or ")} / ${demand.peer} ${peer?.question.mode ?? "-"}`,
      others,
    };
  });
}

/** The floors as lines of text. */
export function floorLines(floors: readonly Floor[]): string {
  return floors
    .map(({ floor, wanted, measured, met, compared, others }) => {
      const verdict = met === undefined ? "not measured" : met ? "met" : "NOT MET";
      const rest = Object.entries(others).map(([name, ratio]) => `${name} ${factor(ratio)}`);
      const detail = `${compared}${rest.length > 0 ? `; ${rest.join(", ")}` : ""}`;
      return `  ${verdict.padEnd(12)}  ${factor(measured).padStart(6)} of ${factor(wanted)}  ${floor}\n      ${detail}`;
    })
    .join("\n");
}

/** Messages a second, or round trips a second at the median latency: larger is better in both. */
export function speed({ median }: Measured<PipeQuestion>): number {
  if (median === undefined) return Number.NaN;
  return median.messagesPerSecond ?? 1e6 / (median.p50Micros ?? Number.NaN);
}

function fastest(cells: readonly Measured<PipeQuestion>[]): Measured<PipeQuestion> | undefined {
  return [...cells].sort((a, b) => speed(b) - speed(a))[0];
}
