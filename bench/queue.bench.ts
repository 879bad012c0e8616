import type { Bench } from "./bench.js";
import { floorLines, ours } from "./floors.js";
import { type Measured, measureAll, problemLines, selectCells, spreadText } from "./measure.js";
import { queueCells } from "./queue-cells.js";
import { messagesPerSecond, queueFloors } from "./queue-floors.js";
import { type QueuePayload, type QueueQuestion, queuePayloads, type Shape, shapes } from "./queue-letters.js";
import { factor, rate, table } from "./table.js";

type Row = Measured<QueueQuestion>;

const notes = [
  "ours: await = await put, await get of each message; blocking = putSync, getSync; batch = putMany, getMany, 256 at most;",
  "  the queue has the 256 KiB that it has by default, of which 64 KiB are too large a share: these get memory of their own;",
  "  with 4 MiB they do not",
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
    const floors = queueFloors(rows);
    const problems = problemLines(rows);
    const sections = [
      ...(Object.keys(queuePayloads) as QueuePayload[]).flatMap((payload) =>
        (Object.keys(shapes) as Shape[]).map((shape) => shapeTable(rows, payload, shape)),
      ),
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

function shapeTable(all: readonly Row[], payload: QueuePayload, shape: Shape): string {
  const rows = all.filter(({ question }) => question.payload === payload && question.shape === shape);
  if (rows.length === 0) return "";
  const { label, bytes } = queuePayloads[payload];
  const lines = rows.map((row) => {
    const perSecond = row.median?.messagesPerSecond;
    return [
      row.peer,
      row.question.mode,
      perSecond === undefined ? "-" : rate(perSecond),
      perSecond === undefined || bytes === undefined ? "-" : ((perSecond * bytes) / 1e6).toFixed(0),
      spreadText(row, "messagesPerSecond"),
      ...ratios(rows, row),
    ];
  });
  const header = ["peer", "mode", "messages/s", "MB/s", "spread", "our await", "our best"];
  return `${label}, ${shape}\n${table(header, lines, 2)}`;
}

/** How many times as fast as `row` our plainest mode is, and the fastest of ours. */
function ratios(rows: readonly Row[], row: Row): string[] {
  const own = rows.filter((other) => other.peer === ours && other.median !== undefined);
  return [own.filter(({ question }) => question.mode === "await"), own].map((candidates) => {
    const best = Math.max(...candidates.map(messagesPerSecond));
    return factor(best / messagesPerSecond(row));
  });
}

function asData({ peer, question, median, spread, runs, problem }: Row): Record<string, unknown> {
  const { bytes } = queuePayloads[question.payload];
  const perSecond = median?.messagesPerSecond;
  const megabytesPerSecond = bytes !== undefined && perSecond !== undefined ? (perSecond * bytes) / 1e6 : undefined;
  return { peer, ...question, median: median ?? null, megabytesPerSecond, spread, runs, problem };
}
