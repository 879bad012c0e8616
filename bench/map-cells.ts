import { checkFloors, type Demand, type Floor, ours } from "./floors.js";
import { type MapQuestion, processCounts, requestsUnderWay } from "./map-question.js";
import type { Cell, Measured } from "./measure.js";

interface Peer {
  name: string;
  program: string;
  reads: readonly string[];
  writes: readonly string[];
}

const own = "get, set: sync";
const redis = { await: "GET, SET: await", many: `GET, SET: ${requestsUnderWay} under way` } as const;

const peers: readonly Peer[] = [
  { name: ours, program: "node-maps", reads: [own], writes: [own] },
  { name: "Redis", program: "node-maps", reads: Object.values(redis), writes: Object.values(redis) },
  {
    name: "lmdb",
    program: "node-maps",
    reads: ["get: sync"],
    writes: ["put: await", `put: ${requestsUnderWay} under way`],
  },
  { name: "Python Manager", program: "python_map.py", reads: ["dict"], writes: ["dict"] },
];

export const mapMeasures = ["reads", "writes"] as const;
export const mapValues = { number: "a number", object: "a small object { id, name, ok }" } as const;

/** All cells of the map benchmark, in the order of its tables. */
export function mapCells(seconds: number, withRedis: boolean): Cell<MapQuestion>[] {
  const all = withRedis ? peers : peers.filter(({ name }) => name !== "Redis");
  return mapMeasures.flatMap((measure) =>
    (Object.keys(mapValues) as MapQuestion["value"][]).flatMap((value) =>
      processCounts.flatMap((processes) =>
        all.flatMap((peer) =>
          peer[measure].map((mode): Cell<MapQuestion> => {
            const question = { measure, value, mode, processes, seconds };
            return { peer: peer.name, program: peer.program, question };
          }),
        ),
      ),
    ),
  );
}

/** States every floor with the ratio of this run. */
export function mapFloors(measured: readonly Measured<MapQuestion>[]): Floor[] {
  const demands = (Object.keys(mapValues) as MapQuestion["value"][]).flatMap((value) =>
    processCounts.flatMap((processes) =>
      Object.values(redis).map((mode): Demand<MapQuestion> => {
        const where = `${processes} process${processes === 1 ? "" : "es"}`;
        return {
          floor: `reads of ${mapValues[value]}, ${where}: 20 x Redis on loopback, ${mode.slice("GET, SET: ".length)}`,
          wanted: 20,
          concerns: (question) =>
            question.measure === "reads" && question.value === value && question.processes === processes,
          modes: [own],
          peer: "Redis",
          peerModes: [mode],
        };
      }),
    ),
  );
  return checkFloors(demands, measured, mapSpeed).map((floor) => ({ ...floor, others: {} }));
}

export function mapSpeed({ median }: Measured<MapQuestion>): number {
  return median?.operationsPerSecond ?? Number.NaN;
}
