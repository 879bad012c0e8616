import type { ObjectView, Snapshot } from "../inspector/snapshot-model.js";
import { ageText } from "./age-text.js";
import { bytesText, grouped } from "./figures.js";
import { printable } from "./printable.js";

/** What one line says of an object. */
export interface ObjectRow {
  readonly type: string;
  readonly name: string;
  readonly state: string;
  readonly depth: string;
  readonly size: string;
  readonly processes: string;
  readonly waiters: string;
  readonly owner: string;
  readonly age: string;
}

const SHOWN_PROCESSES = 3;

export function objectRow(object: ObjectView, { threads, waits, bootSeconds }: Snapshot): ObjectRow {
  const pidOf = new Map(threads.map(({ thread, pid, name }) => [thread, processText(pid, name)]));
  const living = object.attached.filter(({ isAlive }) => isAlive);
  const processes = [...new Set(living.map(({ pid, name }) => processText(pid, name)))];
  const owners = [...new Set(object.holders.map(({ thread }) => pidOf.get(thread) ?? thread))];
  const waiters = waits.filter((wait) => wait.object === object.id).length;
  return {
    type: object.type,
    name: object.name === undefined ? `(${object.id})` : printable(object.name),
    state: object.abandoned ? `${object.state}, abandoned` : object.state,
    depth: object.depth === undefined ? "-" : grouped(object.depth),
    size:
      object.capacity === undefined
        ? bytesText(object.size)
        : `${bytesText(object.used ?? 0)} of ${bytesText(object.capacity)}`,
    processes: shortened(processes),
    waiters: grouped(waiters),
    owner: shortened(owners),
    age: object.createdAt === 0 ? "-" : ageText(bootSeconds - object.createdAt),
  };
}

/** `4711 worker`: as a process calls itself. */
export const processText = (pid: number, name: string): string => `${pid}${name === "" ? "" : ` ${printable(name)}`}`;

function shortened(parts: readonly string[]): string {
  if (parts.length === 0) return "-";
  const more = parts.length - SHOWN_PROCESSES;
  return parts.slice(0, SHOWN_PROCESSES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
