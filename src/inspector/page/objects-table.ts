import { Component, type ComponentChild, h } from "preact";
import type { ObjectView } from "../snapshot-model.js";
import { DataTable, type Head, type Order } from "./data-table.js";
import { family } from "./family.js";
import type { Store } from "./store.js";
import { texts } from "./texts.js";

const HEADS = [
  { by: "type", label: "Type", kind: "text" },
  { by: "name", label: "Name", kind: "text" },
  { by: "state", label: "State", kind: "text" },
  {
    by: "depth",
    label: "Depth",
    kind: "number",
    hint: "Messages or entries that are there; of locks, threads that wait",
  },
  { by: "in", label: "In/s", kind: "number" },
  { by: "out", label: "Out/s", kind: "number" },
  {
    by: "latency",
    label: "Latency",
    kind: "number",
    hint: "How long a message stays; of locks, how long a sleep lasts",
  },
  { by: "used", label: "Size", kind: "number", hint: "Bytes that are taken, of how many" },
  { by: "processes", label: "Processes", kind: "number" },
  { by: "waiters", label: "Waiters", kind: "number", hint: "Threads that wait here" },
  { by: "age", label: "Age", kind: "number" },
] as const satisfies readonly Head<string>[];

export type Column = (typeof HEADS)[number]["by"];

/** What one row shows: text only, so that a row that is the same is not drawn again. */
interface RowProps {
  readonly id: string;
  readonly cells: readonly string[];
  readonly family: string;
  /** Hundredths of its room that are taken. */
  readonly fill: number | undefined;
  readonly tone: string;
  readonly isSelected: boolean;
}

class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { cells, tone, isSelected, fill } = this.props;
    return (
      tone !== next.tone ||
      fill !== next.fill ||
      isSelected !== next.isSelected ||
      cells.some((cell, index) => cell !== next.cells[index])
    );
  }

  render({ id, cells, family: kind, fill, tone, isSelected }: RowProps): ComponentChild {
    const contents: Partial<Record<Column, ComponentChild>> = {
      type: [h("i", { class: `dot ${kind}` }), cells[0]],
      name: h("a", { href: `#/object/${encodeURIComponent(id)}` }, cells[1]),
      state: h("span", { class: "badge" }, cells[2]),
      used: [cells[7], fill !== undefined && meter(fill)],
    };
    return h(
      "tr",
      { class: `${tone}${isSelected ? " selected" : ""}`, "data-id": id },
      HEADS.map(({ by, kind: side }, index) => h("td", { key: by, class: side }, contents[by] ?? cells[index])),
    );
  }
}

const meter = (fill: number): ComponentChild =>
  h("svg", { class: `meter${fill >= 80 ? " full" : ""}`, width: 40, height: 4, "aria-hidden": true }, [
    h("rect", { width: 40, height: 4, rx: 2, class: "room" }),
    h("rect", { width: fill * 0.4, height: 4, rx: 2, class: "taken" }),
  ]);

interface TableProps {
  readonly store: Store;
  readonly objects: readonly ObjectView[];
  readonly order: Order<Column>;
  readonly selected: string | undefined;
  sort(by: Column): void;
}

export function ObjectsTable({ store, objects, order, selected, sort }: TableProps): ComponentChild {
  const { snapshot } = store;
  if (!snapshot) return null;
  const stuck = new Set(snapshot.deadlocks.flatMap(({ steps }) => steps.map(({ holds }) => holds)));
  const slow = new Set(store.slow.map(({ object }) => object));
  const rows = objects.map((object) =>
    h(Row, {
      key: object.id,
      id: object.id,
      cells: cellsOf(object, store, stuck.has(object.id), slow.has(object.id)),
      family: family(object.type),
      fill: object.capacity ? Math.round(((object.used ?? 0) / object.capacity) * 100) : undefined,
      tone: toneOf(object, stuck.has(object.id), slow.has(object.id)),
      isSelected: object.id === selected,
    }),
  );
  return h(DataTable<Column>, { label: "Objects", class: "objects", heads: HEADS, order, sort, rows });
}

/** Those whose type, name, state or process is like the text, in order. */
export function chosen(store: Store, search: string, order: Order<Column>): ObjectView[] {
  const wanted = search.trim().toLowerCase();
  const isWanted = ({ type, name, id, state, abandoned, attached }: ObjectView): boolean =>
    [type, name ?? id, state, abandoned ? "abandoned" : "", ...attached.map((one) => `${one.pid} ${one.name}`)].some(
      (text) => text.toLowerCase().includes(wanted),
    );
  const compare = (a: ObjectView, b: ObjectView): number => {
    const [left, right] = [sortKey(a, order.by, store), sortKey(b, order.by, store)];
    const byKey = typeof left === "string" ? left.localeCompare(String(right)) : Number(right) - left;
    return (order.isReversed ? -byKey : byKey) || (a.name ?? a.id).localeCompare(b.name ?? b.id);
  };
  return (store.snapshot?.objects ?? []).filter(isWanted).sort(compare);
}

function sortKey(object: ObjectView, by: Column, { rates, waiters, waitTimes }: Store): number | string {
  const rate = rates.get(object.id);
  switch (by) {
    case "type":
      return object.type;
    case "name":
      return object.name ?? `\uffff${object.id}`;
    case "state":
      return object.state;
    case "depth":
      return object.depth ?? -1;
    case "in":
      return rate?.in ?? -1;
    case "out":
      return rate?.out ?? -1;
    case "latency":
      return rate?.stay ?? waitTimes.get(object.id) ?? -1;
    case "used":
      return object.used ?? object.size;
    case "processes":
      return new Set(object.attached.map(({ pid }) => pid)).size;
    case "waiters":
      return waiters.get(object.id) ?? 0;
    default:
      return -object.createdAt;
  }
}

function toneOf(object: ObjectView, isStuck: boolean, isSlow: boolean): string {
  if (isStuck || object.state === "damaged") return "bad";
  return object.abandoned || isSlow || object.state === "left behind" ? "odd" : "";
}

function cellsOf(object: ObjectView, store: Store, isStuck: boolean, isSlow: boolean): string[] {
  const { capacity, used = 0, depth, attached, createdAt, state, abandoned } = object;
  const rate = store.rates.get(object.id);
  const now = store.snapshot?.bootSeconds ?? 0;
  return [
    object.type,
    object.name ?? object.id,
    isStuck ? "deadlocked" : abandoned ? "abandoned" : isSlow ? "slow consumer" : state,
    depth === undefined ? "–" : texts.count(depth),
    texts.rate(rate?.in),
    texts.rate(rate?.out),
    texts.stay(store.latency(object.id)),
    capacity === undefined ? texts.bytes(object.size) : `${texts.bytes(used)} / ${texts.bytes(capacity)}`,
    texts.count(new Set(attached.filter(({ isAlive }) => isAlive).map(({ pid }) => pid)).size),
    texts.count(store.waiters.get(object.id) ?? 0),
    createdAt === 0 ? "–" : texts.age(now - createdAt),
  ];
}
