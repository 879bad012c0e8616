import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { ObjectView } from "../snapshot-model.js";
import { Charts } from "./charts.js";
import { family } from "./family.js";
import { change } from "./link.js";
import { PayloadPanel } from "./payload-panel.js";
import type { Store } from "./store.js";
import { texts } from "./texts.js";

interface ObjectPageProps {
  readonly id: string;
  readonly store: Store;
  readonly version: number;
  readonly theme: string;
}

/** All of one object: figures, history, who has it and who waits, and what it holds where that is allowed. */
export function ObjectPage({ id, store, version, theme }: ObjectPageProps): ComponentChild {
  const [answer, setAnswer] = useState("");
  const { snapshot } = store;
  const object = snapshot?.objects.find((one) => one.id === id);
  const back = h("p", { class: "back" }, h("a", { href: "#/objects" }, "← all objects"));
  if (!snapshot || !object) return [back, h("p", { class: "nothing" }, "This object is gone.")];
  const unlink = async (): Promise<void> => setAnswer(await change("/api/unlink", { name: object.name }));
  const mayUnlink = store.allowsWrite && object.name !== undefined && object.state !== "damaged";
  const slow = store.slow.filter((one) => one.object === id);
  return h("article", null, [
    back,
    h("div", { class: "title" }, [
      h("h2", null, [
        h("i", { class: `dot ${family(object.type)}` }),
        `${object.type} `,
        h("b", null, object.name ?? object.id),
      ]),
      mayUnlink && h("button", { type: "button", onClick: unlink }, "Take its name away"),
      h("span", { role: "status" }, answer),
    ]),
    slow.length > 0 &&
      h(
        "ul",
        { class: "attention" },
        slow.map(({ thread, why }) =>
          h("li", { key: `${thread}`, class: "odd" }, [
            h("strong", null, "Slow consumer"),
            h("span", null, `${thread === undefined ? "" : `${processOf(thread, store)}: `}${why}`),
          ]),
        ),
      ),
    h(Charts, { series: store.history(id), version, theme, object }),
    h("div", { class: "panels" }, [
      h("section", { class: "panel" }, [h("h3", null, "What it is"), facts(object, store)]),
      h("section", { class: "panel wide" }, [h("h3", null, "Who has it"), attachedTable(object, store)]),
    ]),
    hasPayload(object) && h(PayloadPanel, { id, isAllowed: store.showsPayloads }),
  ]);
}

/** A lock holds nothing, and a value stands among the figures. */
const hasPayload = ({ type, state }: ObjectView): boolean =>
  family(type) !== "lock" && type !== "SharedValue" && state !== "damaged";

function processOf(thread: string, { snapshot }: Store): string {
  const found = snapshot?.threads.find((one) => one.thread === thread);
  return found ? texts.process(found.pid, found.name) : thread;
}

function facts(object: ObjectView, { snapshot, rates }: Store): ComponentChild {
  const { counts, capacity, used = 0 } = object;
  const rate = rates.get(object.id);
  const rows: [string, string][] = [
    ["State", object.problem === undefined ? object.state : `${object.state}: ${object.problem}`],
    ["Size", capacity === undefined ? texts.bytes(object.size) : `${texts.bytes(used)} of ${texts.bytes(capacity)}`],
  ];
  if (counts) rows.push(["So far", `${texts.count(counts.in)} in, ${texts.count(counts.out)} out`]);
  if (rate) rows.push(["Now", `${texts.rate(rate.in)} in/s, ${texts.rate(rate.out)} out/s`]);
  if (object.abandoned) rows.push(["Abandoned", "a holder died; what it guards may be half changed"]);
  for (const [key, value] of Object.entries(object.facts))
    rows.push([
      key === "state" ? "Queue" : `${key[0].toUpperCase()}${key.slice(1)}`, // its own state stands above
      typeof value === "object"
        ? value.join("; ") || "–"
        : typeof value === "number"
          ? texts.count(value)
          : plain(value),
    ]);
  rows.push(
    ["Age", texts.age((snapshot?.bootSeconds ?? 0) - object.createdAt)],
    ["Stays", object.persist ? "until it is unlinked" : "as long as somebody has it"],
    ["File", texts.bytes(object.fileBytes)],
    ["Identity", object.id],
  );
  return h(
    "dl",
    null,
    rows.map(([key, value], index) => [h("dt", { key: `${index} key` }, key), h("dd", { key: index }, value)]),
  );
}

const plain = (value: string | boolean): string => (typeof value === "boolean" ? (value ? "yes" : "no") : value);

function attachedTable(object: ObjectView, { snapshot }: Store): ComponentChild {
  if (!snapshot || object.attached.length === 0) return h("p", { class: "soft" }, "Nobody has it.");
  const waits = snapshot.waits.filter((wait) => wait.object === object.id);
  const taskOf = new Map(snapshot.threads.map(({ thread, task }) => [thread, task]));
  const consumers = new Map((object.consumers ?? []).map((one) => [one.thread, one]));
  const rows = object.attached.map(({ thread, pid, name, isAlive, sleeps, blockedSeconds }, index) => {
    const holds = object.holders
      .filter((one) => one.thread === thread)
      .map(({ how, count }) => (count > 1 ? `${how} ${count}` : how));
    const waitsFor = waits.filter((wait) => wait.thread === thread).map((wait) => wait.waitsFor);
    const consumer = consumers.get(thread);
    const behind = consumer
      ? `${texts.bytes(consumer.behindBytes)}${consumer.missed > 0 ? `, ${texts.count(consumer.missed)} missed` : ""}`
      : "–";
    return h("tr", { key: `${thread} ${index}`, class: isAlive ? "" : "odd" }, [
      h("td", null, texts.process(pid, name)),
      h("td", null, isAlive ? thread : `${thread}, killed`),
      h("td", { class: "task" }, taskOf.get(thread) || "–"),
      h("td", null, holds.join(", ") || "–"),
      h("td", null, waitsFor.join(", ") || "–"),
      consumers.size > 0 && h("td", { class: "number" }, behind),
      h("td", { class: "number" }, texts.count(sleeps)),
      h("td", { class: "number" }, `${blockedSeconds.toFixed(3)} s`),
    ]);
  });
  const labels = [
    "Process",
    "Thread",
    "Task",
    "Holds",
    "Waits for",
    ...(consumers.size > 0 ? ["Behind"] : []),
    "Sleeps",
    "Slept",
  ];
  const heads = labels.map((label) =>
    h("th", { key: label, scope: "col", class: ["Behind", "Sleeps", "Slept"].includes(label) ? "number" : "" }, label),
  );
  return h(
    "div",
    { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Who has it" },
    h("table", null, [h("thead", null, h("tr", null, heads)), h("tbody", null, rows)]),
  );
}
