import { checkFloors, type Demand, type Floor, ours } from "./floors.js";
import type { LocksQuestion } from "./locks-question.js";
import type { Cell, Measured } from "./measure.js";

interface Peer {
  name: string;
  program: string;
  /** Modes in which processes take turns, and in which two hand a lock to and fro. */
  turns: readonly string[];
  handOver: readonly string[];
}

const forms = ["blocking", "await"] as const;
const own = (...kinds: string[]): string[] => kinds.flatMap((kind) => forms.map((form) => `${kind}, ${form}`));

const peers: readonly Peer[] = [
  {
    name: ours,
    program: "node-locks",
    turns: own("Lock", "Semaphore(1)", "Semaphore(2)"),
    handOver: own("Lock", "Semaphore(1)", "Semaphore(0)"),
  },
  {
    name: "Python",
    program: "python_locks.py",
    turns: ["Lock", "Semaphore(1)", "Semaphore(2)"],
    handOver: ["Lock", "Semaphore(1)", "Semaphore(0)"],
  },
  { name: "flock (Python)", program: "python_locks.py", turns: ["flock"], handOver: ["flock"] },
  { name: "proper-lockfile", program: "node-locks", turns: ["mkdir"], handOver: ["mkdir"] },
];

const redis: Peer = { name: "redis", program: "node-locks", turns: ["SET NX"], handOver: ["SET NX"] };

export const contenders = [1, 2, 4] as const;

/** All cells of the locks benchmark, in the order of its tables. */
export function locksCells(seconds: number, withRedis: boolean): Cell<LocksQuestion>[] {
  const all = withRedis ? [...peers, redis] : peers;
  return [
    ...contenders.flatMap((contenders) =>
      all.flatMap(({ name, program, turns }) =>
        turns.map((mode): Cell<LocksQuestion> => {
          return { peer: name, program, question: { measure: "turns", mode, contenders, seconds } };
        }),
      ),
    ),
    ...all.flatMap(({ name, program, handOver }) =>
      handOver.map((mode): Cell<LocksQuestion> => {
        return { peer: name, program, question: { measure: "hand-over", mode, contenders: 2, seconds } };
      }),
    ),
  ];
}

const freeNanos = 100;

const demands: readonly Demand<LocksQuestion>[] = [
  ["Lock", "Semaphore(1)"],
  ["Semaphore(1)", "Semaphore(1)"],
  ["Semaphore(0)", "Semaphore(0)"],
].map(([kind, theirs]): Demand<LocksQuestion> => {
  return {
    floor: `hand-over by ${kind}: no slower than Python's ${theirs}`,
    wanted: 1,
    concerns: ({ measure }) => measure === "hand-over",
    modes: [`${kind}, blocking`],
    peer: "Python",
    peerModes: [theirs ?? ""],
  };
});

/** States every floor with the ratio of this run. */
export function locksFloors(measured: readonly Measured<LocksQuestion>[]): Floor[] {
  return [freeLockFloor(measured), ...checkFloors(demands, measured, speed)];
}

function freeLockFloor(measured: readonly Measured<LocksQuestion>[]): Floor {
  const alone = measured.filter(
    ({ peer, question, median }) =>
      peer === ours && question.measure === "turns" && question.contenders === 1 && median !== undefined,
  );
  const ratio = (cell: Measured<LocksQuestion>): number => freeNanos / (cell.median?.nanosPerTurn ?? Number.NaN);
  const lock = alone.find(({ question }) => question.mode === "Lock, blocking");
  const times = lock && ratio(lock);
  return {
    floor: `a free lock: acquireSync and release within ${freeNanos} ns`,
    wanted: 1,
    measured: times,
    met: times === undefined ? undefined : times >= 1,
    compared: `${ours} Lock, blocking ${lock?.median?.nanosPerTurn?.toFixed(0) ?? "-"} ns / ${freeNanos} ns`,
    others: Object.fromEntries(
      alone.filter((cell) => cell !== lock).map((cell) => [`${ours} ${cell.question.mode}`, ratio(cell)]),
    ),
  };
}

/** Turns a second, or hand-overs there and back a second at the median latency: larger is better in both. */
export function speed({ median }: Measured<LocksQuestion>): number {
  return median?.turnsPerSecond ?? 1e6 / (median?.p50Micros ?? Number.NaN);
}
