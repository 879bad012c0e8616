import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { type Ratios, throughputTable } from "./peer-tables.js";
import { queueCells } from "./queue-cells.js";
import { messagesPerSecond, queueFloors } from "./queue-floors.js";
import { type QueuePayload, type QueueQuestion, queuePayloads, type Shape, shapes } from "./queue-letters.js";
import { report } from "./report.js";
import { factor } from "./table.js";

type Row = Measured<QueueQuestion>;

const notes = [
  "ours: await = await put, await get of each message; blocking = putSync, getSync; batch = putMany, getMany, 256 at most;",
  "  the queue has the 256 KiB that it has by default, room for four messages of 64 KiB; with 4 MiB, for 64",
  "child_process: the parent is the queue; producers send to it, it sends on to the consumers in turn; bytes as base64 text",
  "Python's Queue puts from a thread of its own; without maxsize it takes all that is put and keeps it in the producer",
  "n-m is n producers and m consumers, each a process; the columns at the right say how many times as fast ours is",
];

export const bench: Bench = {
  summary:
    "messages a second through a Queue, one and several producers and consumers, beside Python's and child_process",

  async run(options) {
    const cells = selectCells(queueCells(options.quick ? 0.2 : 1), options.only);
    const rows = await measureAll(cells, options);
    const tables = (Object.keys(queuePayloads) as QueuePayload[]).flatMap((payload) =>
      (Object.keys(shapes) as Shape[]).map((shape) => shapeTable(rows, payload, shape)),
    );
    return report({ rows, tables, notes, floors: queueFloors(rows), bytesOf });
  },
};

function shapeTable(all: readonly Row[], payload: QueuePayload, shape: Shape): string {
  const rows = all.filter(({ question }) => question.payload === payload && question.shape === shape);
  const { label, bytes } = queuePayloads[payload];
  return throughputTable(`${label}, ${shape}`, rows, bytes, ratios(rows));
}

/** How many times as fast as each row our plainest mode is, and the fastest of ours. */
function ratios(rows: readonly Row[]): Ratios<QueueQuestion> {
  const own = rows.filter(({ peer, median }) => peer === ours && median !== undefined);
  const best = [own.filter(({ question }) => question.mode === "await"), own].map((candidates) =>
    Math.max(...candidates.map(messagesPerSecond)),
  );
  return {
    header: ["our await", "our best"],
    of: (row) => best.map((one) => factor(one / messagesPerSecond(row))),
  };
}

const bytesOf = ({ payload }: QueueQuestion): number | undefined => queuePayloads[payload].bytes;
