import type { PipeQuestion } from "./answer.js";
import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { type PayloadName, payloads } from "./payload.js";
import { installPeerPackages } from "./peer-packages.js";
import { latencyTable, type Ratios, throughputTable } from "./peer-tables.js";
import { pipeCells, pipePayloads } from "./pipe-cells.js";
import { pipeFloors, speed } from "./pipe-floors.js";
import { report } from "./report.js";
import { factor } from "./table.js";

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
    const tables = [
      ...pipePayloads.map((payload) => oneWayTable(rows, payload)),
      ...pipePayloads.map((payload) => roundTripTable(rows, payload)),
    ];
    return report({ rows, tables, notes, floors: pipeFloors(rows), problems: [installProblem], bytesOf });
  },
};

function oneWayTable(all: readonly Row[], payload: PayloadName): string {
  const rows = all.filter(({ question }) => question.measure === "one-way" && question.payload === payload);
  const { label, bytes } = payloads[payload];
  return throughputTable(`one way, ${label}`, rows, bytes, ratios(rows, ["await", "best"]));
}

function roundTripTable(all: readonly Row[], payload: PayloadName): string {
  const rows = all.filter(({ question }) => question.measure === "round-trip" && question.payload === payload);
  const label = payloads[payload].label.replace(", each into a fresh buffer", "");
  return latencyTable(`round trip, ${label}`, rows, ratios(rows, ["await", "blocking"]));
}

/** How many times as fast as each row our modes are; "best" is the fastest of them. */
function ratios(rows: readonly Row[], modes: readonly string[]): Ratios<PipeQuestion> {
  const own = rows.filter(({ peer, median }) => peer === ours && median !== undefined);
  const best = modes.map((mode) => {
    const candidates = mode === "best" ? own : own.filter(({ question }) => question.mode === mode);
    return candidates.length === 0 ? undefined : Math.max(...candidates.map(speed));
  });
  return {
    header: modes.map((mode) => `our ${mode}`),
    of: (row) => best.map((one) => factor(one && one / speed(row))),
  };
}

const bytesOf = ({ payload }: PipeQuestion): number | undefined => payloads[payload].bytes;
