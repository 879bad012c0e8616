import { type ComponentChild, h } from "preact";
import type { ObjectView } from "../snapshot-model.js";
import { Chart } from "./chart.js";
import { LINE, type Series } from "./store.js";

interface ChartsProps {
  readonly series: Series;
  readonly version: number;
  readonly theme: string;
  /** The object whose history it is; else it is that of all together. */
  readonly object?: ObjectView;
}

type Lines = readonly (readonly [index: number, label: string])[];

/** The charts of one object, or of all. */
export function Charts({ object, ...common }: ChartsProps): ComponentChild {
  return h(
    "div",
    { class: "charts" },
    chartsFor(object).map(([title, lines]) => h(Chart, { key: title, title, lines, ...common })),
  );
}

const throughput: Lines = [
  [LINE.in, "in"],
  [LINE.out, "out"],
];
const waiting: readonly [string, Lines] = ["Threads that wait", [[LINE.waiters, "now"]]];

function chartsFor(object: ObjectView | undefined): (readonly [title: string, lines: Lines])[] {
  if (!object)
    return [
      ["Messages that wait", [[LINE.depth, "now"]]],
      ["Messages a second", throughput],
      [
        "Latency, ms",
        [
          [LINE.stay, "message"],
          [LINE.wait, "sleep"],
        ],
      ],
    ];
  if (object.type === "Topic")
    return [
      ["Slowest subscriber is behind, bytes", [[LINE.used, "now"]]],
      ["Published, a second", [[LINE.in, "now"]]],
      waiting,
    ];
  if (object.counts)
    return [
      ["Depth, messages", [[LINE.depth, "now"]]],
      ["Throughput, a second", throughput],
      [
        "Latency, ms",
        [
          [LINE.stay, "message"],
          [LINE.wait, "sleep"],
        ],
      ],
    ];
  const sleep: readonly [string, Lines] = ["Mean sleep, ms", [[LINE.wait, "now"]]];
  if (object.type === "SharedMap") return [["Entries", [[LINE.depth, "now"]]], waiting, sleep];
  return [waiting, sleep];
}
