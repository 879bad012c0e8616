import type { Bench } from "./bench.js";
import { floorLines, ours } from "./floors.js";
import { contenders, locksCells, locksFloors, speed } from "./locks-cells.js";
import type { LocksQuestion } from "./locks-question.js";
import { type Measured, measureAll, problemLines, selectCells, spreadText } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { redisAnswers } from "./peers/redis-lock.js";
import { factor, microsText, rate, table } from "./table.js";

type Row = Measured<LocksQuestion>;

const notes = [
  "a turn is an acquire and a release with nothing between but, among several, the count that shows that nobody else is",
  "  inside; ns is the time of all divided by the turns of all; least share: what the unluckiest contender got, 1 is fair",
  "there and back: two hand-overs, by three locks in a ring, so that the receiver always waits; Semaphore(0) is two",
  "  counters, one for each direction (ours with owned: false)",
  "proper-lockfile and redis have no queue: who finds the lock taken tries again every millisecond",
  "flock is Python's fcntl.flock, each process with the file opened for itself; files are in the folder for temporary ones",
];

export const bench: Bench = {
  summary: "free and contended locks and semaphores, and their hand-over, beside Python's, flock and proper-lockfile",

  async run(options) {
    const installProblem = installPeerPackages();
    const withRedis = await redisAnswers();
    const cells = selectCells(locksCells(options.quick ? 0.2 : 1, withRedis), options.only);
    const rows = await measureAll(cells, options);
    const floors = locksFloors(rows);
    const problems = [
      ...(installProblem === undefined ? [] : [`- ${installProblem}`]),
      ...(withRedis ? [] : ["- redis: no server answers on 127.0.0.1:6379"]),
      ...problemLines(rows),
    ];
    const sections = [
      ...contenders.map((many) => turnsTable(rows, many)),
      handOverTable(rows),
      `notes\n${notes.map((note) => `  ${note}`).join("\n")}`,
      problems.length > 0 ? `not measured\n${problems.map((line) => `  ${line}`).join("\n")}` : "",
      `floors\n${floorLines(floors)}`,
    ];
    return {
      text: sections.filter((section) => section !== "").join("\n\n"),
      data: { cells: rows.map(asData), floors, problems },
    };
  },
};

function turnsTable(all: readonly Row[], many: number): string {
  const rows = all.filter(({ question }) => question.measure === "turns" && question.contenders === many);
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.peer,
    row.question.mode,
    row.median?.turnsPerSecond === undefined ? "-" : rate(row.median.turnsPerSecond),
    row.median?.nanosPerTurn?.toFixed(0) ?? "-",
    row.median?.leastShare?.toFixed(2) ?? "-",
    spreadText(row, "turnsPerSecond"),
    ...ratios(rows, row),
  ]);
  const header = ["peer", "mode", "turns/s", "ns", "least share", "spread", "our Lock", "our Lock, await"];
  const title = many === 1 ? "a free lock, one process" : `${many} processes at once`;
  return `${title}\n${table(header, lines, 2)}`;
}

function handOverTable(all: readonly Row[]): string {
  const rows = all.filter(({ question }) => question.measure === "hand-over");
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.peer,
    row.question.mode,
    microsText(row.median?.p50Micros),
    microsText(row.median?.p99Micros),
    spreadText(row, "p50Micros"),
    ...ratios(rows, row),
  ]);
  const header = ["peer", "mode", "p50 µs", "p99 µs", "spread", "our Lock", "our Lock, await"];
  return `hand-over, there and back, two processes\n${table(header, lines, 2)}`;
}

/** How many times as fast as `row` our Lock is, blocking and awaited. */
function ratios(rows: readonly Row[], row: Row): string[] {
  return ["Lock, blocking", "Lock, await"].map((mode) => {
    const own = rows.find(({ peer, question }) => peer === ours && question.mode === mode);
    return factor(own && speed(own) / speed(row));
  });
}

function asData({ peer, question, median, spread, runs, problem }: Row): Record<string, unknown> {
  return { peer, ...question, median: median ?? null, spread, runs, problem };
}
