import type { Bench } from "./bench.js";
import { type CodecName, type CodecPayload, type CodecQuestion, codecPayloads, codecs } from "./codec-payloads.js";
import { type Cell, type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { report } from "./report.js";
import { factor, table } from "./table.js";

type Row = Measured<CodecQuestion>;

const ours: CodecName = "interproc";

const notes = [
  "value to bytes and bytes to value, in one process; encodeInto writes into memory that is there, as a pipe's,",
  "  and encode gives a view of memory that is used again, as msgpackr does;",
  "  the columns at the right say how many times as fast ours is",
  "a figure is the fastest of 20 parts of a run, and the median of the runs",
  "every value is compared after a round trip; a codec from which another one arrives is not measured",
  "msgpackr gives views of the message instead of copies of its bytes; msgpackr plain sees no shared objects and cycles",
];

export const bench: Bench = {
  summary: "values to bytes and back: ours beside JSON, v8.serialize and msgpackr",

  async run(options) {
    const installProblem = installPeerPackages();
    const cells = selectCells(codecCells(options.quick ? 0.1 : 0.5), options.only);
    const rows = await measureAll(cells, options);
    const tables = (Object.keys(codecPayloads) as CodecPayload[]).map((payload) => payloadTable(rows, payload));
    return report({ rows, tables, notes, problems: [installProblem] });
  },
};

function codecCells(seconds: number): Cell<CodecQuestion>[] {
  return (Object.keys(codecPayloads) as CodecPayload[]).flatMap((payload) =>
    (Object.keys(codecs) as CodecName[]).map((codec) => ({
      peer: codec,
      program: "codecs",
      question: { codec, payload, seconds },
    })),
  );
}

function payloadTable(all: readonly Row[], payload: CodecPayload): string {
  const rows = all.filter(({ question }) => question.payload === payload);
  if (rows.length === 0) return "";
  const own = rows.find(({ question }) => question.codec === ours)?.median;
  const lines = rows.map(({ question, median, spread }) => [
    codecs[question.codec],
    micros(median?.encodeMicros),
    micros(median?.decodeMicros),
    spread === undefined ? "-" : `${(Math.max(...Object.values(spread)) * 100).toFixed(0)} %`,
    median?.bytes === undefined ? "-" : Math.round(median.bytes).toLocaleString("en"),
    ratio(median?.encodeMicros, own?.encodeMicros),
    ratio(median?.decodeMicros, own?.decodeMicros),
  ]);
  const header = ["codec", "encode µs", "decode µs", "spread", "bytes", "our encode", "our decode"];
  return `${codecPayloads[payload].label}\n${table(header, lines, 1)}`;
}

function micros(value: number | undefined): string {
  if (value === undefined) return "-";
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toPrecision(3) : value.toFixed(3);
}

function ratio(theirs: number | undefined, own: number | undefined): string {
  return factor(theirs === undefined || own === undefined ? undefined : theirs / own);
}
