import { Component, type ComponentChild, h } from "preact";
import type { Rate } from "../rates.js";
import type { ObjectView, Snapshot } from "../snapshot-model.js";
import { texts } from "./texts.js";

/** By what the table can be sorted, and what stands above each column. */
export const COLUMNS = [
  ["type", "Type", "text"],
  ["name", "Name", "text"],
  ["state", "State", "text"],
  ["depth", "Depth", "number"],
  ["in", "In/s", "number"],
  ["out", "Out/s", "number"],
  ["stay", "Stay", "number"],
  ["used", "Size", "number"],
  ["processes", "Processes", "number"],
  ["waiters", "Waiters", "number"],
  ["age", "Age", "number"],
] as const;
export type Column = (typeof COLUMNS)[number][0];

export interface Order {
  readonly by: Column;
  readonly isReversed: boolean;
}

/** What one row shows: text only, so that a row that is the same is not drawn again. */
interface RowProps {
  readonly id: string;
  readonly cells: readonly string[];
  readonly tone: string;
  readonly isSelected: boolean;
}

class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { cells, tone, isSelected } = this.props;
    return (
      tone !== next.tone || isSelected !== next.isSelected || cells.some((cell, index) => cell !== next.cells[index])
    );
  }

  render({ id, cells, tone, isSelected }: RowProps): ComponentChild {
    const link = h("a", { href: `#/object/${encodeURIComponent(id)}` }, cells[1]);
    return h(
      "tr",
      { class: `${tone}${isSelected ? " selected" : ""}`, "aria-selected": isSelected, "data-id": id },
      cells.map((cell, index) => {
        const content = index === 1 ? link : index === 2 ? h("span", { class: "badge" }, cell) : cell;
        return h("td", { key: index, class: COLUMNS[index][2] }, content);
      }),
    );
  }
}

interface TableProps {
  readonly snapshot: Snapshot;
  readonly rates: ReadonlyMap<string, Rate>;
  readonly objects: readonly ObjectView[];
  readonly order: Order;
  readonly selected: string | undefined;
  readonly sort: (by: Column) => void;
}

export function ObjectsTable({ snapshot, rates, objects, order, selected, sort }: TableProps): ComponentChild {
  const heads = COLUMNS.map(([by, label, kind]) => {
    const direction = order.isReversed ? "ascending" : "descending";
    const mark = order.by === by ? (order.isReversed ? " ▲" : " ▼") : "";
    const button = h("button", { type: "button", onClick: () => sort(by) }, [label, h("span", null, mark)]);
    return h("th", { key: by, class: kind, scope: "col", "aria-sort": order.by === by ? direction : "none" }, button);
  });
  const waiters = waitersOf(snapshot);
  const stuck = new Set(snapshot.deadlocks.flatMap(({ steps }) => steps.map(({ holds }) => holds)));
  const rows = objects.map((object) =>
    h(Row, {
      key: object.id,
      id: object.id,
      cells: cellsOf(object, rates.get(object.id), waiters.get(object.id) ?? 0, snapshot.bootSeconds),
      tone: toneOf(object, stuck.has(object.id)),
      isSelected: object.id === selected,
    }),
  );
  return h(
    "div",
    { class: "scroll" },
    h("table", { class: "objects" }, [h("thead", null, h("tr", null, heads)), h("tbody", null, rows)]),
  );
}

/** Those whose type, name or process is like the text, in order. */
export function chosen(
  snapshot: Snapshot,
  rates: ReadonlyMap<string, Rate>,
  search: string,
  order: Order,
): ObjectView[] {
  const wanted = search.trim().toLowerCase();
  const isWanted = ({ type, name, id, state, attached }: ObjectView): boolean =>
    [type, name ?? id, state, ...attached.map((one) => `${one.pid} ${one.name}`)].some((text) =>
      text.toLowerCase().includes(wanted),
    );
  const waiters = waitersOf(snapshot);
  const key = (object: ObjectView): number | string => {
    const rate = rates.get(object.id);
    switch (order.by) {
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
      case "stay":
        return rate?.stay ?? -1;
      case "used":
        return object.used ?? object.size;
      case "processes":
        return new Set(object.attached.map(({ pid }) => pid)).size;
      case "waiters":
        return waiters.get(object.id) ?? 0;
      default:
        return -object.createdAt;
    }
  };
  const compare = (a: ObjectView, b: ObjectView): number => {
    const [left, right] = [key(a), key(b)];
    const byKey = typeof left === "string" ? left.localeCompare(String(right)) : Number(right) - left;
    return (order.isReversed ? -byKey : byKey) || (a.name ?? a.id).localeCompare(b.name ?? b.id);
  };
  return snapshot.objects.filter(isWanted).sort(compare);
}

function waitersOf({ waits }: Snapshot): Map<string, number> {
  const waiters = new Map<string, number>();
  for (const { object } of waits) waiters.set(object, (waiters.get(object) ?? 0) + 1);
  return waiters;
}

function toneOf(object: ObjectView, isStuck: boolean): string {
  if (isStuck || object.state === "damaged") return "bad";
  return object.abandoned || object.state === "left behind" ? "odd" : "";
}

function cellsOf(object: ObjectView, rate: Rate | undefined, waiters: number, now: number): string[] {
  const { capacity, used = 0, depth, attached, createdAt, state, abandoned } = object;
  return [
    object.type,
    object.name ?? object.id,
    abandoned ? "abandoned" : state,
    depth === undefined ? "–" : texts.count(depth),
    texts.rate(rate?.in),
    texts.rate(rate?.out),
    texts.stay(rate?.stay),
    capacity === undefined ? texts.bytes(object.size) : `${texts.bytes(used)} / ${texts.bytes(capacity)}`,
    texts.count(new Set(attached.filter(({ isAlive }) => isAlive).map(({ pid }) => pid)).size),
    texts.count(waiters),
    createdAt === 0 ? "–" : texts.age(now - createdAt),
  ];
}
