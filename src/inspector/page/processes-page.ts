import { type ComponentChild, h } from "preact";
import type { Snapshot } from "../snapshot-model.js";
import { texts } from "./texts.js";

/** Every process, its threads, what it has and what it waits for. */
export function ProcessesPage({ snapshot }: { snapshot: Snapshot }): ComponentChild {
  const { processes, threads, objects, waits, bootSeconds } = snapshot;
  if (processes.length === 0) return h("p", { class: "nothing" }, "No process is attached.");
  const threadOf = new Map(threads.map((thread) => [thread.thread, thread]));
  const rows = processes.map(({ pid, name, command, threads: own, isAlive }) => {
    const has = objects.filter(({ attached }) => attached.some((one) => own.includes(one.thread)));
    const holds = objects.filter(({ holders }) => holders.some((one) => own.includes(one.thread)));
    const states = own.map((thread) => threadOf.get(thread)?.state ?? "");
    const oldest = Math.min(...own.map((thread) => threadOf.get(thread)?.attachedAt ?? bootSeconds));
    const waiting = waits.filter(({ thread }) => own.includes(thread));
    return h("tr", { key: pid, class: isAlive ? "" : "odd" }, [
      h("td", { class: "number" }, String(pid)),
      h("td", null, [h("b", null, name), h("div", { class: "command" }, command ?? "")]),
      h("td", null, [...new Set(states)].join(", ")),
      h("td", { class: "number" }, texts.count(own.length)),
      h("td", { class: "number" }, texts.count(has.length)),
      h(
        "td",
        null,
        holds.map((object) =>
          h(
            "a",
            { key: object.id, class: "chip", href: `#/object/${encodeURIComponent(object.id)}` },
            object.name ?? object.id.slice(0, 8),
          ),
        ),
      ),
      h(
        "td",
        null,
        waiting.map(({ waitsFor, object }) =>
          h("a", { key: object + waitsFor, class: "chip", href: `#/object/${encodeURIComponent(object)}` }, waitsFor),
        ),
      ),
      h("td", { class: "number" }, texts.age(bootSeconds - oldest)),
    ]);
  });
  const heads = ["Pid", "Process", "State", "Threads", "Objects", "Holds", "Waits for", "Attached"];
  return h(
    "div",
    { class: "scroll" },
    h("table", null, [
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          heads.map((label) => h("th", { key: label, scope: "col" }, label)),
        ),
      ),
      h("tbody", null, rows),
    ]),
  );
}
