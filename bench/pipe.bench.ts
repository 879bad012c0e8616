import type { PipeQuestion } from "./answer.js";
import type { Bench } from "./bench.js";
import { floorLines, ours } from "./floors.js";
import { type Measured, measureAll, problemLines, selectCells, spreadText } from "./measure.js";
import { type PayloadName, payloads } from "./payload.js";
import { installPeerPackages } from "./peer-packages.js";
import { pipeCells } from "./pipe-cells.js";
import { pipeFloors, speed } from "./pipe-floors.js";
import { factor, microsText, rate, table } from "./table.js";

type Row = Measured<PipeQuestion>;

const notes = [
  "ours: await = await send, await recv of each message (sendBytes, recvBytes of bytes); for await = the receiver loops;",
  "  blocking = sendSync, recvSync; try = trySend, tryRecv, awaiting only when they say no; batch = sendMany, recvMany",
  "child_process json carries bytes as base64 text; worker postMessage joins threads, not processes",
  "unix socket and zeromq carry objects as JSON; cork = one writev of up to 256 frames; packed = frames copied into 64 KiB blocks",
  "memcpy is no peer but a copy within one process; the columns at the right say how many times as fast ours is",
];

export const bench: Bench = {
  summary:
    "throughput and round trips of a pipe, beside child_process, workers, a unix socket, zeromq and Python's Pipe",

  async run(options) {
    const installProblem = installPeerPackages();
    const cells = selectCells(pipeCells(options.quick ? 0.2 : 1), options.only);
    const rows = await measureAll(cells, options);
    const floors = pipeFloors(rows);
    const problems = [...(installProblem === undefined ? [] : [`- ${installProblem}`]), ...problemLines(rows)];
    const sections = [
      ...(Object.keys(payloads) as PayloadName[]).map((payload) => oneWayTable(rows, payload)),
      ...(Object.keys(payloads) as PayloadName[]).map((payload) => roundTripTable(rows, payload)),
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

function oneWayTable(all: readonly Row[], payload: PayloadName): string {
  const rows = all.filter(({ question }) => question.measure === "one-way" && question.payload === payload);
  if (rows.length === 0) return "";
  const { label, bytes } = payloads[payload];
  const lines = rows.map((row) => {
    const perSecond = row.median?.messagesPerSecond;
    return [
      row.peer,
      row.question.mode,
      perSecond === undefined ? "-" : rate(perSecond),
      perSecond === undefined || bytes === undefined ? "-" : ((perSecond * bytes) / 1e6).toFixed(0),
      spreadText(row, "messagesPerSecond"),
      ...ratios(rows, row, ["await", "best"]),
    ];
  });
  const header = ["peer", "mode", "messages/s", "MB/s", "spread", "our await", "our best"];
  return `one way, ${label}\n${table(header, lines, 2)}`;
}

function roundTripTable(all: readonly Row[], payload: PayloadName): string {
  const rows = all.filter(({ question }) => question.measure === "round-trip" && question.payload === payload);
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.peer,
    row.question.mode,
    microsText(row.median?.p50Micros),
    microsText(row.median?.p99Micros),
    spreadText(row, "p50Micros"),
    ...ratios(rows, row, ["await", "blocking"]),
  ]);
  const header = ["peer", "mode", "p50 µs", "p99 µs", "spread", "our await", "our blocking"];
  return `round trip, ${payloads[payload].label.replace(", each into a fresh buffer", "")}\n${table(header, lines, 2)}`;
}

/** How many times as fast as `row` our modes are; "best" is the fastest of them. */
function ratios(rows: readonly Row[], row: Row, modes: readonly string[]): string[] {
  const own = rows.filter((other) => other.peer === ours && other.median !== undefined);
  return modes.map((mode) => {
    const candidates = mode === "best" ? own : own.filter(({ question }) => question.mode === mode);
    return factor(candidates.length === 0 ? undefined : Math.max(...candidates.map(speed)) / speed(row));
  });
}

function asData({ peer, question, median, spread, runs, problem }: Row): Record<string, unknown> {
  const { bytes } = payloads[question.payload];
  const perSecond = median?.messagesPerSecond;
  const megabytesPerSecond = bytes !== undefined && perSecond !== undefined ? (perSecond * bytes) / 1e6 : undefined;
  return { peer, ...question, median: median ?? null, megabytesPerSecond, spread, runs, problem };
}
