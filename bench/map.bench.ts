import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { mapCells, mapFloors, mapMeasures, mapSpeed, mapValues } from "./map-cells.js";
import { entryCount, type MapQuestion, processCounts, requestsUnderWay } from "./map-question.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { peerTable, type Ratios } from "./peer-tables.js";
import { redisProblem } from "./peers/redis-map.js";
import { report } from "./report.js";
import { factor, rate } from "./table.js";

type Row = Measured<MapQuestion>;

const notes = [
  `${entryCount.toLocaleString("en")} entries, all of them there: every read finds its key, and is checked; operations of all processes together`,
  "Redis: a server of its own on 127.0.0.1 that keeps nothing on disk, @redis/client, a connection for each process, values as JSON;",
  `  await: one request after the other; ${requestsUnderWay} under way: so many sent before the first is awaited`,
  "lmdb: lmdb-js on a file in memory; get reads the state at the beginning of the event loop's turn, not the newest; put's promise",
  "  resolves once it is committed",
  "Python Manager: the dict of multiprocessing.Manager(), a round trip to its process for each access",
];

export const bench: Bench = {
  summary: "reads and writes of a SharedMap by one and several processes, beside Redis, lmdb and Python's Manager",

  async run(options) {
    const installProblem = installPeerPackages();
    const missing = redisProblem();
    const cells = selectCells(mapCells(options.quick ? 0.2 : 1, missing === undefined), options.only);
    const rows = await measureAll(cells, options);
    const tables = mapMeasures.flatMap((measure) =>
      (Object.keys(mapValues) as MapQuestion["value"][]).flatMap((value) =>
        processCounts.map((processes) => mapTable(rows, measure, value, processes)),
      ),
    );
    return report({ rows, tables, notes, floors: mapFloors(rows), problems: [installProblem, missing] });
  },
};

function mapTable(
  all: readonly Row[],
  measure: MapQuestion["measure"],
  value: MapQuestion["value"],
  processes: number,
): string {
  const rows = all.filter(
    ({ question }) => question.measure === measure && question.value === value && question.processes === processes,
  );
  const title = `${measure} of ${mapValues[value]}, ${processes} process${processes === 1 ? "" : "es"}`;
  return peerTable(title, rows, ["per second"], "operationsPerSecond", ratios(rows), ({ operationsPerSecond }) => [
    operationsPerSecond === undefined ? "-" : rate(operationsPerSecond),
  ]);
}

/** How many times as fast as each row ours is. */
function ratios(rows: readonly Row[]): Ratios<MapQuestion> {
  const own = rows.find(({ peer }) => peer === ours);
  return { header: ["ours"], of: (row) => [factor(own && mapSpeed(own) / mapSpeed(row))] };
}
