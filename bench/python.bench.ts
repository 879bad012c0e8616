import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import { type Measured, measureAll, selectCells } from "./measure.js";
import { latencyTable, type Ratios } from "./peer-tables.js";
import { speed } from "./pipe-floors.js";
import { pythonCells } from "./python-cells.js";
import { pythonFloors } from "./python-floors.js";
import { type PythonMeasure, type PythonQuestion, pythonMeasures } from "./python-question.js";
import { report } from "./report.js";
import { factor } from "./table.js";

type Row = Measured<PythonQuestion>;

const notes = [
  "interproc: Node asks and Python answers, over a unix socket with framing python; Python needs its own library only",
  "pickle = send and recv, bytes = sendBytes and recvBytes, send_bytes and recv_bytes",
  "the array: pickle = a Float64Array, array.array in Python; pickled bytes = its bytes as a value; bytes = as a message;",
  "  shared memory = made in a block that both have, one number of it changed and a word sent each time, seen where it lies",
];

export const bench: Bench = {
  summary: "Node with Python over a Connection and through SharedMemory, beside Python with Python",

  async run(options) {
    const rows = await measureAll(selectCells(pythonCells(options.quick ? 0.2 : 1), options.only), options);
    const tables = (Object.keys(pythonMeasures) as PythonMeasure[]).map((measure) => {
      const some = rows.filter(({ question }) => question.measure === measure);
      return latencyTable(pythonMeasures[measure], some, ratios(some));
    });
    return report({ rows, tables, notes, floors: pythonFloors(rows) });
  },
};

/** How many times as fast as each row Node with Python is in the same mode. */
function ratios(rows: readonly Row[]): Ratios<PythonQuestion> {
  const same = ({ question }: Row): Row | undefined =>
    rows.find(({ peer, question: { mode } }) => peer === ours && mode === question.mode);
  return {
    header: ["our same"],
    of: (row) => {
      const own = same(row);
      return [factor(own && speed(own) / speed(row))];
    },
  };
}
