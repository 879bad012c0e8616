import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { payloads } from "./payload.js";
import { installPeerPackages } from "./peer-packages.js";
import { latencyTable, type Ratios, throughputTable } from "./peer-tables.js";
import { speed } from "./pipe-floors.js";
import { report } from "./report.js";
import { socketCells } from "./socket-cells.js";
import { socketFloors } from "./socket-floors.js";
import { type SocketQuestion, socketPayloads } from "./socket-question.js";
import { factor } from "./table.js";

type Row = Measured<SocketQuestion>;

const notes = [
  "ours: await = await send, await recv of each message (sendBytes, recvBytes of bytes); for await = the receiver loops;",
  "  batch = sendMany and recvMany, 256 at a time, bytes as values; over shm the same calls, in shared memory",
  "node:net: frames of 4 bytes of length; write = each by itself, each = and awaited, batch = 256 copied into one block, awaited;",
  "  copies = the receiver gives each message memory of its own, as ours does; without it a small one is a view of what was read",
  "node:net, zeromq and ws carry objects as JSON; Python Client is multiprocessing.connection's, with Listener",
  "the columns at the right say how many times as fast ours is over the same transport",
];

export const bench: Bench = {
  summary: "connections over unix, TCP, TLS, WebSockets and shm, beside node:net, zeromq, ws and Python's Client",

  async run(options) {
    const installProblem = installPeerPackages();
    const rows = await measureAll(selectCells(socketCells(options.quick ? 0.2 : 1), options.only), options);
    const tables = (["one-way", "round-trip"] as const).flatMap((measure) =>
      socketPayloads.map((payload) => socketTable(rows, measure, payload)),
    );
    return report({ rows, tables, notes, floors: socketFloors(rows), problems: [installProblem], bytesOf });
  },
};

function socketTable(
  all: readonly Row[],
  measure: SocketQuestion["measure"],
  payload: (typeof socketPayloads)[number],
): string {
  const rows = all.filter(({ question }) => question.measure === measure && question.payload === payload);
  const named = rows.map((row) => ({ ...row, peer: `${row.peer}, ${row.question.transport}` }));
  const label = payloads[payload].label.replace(", each into a fresh buffer", "");
  if (measure === "round-trip") return latencyTable(`round trip, ${label}`, named, ratios(rows, ["await"]));
  return throughputTable(`one way, ${label}`, named, payloads[payload].bytes, ratios(rows, ["await", "best"]));
}

/** How many times as fast as each row our modes are over the same transport; "best" is the fastest of them. */
function ratios(rows: readonly Row[], modes: readonly string[]): Ratios<SocketQuestion> {
  const own = rows.filter(({ peer, median }) => peer === ours && median !== undefined);
  const best = (mode: string, { transport }: SocketQuestion): number =>
    Math.max(
      ...own
        .filter(({ question }) => question.transport === transport && (mode === "best" || question.mode === mode))
        .map(speed),
    );
  return {
    header: modes.map((mode) => `our ${mode}`),
    of: (row) => modes.map((mode) => factor(best(mode, row.question) / speed(row))),
  };
}

const bytesOf = ({ payload }: SocketQuestion): number | undefined => payloads[payload].bytes;
