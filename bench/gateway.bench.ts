import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type GatewayMeasure, type GatewayQuestion, gatewayMeasures } from "./gateway-question.js";
import { type Cell, type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { peerTable, type Ratios } from "./peer-tables.js";
import { report } from "./report.js";
import { factor, microsText, rate } from "./table.js";

type Row = Measured<GatewayQuestion>;

const peers = [
  [ours, "interproc-gateway"],
  ["node:http", "bare-http"],
] as const;
const modes = ["1 connections", "64 connections"] as const;

const notes = [
  "autocannon asks over keep-alive connections, each one request after the other, from a process of its own",
  "interproc: serveGateway() without tokens; queue, topic and value in shared memory, as other processes see them",
  "node:http: the same requests answered from an array and a number of its own process, with nothing checked: the least",
  "errors: requests that failed or were answered by anything but 2xx; the time is that of each request that was not one",
];

export const bench: Bench = {
  summary: "the gateway under load by HTTP clients, beside a bare node:http server",

  async run(options) {
    const installProblem = installPeerPackages();
    const rows = await measureAll(selectCells(cells(options.quick ? 1 : 5), options.only), options);
    const tables = (Object.keys(gatewayMeasures) as GatewayMeasure[]).map((measure) => measureTable(rows, measure));
    return report({ rows, tables, notes, problems: [installProblem] });
  },
};

function cells(seconds: number): Cell<GatewayQuestion>[] {
  return (Object.keys(gatewayMeasures) as GatewayMeasure[]).flatMap((measure) =>
    peers.flatMap(([peer, program]) => modes.map((mode) => ({ peer, program, question: { measure, mode, seconds } }))),
  );
}

function measureTable(all: readonly Row[], measure: GatewayMeasure): string {
  const rows = all.filter(({ question }) => question.measure === measure);
  const header = ["requests/s", "p50 µs", "p99 µs", "errors"];
  return peerTable(gatewayMeasures[measure], rows, header, "callsPerSecond", ratios(rows), (figures) => [
    figures.callsPerSecond === undefined ? "-" : rate(figures.callsPerSecond),
    microsText(figures.p50Micros),
    microsText(figures.p99Micros),
    figures.errors?.toFixed(0) ?? "-",
  ]);
}

/** How many times as fast as each row ours is, with as many connections. */
function ratios(rows: readonly Row[]): Ratios<GatewayQuestion> {
  const speed = (row: Row | undefined): number => row?.median?.callsPerSecond ?? Number.NaN;
  const own = ({ question }: Row): Row | undefined =>
    rows.find((one) => one.peer === ours && one.question.mode === question.mode);
  return { header: ["ours"], of: (row) => [factor(speed(own(row)) / speed(row))] };
}
