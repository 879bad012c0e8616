import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import {
  counts,
  type GrowthQuestion,
  kinds,
  type MemoryQuestion,
  operations,
  type ProcessesQuestion,
  type QueuesQuestion,
} from "./growth-question.js";
import { type Cell, type Measured, measureAll, problemLines, selectCells, spreadText } from "./measure.js";
import { factor, microsText, table } from "./table.js";

type Row<Question = GrowthQuestion> = Measured<Question>;

const notes = [
  "queue: one process puts a small object and gets it back; lock: it acquires and releases; blocking forms, never waiting;",
  "  ns of processor time, which other work on the machine changes less than the time that passes",
  "wake: two of the processes hand a lock to and fro, blocking; p50 and p99 of the way there and back, which is two wakes;",
  "  the others have the objects and do nothing; the one that is woken has attached after them all",
  "open queues: one process makes them, another opens them by name and uses them in turn; mean: with the garbage",
  "  collections between them; descriptors: files that the process has open in addition because of them",
  "memory: of one object, made with defaults; on tmpfs: reserved at once; mapped: addresses (a pipe's rings stand twice);",
  "  resident: by how much the process that made it grew; of it shared: the object's pages that it has touched;",
  "  heap: JavaScript's",
];

export const bench: Bench = {
  summary: "how cost grows: with attached processes, with open queues; and the memory of each kind of object",

  async run(options) {
    const cells = selectCells(growthCells(options.quick ? 0.2 : 1), options.only);
    const rows = await measureAll(cells, options);
    const problems = problemLines(rows);
    const sections = [
      processesTable(rows.filter(isOf("processes"))),
      queuesTable(rows.filter(isOf("queues"))),
      memoryTable(rows.filter(isOf("memory"))),
      `notes\n${notes.map((note) => `  ${note}`).join("\n")}`,
      problems.length > 0 ? `not measured\n${problems.map((line) => `  ${line}`).join("\n")}` : "",
    ];
    return {
      text: sections.filter((section) => section !== "").join("\n\n"),
      data: { cells: rows.map(asData), problems },
    };
  },
};

function growthCells(seconds: number): Cell<GrowthQuestion>[] {
  const cell = (program: string, question: GrowthQuestion): Cell<GrowthQuestion> => ({ peer: ours, program, question });
  return [
    ...operations.flatMap((operation) =>
      counts.processes
        .filter((many) => operation !== "wake" || many > 1)
        .map((many) => cell("interproc-growth", { grows: "processes", operation, many, seconds })),
    ),
    ...counts.queues.map((many) => cell("interproc-many-queues", { grows: "queues", many, seconds })),
    ...kinds.map((kind) => cell("interproc-weight", { grows: "memory", kind })),
  ];
}

function isOf<Grows extends GrowthQuestion["grows"]>(grows: Grows) {
  return (row: Row): row is Row<Extract<GrowthQuestion, { grows: Grows }>> => row.question.grows === grows;
}

function processesTable(rows: readonly Row<ProcessesQuestion>[]): string {
  if (rows.length === 0) return "";
  const lines = counts.processes.map((many) => [
    String(many),
    ...operations.flatMap((operation) => {
      const own = rows.filter(({ question }) => question.operation === operation);
      const row = own.find(({ question }) => question.many === many);
      if (operation === "wake") {
        const { p50Micros, p99Micros } = row?.median ?? {};
        return [microsText(p50Micros), microsText(p99Micros), row ? spreadText(row, "p50Micros") : "-"];
      }
      return [nanosText(row), ofFirst(own, row), row ? spreadText(row, "nanos") : "-"];
    }),
  ]);
  const growing = (name: string): string[] => [`${name} ns`, "of one", "spread"];
  const header = ["processes", ...growing("queue"), ...growing("lock"), "wake p50 µs", "p99 µs", "spread"];
  return `1 to 64 processes that have the object\n${table(header, lines, 1)}`;
}

function queuesTable(rows: readonly Row<QueuesQuestion>[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map((row) => [
    row.question.many.toLocaleString("en"),
    nanosText(row),
    ofFirst(rows, row),
    spreadText(row, "nanos"),
    ...["makeP50Micros", "makeMeanMicros", "openP50Micros", "openMeanMicros"].map((name) =>
      microsText(row.median?.[name]),
    ),
    row.median?.descriptors?.toFixed(0) ?? "-",
  ]);
  const header = [
    "queues",
    "put, get ns",
    "of one",
    "spread",
    "make p50 µs",
    "mean",
    "open p50 µs",
    "mean",
    "descriptors",
  ];
  return `1 to 1,000 open queues\n${table(header, lines, 1)}`;
}

function memoryTable(rows: readonly Row<MemoryQuestion>[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(({ question, median }) => [
    question.kind,
    ...["fileBytes", "usedBytes", "mappedBytes", "residentBytes", "residentSharedBytes", "heapBytes"].map(
      (name) => median?.[name]?.toLocaleString("en", { maximumFractionDigits: 0 }) ?? "-",
    ),
  ]);
  const header = ["object", "file", "on tmpfs", "mapped", "resident", "of it shared", "heap"];
  return `memory of one object, bytes\n${table(header, lines, 1)}`;
}

function nanosText(row: Row | undefined): string {
  return row?.median?.nanos?.toFixed(0) ?? "-";
}

/** How many times what it costs with one. */
function ofFirst(rows: readonly Row<ProcessesQuestion | QueuesQuestion>[], row: Row | undefined): string {
  const one = rows.find(({ question }) => question.many === 1)?.median?.nanos;
  const nanos = row?.median?.nanos;
  return factor(nanos === undefined || one === undefined ? undefined : nanos / one);
}

function asData({ question, median, spread, runs, problem }: Row): Record<string, unknown> {
  return { ...question, median: median ?? null, spread, runs, problem };
}
