import type { Bench } from "./bench.js";
import { type Cell, type Measured, measureAll, selectCells } from "./measure.js";
import type { ValuesQuestion } from "./peers/hammer.js";
import { report } from "./report.js";
import { factor, rate, table } from "./table.js";

type Row = Measured<ValuesQuestion>;

const ours = "interproc";
const floor = "Atomics";

const peers = [
  { peer: ours, program: "interproc-values", label: "interproc SharedValue" },
  { peer: "Python", program: "python_values.py", label: "Python Value with its lock" },
  { peer: floor, program: "atomics-values", label: "bare Atomics (threads)" },
] as const;

const measurements: readonly Pick<ValuesQuestion, "operation" | "kind">[] = [
  { operation: "add", kind: "i32" },
  { operation: "compareExchange", kind: "i32" },
  { operation: "set", kind: "i32" },
  { operation: "get", kind: "i32" },
  { operation: "add", kind: "i64" },
  { operation: "add", kind: "f64" },
];

const notes = [
  "operations a second of all workers together; every sum of add and compareExchange is checked against the value",
  "compareExchange counts attempts: with two workers some of them find that the other was faster",
  "Python adds, and compares and exchanges, under `with value.get_lock()`: it has no atomic operation",
  "bare Atomics are no peer but the floor: a SharedArrayBuffer of threads; there is no atomic f64 below SharedValue",
];

export const bench: Bench = {
  summary: "atomic operations on a SharedValue, alone and contended, beside Python's Value and bare Atomics",

  async run(options) {
    const cells = selectCells(valueCells(options.quick ? 0.2 : 1), options.only);
    const rows = await measureAll(cells, options);
    const tables = ([1, 2] as const).map((workers) => valuesTable(rows, workers));
    return report({ rows, tables, notes, ratios: ratiosOf(rows) });
  },
};

function valueCells(seconds: number): Cell<ValuesQuestion>[] {
  return ([1, 2] as const).flatMap((workers) =>
    measurements.flatMap(({ operation, kind }) =>
      peers
        .filter(({ peer }) => peer !== floor || kind !== "f64")
        .map(({ peer, program }) => ({ peer, program, question: { operation, kind, workers, seconds } })),
    ),
  );
}

function valuesTable(rows: readonly Row[], workers: number): string {
  const lines = measurements.flatMap(({ operation, kind }) => {
    const found = peers.map(({ peer }) => rowOf(rows, peer, operation, kind, workers));
    if (found.every((row) => row === undefined)) return [];
    const [own, python, atomics] = found.map(operationsPerSecond);
    const figures = [own, python, atomics].map((value) => (value === undefined ? "-" : rate(value)));
    return [[operation, kind, ...figures, quotient(own, python), quotient(own, atomics)]];
  });
  if (lines.length === 0) return "";
  const header = ["operation", "kind", ...peers.map(({ label }) => label), "ours / Python", "ours / Atomics"];
  return `${workers === 1 ? "one process alone" : "two processes at once"}, operations/s\n${table(header, lines, 2)}`;
}

/** Every ratio of the tables as data: of ours to Python's, and to the floor (1 is a SharedValue that costs nothing). */
function ratiosOf(rows: readonly Row[]): Record<string, unknown>[] {
  return rows
    .filter(({ peer }) => peer === ours)
    .map((own) => {
      const { operation, kind, workers } = own.question;
      const speed = operationsPerSecond(own);
      const to = (peer: string): number | null => {
        const other = operationsPerSecond(rowOf(rows, peer, operation, kind, workers));
        return speed === undefined || other === undefined ? null : speed / other;
      };
      return { operation, kind, workers, toPython: to("Python"), toAtomics: to(floor) };
    });
}

function rowOf(rows: readonly Row[], peer: string, operation: string, kind: string, workers: number): Row | undefined {
  return rows.find(
    ({ peer: name, question }) =>
      name === peer && question.operation === operation && question.kind === kind && question.workers === workers,
  );
}

function operationsPerSecond(row: Row | undefined): number | undefined {
  return row?.median?.operationsPerSecond;
}

function quotient(a: number | undefined, b: number | undefined): string {
  return factor(a === undefined || b === undefined ? undefined : a / b);
}
