import type { Rate } from "../../inspector/rates.js";
import type { ObjectView, Snapshot } from "../../inspector/snapshot-model.js";
import { counted, grouped } from "../figures.js";
import { objectRow } from "../object-row.js";
import { printable } from "../printable.js";
import type { Screen } from "../screen.js";
import { textTable } from "../text-table.js";
import type { TopView } from "./view.js";

const HEADING = ["TYPE", "NAME", "STATE", "DEPTH", "IN/s", "OUT/s", "STAY", "SIZE", "WAITERS", "OWNER", "AGE"];
const NUMBERS = new Set([3, 4, 5, 6, 7, 8, 10]);
/** Name and owner: what may be long. */
const TEXTS = [1, 9];
/** Lines beside the table. */
const AROUND = 4;

/** One screen of `top`. */
export function frame(
  shot: Snapshot,
  rates: ReadonlyMap<string, Rate>,
  view: TopView,
  { colors, columns, isTerminal }: Screen,
  rows: number,
): string {
  const objects = sorted(shot, rates, view);
  const room = Math.max(1, rows - AROUND - shot.deadlocks.length);
  view.from = Math.max(0, Math.min(view.from, objects.length - Math.min(room, objects.length)));
  const shown = objects.slice(view.from, Number.isFinite(room) ? view.from + room : undefined);
  const cut = (line: string): string => (isTerminal ? line.slice(0, columns - 1) : line);
  const lines = shown.map((object) => {
    const row = objectRow(object, shot);
    const { in: into, out, stay } = rates.get(object.id) ?? {};
    const figure = (value: number | undefined): string => (value === undefined ? "-" : grouped(value));
    const wait = stay === undefined ? "-" : stay < 1 ? `${(stay * 1000).toFixed(1)} ms` : `${stay.toFixed(1)} s`;
    const { type, name, state, depth, size, waiters, owner, age } = row;
    return [type, name, state, depth, figure(into), figure(out), wait, size, waiters, owner, age];
  });
  const [heading, ...body] = textTable(
    HEADING,
    lines,
    NUMBERS,
    isTerminal ? { width: columns - 1, shorten: TEXTS } : undefined,
  );
  const living = shot.processes.filter(({ isAlive }) => isAlive).length;
  const order = `sorted by ${view.sort}${view.isReversed ? ", reversed" : ""}${view.isPaused ? ", paused" : ""}`;
  const sum = `${counted(shot.objects.length, "object")}, ${living === 1 ? "1 process" : `${living} processes`}, ${order}`;
  const filter = view.filter || view.isTyping ? `  /${printable(view.filter)}${view.isTyping ? "_" : ""}` : "";
  const help = isTerminal ? [colors.dim(cut("q end  s sort  r reverse  / filter  p pause  arrows scroll"))] : [];
  const circles = shot.deadlocks.map(({ isCertain, text }) =>
    isCertain ? colors.red(cut(`deadlock: ${text}`)) : colors.yellow(cut(`possible deadlock: ${text}`)),
  );
  return [cut(sum + filter), ...circles, colors.bold(heading), ...body, ...help].join("\n");
}

function sorted(shot: Snapshot, rates: ReadonlyMap<string, Rate>, view: TopView): ObjectView[] {
  const waiters = new Map<string, number>();
  for (const { object } of shot.waits) waiters.set(object, (waiters.get(object) ?? 0) + 1);
  const number = (object: ObjectView): number => {
    switch (view.sort) {
      case "in":
        return rates.get(object.id)?.in ?? -1;
      case "out":
        return rates.get(object.id)?.out ?? -1;
      case "waiters":
        return waiters.get(object.id) ?? 0;
      case "size":
        return object.used ?? object.size;
      case "age":
        return -object.createdAt;
      default:
        return object.depth ?? -1;
    }
  };
  const text = (object: ObjectView): string => (view.sort === "type" ? object.type : (object.name ?? object.id));
  const isText = view.sort === "name" || view.sort === "type";
  const direction = view.isReversed ? -1 : 1;
  const wanted = view.filter.toLowerCase();
  return shot.objects
    .filter(({ type, name, id }) => `${type} ${name ?? id}`.toLowerCase().includes(wanted))
    .sort((a, b) => {
      const order = isText ? text(a).localeCompare(text(b)) : number(b) - number(a);
      return direction * (order || (a.name ?? a.id).localeCompare(b.name ?? b.id));
    });
}
