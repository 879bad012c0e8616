import type { Bench } from "./bench.js";
import { ours } from "./floors.js";
import type { InspectorQuestion } from "./inspector-question.js";
import { type Cell, type Measured, measureAll, selectCells, spreadText } from "./measure.js";
import { report } from "./report.js";
import { table } from "./table.js";

type Row = Measured<InspectorQuestion>;

const notes = [
  "percent: what the process of interproc ui uses of one core, by the kernel's count of its time (hundredths of a second)",
  "looks/s: how often the open page is told; a look is followed by a pause of 24 times what it took, and of a second at least",
  "a look: processor time for each of them, with all that the process does besides",
  "first message: all objects as JSON; later ones: those that have changed, and all threads and waits",
  "busy: one process puts and gets at a tenth of the objects, so that their figures change between any two looks",
];

export const bench: Bench = {
  summary: "what the inspector takes of a processor, with up to 1,000 objects and 64 processes",

  async run(options) {
    const cells = selectCells(inspectorCells(options.quick ? 5 : 20), options.only);
    const rows = await measureAll(cells, options);
    return report({ rows, tables: [costTable(rows)], notes });
  },
};

function inspectorCells(seconds: number): Cell<InspectorQuestion>[] {
  const cell = (question: Omit<InspectorQuestion, "seconds">): Cell<InspectorQuestion> => {
    return { peer: ours, program: "interproc-inspector", question: { ...question, seconds } };
  };
  return [
    cell({ objects: 1000, processes: 64, traffic: "idle", pages: 0 }),
    cell({ objects: 10, processes: 2, traffic: "busy", pages: 1 }),
    cell({ objects: 100, processes: 8, traffic: "busy", pages: 1 }),
    cell({ objects: 1000, processes: 64, traffic: "idle", pages: 1 }),
    cell({ objects: 1000, processes: 64, traffic: "busy", pages: 1 }),
  ];
}

function costTable(rows: readonly Row[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map((row) => {
    const { objects, processes, traffic, pages } = row.question;
    const { percent, looksPerSecond, lookMillis, wholeBytes, messageBytes, residentBytes } = row.median ?? {};
    return [
      objects.toLocaleString("en"),
      String(processes),
      traffic,
      String(pages),
      fixed(percent, 2),
      spreadText(row, "percent"),
      fixed(looksPerSecond, 2),
      fixed(lookMillis, 1),
      kilobytes(wholeBytes),
      kilobytes(messageBytes),
      residentBytes === undefined ? "-" : (residentBytes / 1e6).toFixed(0),
    ];
  });
  const header = [
    "objects",
    "processes",
    "traffic",
    "pages",
    "percent",
    "spread",
    "looks/s",
    "a look ms",
    "first message kB",
    "later kB",
    "resident MB",
  ];
  return `interproc ui\n${table(header, lines, 1)}`;
}

const fixed = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? "-" : value.toFixed(digits);

const kilobytes = (bytes: number | undefined): string => (bytes ? (bytes / 1000).toFixed(0) : "-");
