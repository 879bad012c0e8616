import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { contenders, locksCells, locksFloors, speed } from "./locks-cells.js";
import type { LocksQuestion } from "./locks-question.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { latencyTable, peerTable, type Ratios } from "./peer-tables.js";
import { redisAnswers } from "./peers/redis-lock.js";
import { report } from "./report.js";
import { factor, rate } from "./table.js";

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
    return report({
      rows,
      tables: [...contenders.map((many) => turnsTable(rows, many)), handOverTable(rows)],
      notes,
      floors: locksFloors(rows),
      problems: [installProblem, withRedis ? undefined : "redis: no server answers on 127.0.0.1:6379"],
    });
  },
};

function turnsTable(all: readonly Row[], many: number): string {
  const rows = all.filter(({ question }) => question.measure === "turns" && question.contenders === many);
  const title = many === 1 ? "a free lock, one process" : `${many} processes at once`;
  const header = ["turns/s", "ns", "least share"];
  return peerTable(title, rows, header, "turnsPerSecond", ratios(rows), (median) => [
    median.turnsPerSecond === undefined ? "-" : rate(median.turnsPerSecond),
    median.nanosPerTurn?.toFixed(0) ?? "-",
    median.leastShare?.toFixed(2) ?? "-",
  ]);
}

function handOverTable(all: readonly Row[]): string {
  const rows = all.filter(({ question }) => question.measure === "hand-over");
  return latencyTable("hand-over, there and back, two processes", rows, ratios(rows));
}

/** How many times as fast as each row our Lock is, blocking and awaited. */
function ratios(rows: readonly Row[]): Ratios<LocksQuestion> {
  const own = ["Lock, blocking", "Lock, await"].map((mode) =>
    rows.find(({ peer, question }) => peer === ours && question.mode === mode),
  );
  return {
    header: ["our Lock", "our Lock, await"],
    of: (row) => own.map((one) => factor(one && speed(one) / speed(row))),
  };
}
