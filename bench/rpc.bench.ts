import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { installPeerPackages } from "./peer-packages.js";
import { latencyTable, peerTable, type Ratios } from "./peer-tables.js";
import { report } from "./report.js";
import { rpcCells, rpcSpeed } from "./rpc-cells.js";
import { isTimed, type RpcMeasure, type RpcQuestion, rpcMeasures } from "./rpc-question.js";
import { factor, rate } from "./table.js";

type Row = Measured<RpcQuestion>;

const notes = [
  "ours: expose and remote over a pipe; comlink is between threads, Python's Manager and child_process between processes",
  "birpc goes over child.send (json), with its own table of calls; child_process is the same by hand, with nothing to spare",
  "under way: each is awaited and followed by the next; for Python's Manager these are 64 threads, since a proxy waits",
  "items: ours and child_process send ahead (child_process without asking whether there is room); comlink, of which a",
  "  proxied iterator stands for a sequence, and Python, a generator's proxy, ask for each item; every answer is checked",
];

export const bench: Bench = {
  summary: "typed calls, callbacks and sequences, beside comlink, birpc, child_process and Python's Manager",

  async run(options) {
    const installProblem = installPeerPackages();
    const rows = await measureAll(selectCells(rpcCells(options.quick ? 0.2 : 1), options.only), options);
    const tables = (Object.keys(rpcMeasures) as RpcMeasure[]).map((measure) => measureTable(rows, measure));
    return report({ rows, tables, notes, problems: [installProblem] });
  },
};

function measureTable(all: readonly Row[], measure: RpcMeasure): string {
  const rows = all.filter(({ question }) => question.measure === measure);
  const title = rpcMeasures[measure];
  if (isTimed(measure)) return latencyTable(title, rows, ratios(rows));
  const unit = measure === "items" ? "items/s" : "calls/s";
  return peerTable(title, rows, [unit], "callsPerSecond", ratios(rows), ({ callsPerSecond }) => [
    callsPerSecond === undefined ? "-" : rate(callsPerSecond),
  ]);
}

/** How many times as fast as each row ours is, to a process and to a thread. */
function ratios(rows: readonly Row[]): Ratios<RpcQuestion> {
  const own = ["process", "thread"].map((mode) =>
    rows.find(({ peer, question }) => peer === ours && question.mode === mode),
  );
  return {
    header: ["our process", "our thread"],
    of: (row) => own.map((one) => factor(one && rpcSpeed(one) / rpcSpeed(row))),
  };
}
