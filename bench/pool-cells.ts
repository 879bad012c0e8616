import { checkFloors, type Demand, type Floor, ours } from "./floors.js";
import type { Cell, Measured } from "./measure.js";
import { type PoolQuestion, type WorkName, workerCounts, works } from "./pool-question.js";

interface Peer {
  name: string;
  program: string;
  modes(work: WorkName): readonly string[];
  starts: readonly string[];
}

const ownModes: Record<WorkName, readonly string[]> = {
  tiny: ["map, chunk 1", "map, 4 chunks a worker", "map, own chunks", "run"],
  busy: ["map, own chunks", "run"],
  sleep: ["map, own chunks", "run"],
  "bytes-1m": ["imap, chunk 1", "run"],
};

const pythonModes: Record<WorkName, readonly string[]> = {
  tiny: ["map, chunk 1", "imap, chunk 1", "map, own chunks"],
  busy: ["map, chunk 1", "map, own chunks"],
  sleep: ["map, chunk 1", "map, own chunks"],
  "bytes-1m": ["imap, chunk 1"],
};

const peers: readonly Peer[] = [
  {
    name: ours,
    program: "interproc-pool",
    modes: (work) => ["process", "thread"].flatMap((worker) => ownModes[work].map((mode) => `${worker}, ${mode}`)),
    starts: ["process, run", "thread, run"],
  },
  { name: "piscina", program: "piscina-pool", modes: () => ["thread, run"], starts: ["thread, run"] },
  { name: "tinypool", program: "tinypool-pool", modes: () => ["process, run"], starts: ["process, run"] },
  { name: "workerpool", program: "workerpool-pool", modes: () => ["process, exec"], starts: ["process, exec"] },
  { name: "Python Pool", program: "python_pool.py", modes: (work) => pythonModes[work], starts: ["apply"] },
];

/** All cells of the pool benchmark, in the order of its tables. */
export function poolCells(seconds: number): Cell<PoolQuestion>[] {
  const tasks = (Object.keys(works) as WorkName[]).flatMap((work) =>
    workerCounts.flatMap((workers) =>
      peers.flatMap(({ name, program, modes }) =>
        modes(work).map((mode): Cell<PoolQuestion> => {
          return { peer: name, program, question: { measure: "tasks", work, mode, workers, seconds } };
        }),
      ),
    ),
  );
  const starts = workerCounts.flatMap((workers) =>
    peers.flatMap(({ name, program, starts }) =>
      starts.map((mode): Cell<PoolQuestion> => {
        return { peer: name, program, question: { measure: "start", work: "tiny", mode, workers, seconds } };
      }),
    ),
  );
  return [...tasks, ...starts];
}

const singly = ["process, map, chunk 1", "thread, map, chunk 1"];
const chunked = ["process, map, own chunks", "thread, map, own chunks", "process, map, 4 chunks a worker"];

const demands: readonly Demand<PoolQuestion>[] = workerCounts.flatMap((workers): Demand<PoolQuestion>[] => {
  const concerns = ({ measure, work, workers: many }: PoolQuestion): boolean =>
    measure === "tasks" && work === "tiny" && many === workers;
  const label = `tiny tasks, ${workers} worker${workers === 1 ? "" : "s"}`;
  const pythonSingly = ["map, chunk 1", "imap, chunk 1"];
  return [
    { floor: `${label}, chunk 1: 3 x piscina`, wanted: 3, concerns, modes: singly, peer: "piscina" },
    {
      floor: `${label}, chunk 1: 3 x Python's Pool`,
      wanted: 3,
      concerns,
      modes: singly,
      peer: "Python Pool",
      peerModes: pythonSingly,
    },
    {
      floor: `${label}, in chunks: half of Python's Pool`,
      wanted: 0.5,
      concerns,
      modes: chunked,
      peer: "Python Pool",
      peerModes: ["map, own chunks"],
    },
  ];
});

/** States every floor with the ratio of this run. */
export function poolFloors(measured: readonly Measured<PoolQuestion>[]): Floor[] {
  return checkFloors(demands, measured, speed);
}

/** Tasks a second, or starts a second: larger is better in both. */
export function speed({ median }: Measured<PoolQuestion>): number {
  return median?.tasksPerSecond ?? 1000 / (median?.startMillis ?? Number.NaN);
}
