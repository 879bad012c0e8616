import type { Bench } from "./bench.js";
import { allBackends, brokerCells, type PeerQuestion } from "./broker-cells.js";
import { brokerFloors } from "./broker-floors.js";
import {
  type Backend,
  type BrokerMeasure,
  type BrokerPayload,
  backends,
  brokerMeasures,
  brokerPayloads,
  underWay,
} from "./broker-question.js";
import { pikaProblem, startBenchServers } from "./broker-servers.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { type Ratios, throughputTable } from "./peer-tables.js";
import { speed } from "./pipe-floors.js";
import { report } from "./report.js";
import { sqliteProblem } from "./sqlite-node.js";
import { factor } from "./table.js";

type Row = Measured<PeerQuestion>;

const notes = [
  "the server shares the processors; ours and its bare driver use the same queue of it, made with ours, and",
  "  the same message: bytes that are kept, with their content type and an id",
  `puts: each confirmed by the server (a file: synced); ${underWay} under way: the next one begins when any of them is confirmed`,
  "consumed: the queue is filled first, which does not count; until the last message is acknowledged;",
  `  await each: the acknowledgement of one before the next one is looked at; under way: it is not waited for; ${underWay} taken ahead`,
  "pika: one put after the other (BlockingConnection), the way of its tutorials, or its callbacks (SelectConnection)",
  "BullMQ: jobs with the bytes as base64, dropped when they are done; its Worker with concurrency 1, or as many as are under way",
  "SQLite: WAL; puts with synchronous FULL, consumers with NORMAL, which keeps of an acknowledgement what file: keeps; a row is",
  "  marked in one transaction and deleted in another; lmdb: the same in two transactions; put's promise resolves when it is synced",
  "the columns at the right say how many times as fast ours is, in the same mode and in its fastest",
];

export const bench: Bench = {
  summary:
    "queues at RabbitMQ, ActiveMQ, NATS, Redis and in files, beside their bare drivers, pika, BullMQ, SQLite and lmdb",

  async run(options) {
    const installProblem = installPeerPackages();
    const selected = selectCells(brokerCells(options.quick ? 0.2 : 1, allBackends), options.only);
    const wanted = allBackends.filter((backend) => selected.some(({ question }) => question.backend === backend));
    await using servers = await startBenchServers(wanted);
    const missing = { pika: pikaProblem(), SQLite: sqliteProblem() } as Record<string, string | undefined>;
    const cells = selected.filter(
      ({ peer, question }) => servers.there.includes(question.backend) && missing[peer] === undefined,
    );
    const rows = await measureAll(cells, options);
    const tables = allBackends.flatMap((backend) =>
      (Object.keys(brokerMeasures) as BrokerMeasure[]).flatMap((measure) =>
        (Object.keys(brokerPayloads) as BrokerPayload[]).flatMap((payload) =>
          ([0, 1, 4] as const).map((consumers) => brokerTable(rows, backend, measure, payload, consumers)),
        ),
      ),
    );
    const problems = [installProblem, ...servers.problems, ...Object.values(missing)];
    return report({ rows, tables, notes, floors: brokerFloors(rows), problems, bytesOf });
  },
};

function brokerTable(
  all: readonly Row[],
  backend: Backend,
  measure: BrokerMeasure,
  payload: BrokerPayload,
  consumers: number,
): string {
  const rows = all.filter(
    ({ question }) =>
      question.backend === backend &&
      question.measure === measure &&
      question.payload === payload &&
      question.consumers === consumers,
  );
  const { label, bytes } = brokerPayloads[payload];
  const by = consumers === 0 ? "" : `, ${consumers} consumer${consumers === 1 ? "" : "s"}`;
  return throughputTable(
    `${backends[backend].label}, ${brokerMeasures[measure]}, ${label}${by}`,
    rows,
    bytes,
    ratios(rows),
  );
}

/** How many times as fast as each row ours is in the same mode, and in its fastest. */
function ratios(rows: readonly Row[]): Ratios<PeerQuestion> {
  const own = rows.filter(({ peer, median }) => peer === ours && median !== undefined);
  return {
    header: ["our same", "our best"],
    of: (row) => {
      const same = own.find(({ question }) => question.mode === row.question.mode);
      return [factor(same && speed(same) / speed(row)), factor(Math.max(...own.map(speed)) / speed(row))];
    },
  };
}

const bytesOf = ({ payload }: PeerQuestion): number => brokerPayloads[payload].bytes;
