import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { ObjectView } from "../snapshot-model.js";
import { Chart } from "./chart.js";
import { change } from "./link.js";
import type { Store } from "./store.js";
import { texts } from "./texts.js";

interface ObjectPageProps {
  readonly id: string;
  readonly store: Store;
  readonly version: number;
  readonly theme: string;
}

/** All of one object: figures, history, who has it and who waits. */
export function ObjectPage({ id, store, version, theme }: ObjectPageProps): ComponentChild {
  const [answer, setAnswer] = useState("");
  const { snapshot } = store;
  const object = snapshot?.objects.find((one) => one.id === id);
  if (!snapshot || !object) return h("p", { class: "nothing" }, "This object is gone.");
  const rate = store.rates.get(id);
  const series = store.history(id);
  const common = { series, version, theme };
  const charts = [
    h(Chart, { key: "depth", title: "Depth", lines: [[0, object.type === "Queue" ? "ready" : "depth"]], ...common }),
    ...(object.counts
      ? [
          h(Chart, {
            key: "rate",
            title: "Throughput, a second",
            lines: [
              [1, "in"],
              [2, "out"],
            ],
            ...common,
          }),
          h(Chart, { key: "stay", title: "Stay, ms (depth over throughput)", lines: [[3, "mean"]], ...common }),
        ]
      : []),
  ];
  const facts: [string, string][] = [
    ["State", object.problem === undefined ? object.state : `${object.state}: ${object.problem}`],
    ["Identity", object.id],
    [
      "Size",
      object.capacity === undefined
        ? texts.bytes(object.size)
        : `${texts.bytes(object.used ?? 0)} of ${texts.bytes(object.capacity)}`,
    ],
    ["File", texts.bytes(object.fileBytes)],
    ["Age", texts.age(snapshot.bootSeconds - object.createdAt)],
    ["Stays", object.persist ? "until it is unlinked" : "as long as somebody has it"],
    ...(object.counts
      ? [["So far", `${texts.count(object.counts.in)} in, ${texts.count(object.counts.out)} out`] as [string, string]]
      : []),
    ...(rate ? [["Now", `${texts.rate(rate.in)} in/s, ${texts.rate(rate.out)} out/s`] as [string, string]] : []),
    ...(object.abandoned
      ? [["Abandoned", "a holder died; what it guards may be half changed"] as [string, string]]
      : []),
    ...Object.entries(object.facts).map(([key, value]): [string, string] => [
      key,
      typeof value === "object" ? value.join("; ") || "–" : String(value),
    ]),
  ];
  const unlink = async (): Promise<void> => setAnswer(await change("/api/unlink", { name: object.name }));
  const mayUnlink = store.allowsWrite && object.name !== undefined && object.state !== "damaged";
  return h("article", null, [
    h("p", null, h("a", { href: "#/objects" }, "← all objects")),
    h("h2", null, [`${object.type} `, h("b", null, object.name ?? object.id)]),
    mayUnlink && h("p", null, [h("button", { type: "button", onClick: unlink }, "Take its name away"), " ", answer]),
    h("div", { class: "charts" }, charts),
    h(
      "dl",
      null,
      facts.map(([key, value]) => [h("dt", { key: `${key} key` }, key), h("dd", { key }, value)]),
    ),
    attachedTable(object, store),
  ]);
}

function attachedTable(object: ObjectView, { snapshot }: Store): ComponentChild {
  if (!snapshot || object.attached.length === 0) return h("p", { class: "nothing" }, "Nobody has it.");
  const waits = snapshot.waits.filter((wait) => wait.object === object.id);
  const rows = object.attached.map(({ thread, pid, name, isAlive, sleeps, blockedSeconds }) => {
    const holds = object.holders
      .filter((one) => one.thread === thread)
      .map(({ how, count }) => (count > 1 ? `${how} ${count}` : how));
    const waitsFor = waits.filter((wait) => wait.thread === thread).map((wait) => wait.waitsFor);
    return h("tr", { key: thread, class: isAlive ? "" : "odd" }, [
      h("td", null, texts.process(pid, name)),
      h("td", null, isAlive ? thread : `${thread}, killed`),
      h("td", null, holds.join(", ") || "–"),
      h("td", null, waitsFor.join(", ") || "–"),
      h("td", { class: "number" }, texts.count(sleeps)),
      h("td", { class: "number" }, `${blockedSeconds.toFixed(3)} s`),
    ]);
  });
  const heads = ["Process", "Thread", "Holds", "Waits for", "Sleeps", "Slept"].map((label) =>
    h("th", { key: label, scope: "col", class: label.startsWith("Sle") || label === "Slept" ? "number" : "" }, label),
  );
  return h("table", null, [h("thead", null, h("tr", null, heads)), h("tbody", null, rows)]);
}
