import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { peerTable, type Ratios } from "./peer-tables.js";
import { poolCells, poolFloors, speed } from "./pool-cells.js";
import { inFlight, type PoolQuestion, type WorkName, workerCounts, works } from "./pool-question.js";
import { megabytesPerSecond, report } from "./report.js";
import { factor, rate } from "./table.js";

type Row = Measured<PoolQuestion>;

const notes = [
  "chunk 1: a message for each call; own chunks: ours by how long calls take, Python's four for each worker",
  `run, exec: ${inFlight("tiny")} calls under way at once (${inFlight("bytes-1m")} of 1 MiB), each awaited; piscina, tinypool and workerpool have no map`,
  "process or thread: what the workers are; Python's are processes, forked, which start with all that their parent has",
  "MB/s counts what goes in; every result is checked; what more workers than processors gain is sleep",
  "start: from making the pool to its first result, the median of five in one process; memory: of each worker once all have",
  "  worked, shared pages shared out (PSS); of threads, what the process grew by",
];

export const bench: Bench = {
  summary: "tasks a second by a Pool, start-up and memory, beside piscina, tinypool, workerpool and Python's Pool",

  async run(options) {
    const installProblem = installPeerPackages();
    const cells = selectCells(poolCells(options.quick ? 0.2 : 1), options.only);
    const rows = await measureAll(cells, options);
    const tables = [
      ...(Object.keys(works) as WorkName[]).flatMap((work) =>
        workerCounts.map((workers) => tasksTable(rows, work, workers)),
      ),
      ...workerCounts.map((workers) => startTable(rows, workers)),
    ];
    return report({ rows, tables, notes, floors: poolFloors(rows), problems: [installProblem] });
  },
};

function tasksTable(all: readonly Row[], work: WorkName, workers: number): string {
  const rows = all.filter(
    ({ question }) => question.measure === "tasks" && question.work === work && question.workers === workers,
  );
  const { label, bytes } = works[work];
  const header = bytes === undefined ? ["tasks/s"] : ["tasks/s", "MB/s"];
  return peerTable(`${label}, ${many(workers)}`, rows, header, "tasksPerSecond", ratios(rows), ({ tasksPerSecond }) => [
    tasksPerSecond === undefined ? "-" : rate(tasksPerSecond),
    ...(bytes === undefined ? [] : [megabytesPerSecond(tasksPerSecond, bytes)?.toFixed(0) ?? "-"]),
  ]);
}

function startTable(all: readonly Row[], workers: number): string {
  const rows = all.filter(({ question }) => question.measure === "start" && question.workers === workers);
  const header = ["first result ms", "MiB a worker"];
  return peerTable(`start, ${many(workers)}`, rows, header, "startMillis", ratios(rows), (median) => [
    median.startMillis?.toFixed(1) ?? "-",
    median.workerBytes === undefined || Number.isNaN(median.workerBytes)
      ? "-"
      : (median.workerBytes / 2 ** 20).toFixed(1),
  ]);
}

const many = (workers: number): string => `${workers} worker${workers === 1 ? "" : "s"}`;

/** How many times as fast as each row our best mode with processes is, and with threads. */
function ratios(rows: readonly Row[]): Ratios<PoolQuestion> {
  const best = ["process", "thread"].map((worker) => {
    const own = rows.filter(({ peer, question }) => peer === ours && question.mode.startsWith(worker));
    return Math.max(...own.map(speed).filter((value) => !Number.isNaN(value)));
  });
  return {
    header: ["our processes", "our threads"],
    of: (row) => best.map((one) => factor(one / speed(row))),
  };
}
