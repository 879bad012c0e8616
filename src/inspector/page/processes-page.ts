import { Component, type ComponentChild, h } from "preact";
import type { ObjectView, ProcessView, Snapshot, ThreadView, WaitView } from "../snapshot-model.js";
import { DataTable, type Head, type Order } from "./data-table.js";
import { objectLink } from "./object-link.js";
import { processLabel } from "./process-label.js";
import { texts } from "./texts.js";

const HEADS = [
  { by: "process", label: "Process", kind: "text" },
  { by: "task", label: "Task", kind: "text", hint: "The task that spawn() or a pool has it run" },
  { by: "state", label: "State", kind: "text", hint: "blocked: asleep in a Sync form; waiting: something is awaited" },
  { by: "threads", label: "Threads", kind: "number" },
  { by: "objects", label: "Objects", kind: "number" },
  { by: "holds", label: "Holds", kind: "text" },
  { by: "waits", label: "Waits for", kind: "text" },
  { by: "blocked", label: "Blocked", kind: "number", hint: "Time asleep in Sync forms, of all its threads" },
  { by: "attached", label: "Attached", kind: "number" },
] as const satisfies readonly Head<string>[];
type Column = (typeof HEADS)[number]["by"];

const MOST_CHIPS = 4;

/** One process with all that the snapshot says of it. */
interface Line {
  readonly process: ProcessView;
  readonly label: string;
  readonly threads: readonly ThreadView[];
  readonly tasks: readonly string[];
  readonly state: string;
  readonly has: number;
  readonly holds: readonly ObjectView[];
  readonly waits: readonly WaitView[];
  readonly blocked: number;
  readonly age: number;
}

interface Props {
  readonly snapshot: Snapshot;
  readonly search: string;
}

/** Every process, the tasks of its threads, what it has and what it waits for. */
export class ProcessesPage extends Component<Props, { readonly order: Order<Column> }> {
  override state = { order: { by: "process" as Column, isReversed: false } };

  render({ snapshot, search }: Props): ComponentChild {
    if (snapshot.processes.length === 0) return h("p", { class: "nothing" }, "No process is attached.");
    const { order } = this.state;
    const wanted = search.trim().toLowerCase();
    const lines = linesOf(snapshot)
      .filter(({ label, process, tasks, state }) =>
        [label, process.command ?? "", String(process.pid), state, ...tasks].some((one) =>
          one.toLowerCase().includes(wanted),
        ),
      )
      .sort((a, b) => compare(a, b, order));
    const objectOf = new Map(snapshot.objects.map((object) => [object.id, object]));
    const rows = lines.map((line) => rowOf(line, objectOf));
    const sort = (by: Column): void =>
      this.setState({ order: { by, isReversed: order.by === by ? !order.isReversed : false } });
    return [
      h(DataTable<Column>, { label: "Processes", class: "processes", heads: HEADS, order, sort, rows }),
      lines.length === 0 && h("p", { class: "nothing" }, `No process is like “${search}”.`),
    ];
  }
}

function linesOf({ processes, threads, objects, waits, bootSeconds }: Snapshot): Line[] {
  const threadOf = new Map(threads.map((thread) => [thread.thread, thread]));
  const pidOf = new Map(threads.map(({ thread, pid }) => [thread, pid]));
  const has = new Map<number, number>();
  const holds = new Map<number, Set<ObjectView>>();
  for (const object of objects) {
    for (const pid of new Set(object.attached.map((one) => one.pid))) has.set(pid, (has.get(pid) ?? 0) + 1);
    for (const { thread } of object.holders) {
      const pid = pidOf.get(thread) ?? 0;
      holds.set(pid, (holds.get(pid) ?? new Set()).add(object));
    }
  }
  return processes.map((process) => {
    const own = process.threads.flatMap((one) => threadOf.get(one) ?? []);
    return {
      process,
      label: processLabel(process),
      threads: own,
      tasks: [...new Set(own.map(({ task }) => task).filter((task) => task !== ""))],
      state: process.isAlive ? [...new Set(own.map(({ state }) => state))].join(", ") : "killed",
      has: has.get(process.pid) ?? 0,
      holds: [...(holds.get(process.pid) ?? [])],
      waits: waits.filter(({ thread }) => process.threads.includes(thread)),
      blocked: own.reduce((sum, { blockedSeconds }) => sum + blockedSeconds, 0),
      age: bootSeconds - Math.min(...own.map(({ attachedAt }) => attachedAt), bootSeconds),
    };
  });
}

function compare(a: Line, b: Line, { by, isReversed }: Order<Column>): number {
  const key = (line: Line): number | string => {
    switch (by) {
      case "process":
        return line.label;
      case "task":
        return line.tasks.join() || "\uffff";
      case "state":
        return line.state;
      case "threads":
        return line.threads.length;
      case "objects":
        return line.has;
      case "holds":
        return -line.holds.length;
      case "waits":
        return -line.waits.length;
      case "blocked":
        return line.blocked;
      default:
        return line.age;
    }
  };
  const [left, right] = [key(a), key(b)];
  const isText = HEADS.find((one) => one.by === by)?.kind === "text";
  const byKey = typeof left === "string" ? left.localeCompare(String(right)) : Number(right) - left;
  return (isReversed ? -byKey : byKey) * (isText && typeof left === "number" ? -1 : 1) || a.process.pid - b.process.pid;
}

function rowOf(line: Line, objectOf: ReadonlyMap<string, ObjectView>): ComponentChild {
  const { process, label, threads, tasks, state, has, holds, waits, blocked, age } = line;
  const busy = threads.filter(({ task }) => task !== "").length;
  const task = tasks.length === 0 ? "–" : `${tasks.join(", ")}${busy > 1 ? ` (${busy} threads)` : ""}`;
  return h("tr", { key: process.pid, class: process.isAlive ? "" : "odd" }, [
    h("th", { scope: "row" }, [
      h("b", null, label),
      h("span", { class: "soft" }, ` ${process.pid}`),
      process.command !== undefined &&
        process.command !== label &&
        h("div", { class: "command", title: process.command }, process.command),
    ]),
    h("td", { class: "task" }, task),
    h("td", null, h("span", { class: `state ${state.replaceAll(/\W+/g, "-")}` }, state)),
    h("td", { class: "number" }, texts.count(threads.length)),
    h("td", { class: "number" }, texts.count(has)),
    h("td", null, chips(holds.map((object) => objectLink(object.id, object, "chip")))),
    h(
      "td",
      null,
      chips(
        waits.map(({ waitsFor, object }, index) =>
          h("span", { key: index }, [`${waitsFor} `, objectLink(object, objectOf.get(object), "chip")]),
        ),
      ),
    ),
    h("td", { class: "number" }, blocked < 10 ? `${blocked.toFixed(2)} s` : texts.age(blocked)),
    h("td", { class: "number" }, texts.age(age)),
  ]);
}

function chips(all: readonly ComponentChild[]): ComponentChild {
  if (all.length === 0) return "–";
  const more = all.length - MOST_CHIPS;
  return h("span", { class: "chips" }, [all.slice(0, MOST_CHIPS), more > 0 && `and ${more} more`]);
}
