/*
 * The objects that a manager of ours serves, and who holds them.
 *
 * Idea    Python's clients count their references by requests of their own. Over a unix socket it is known which process
 *         such a request comes from, so each reference is counted under its process.
 * States  served, with one reference or more -> gone. What was registered itself, and not made by a call, is kept by the registry
 *         and only its id goes.
 * Death   References of a process that is gone are dropped at the next look, within a second. Over TCP nobody can tell who
 *         asks: there they stay until the server closes.
 * Limits  A process's number may be given again: it is told apart by when it was started.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Face } from "./face.js";

const LOOK_MS = 500;

/** Who holds references: a process, or nobody in particular. */
type Holder = string;
const SOMEBODY: Holder = "";

interface Entry {
  readonly id: string;
  readonly face: Face;
  readonly typeid: string;
  readonly holders: Map<Holder, number>;
}

export class ServedObjects {
  private readonly entries = new Map<string, Entry>();
  private readonly ids = new Map<Face, Entry>();
  private timer: NodeJS.Timeout | undefined;

  get count(): number {
    this.look();
    return this.entries.size;
  }

  /** Serves an object, with one reference of whoever asked; gives its id. */
  add(face: Face, typeid: string, pid: number | undefined): string {
    const known = this.ids.get(face);
    const entry = known ?? { id: randomBytes(8).toString("hex"), face, typeid, holders: new Map<Holder, number>() };
    if (!known) {
      this.entries.set(entry.id, entry);
      this.ids.set(face, entry);
    }
    this.hold(entry, pid);
    return entry.id;
  }

  find(id: unknown): Entry | undefined {
    return typeof id === "string" ? this.entries.get(id) : undefined;
  }

  hold({ holders }: Entry, pid: number | undefined): void {
    const holder = holderOf(pid);
    holders.set(holder, (holders.get(holder) ?? 0) + 1);
    if (holder === SOMEBODY || this.timer) return;
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  release(entry: Entry, pid: number | undefined): void {
    const { holders } = entry;
    const own = holderOf(pid);
    const holder = holders.has(own) ? own : (holders.keys().next().value as Holder);
    const count = holders.get(holder) ?? 0;
    if (count > 1) holders.set(holder, count - 1);
    else holders.delete(holder);
    this.dropIfUnheld(entry);
  }

  close(): void {
    clearInterval(this.timer);
    this.entries.clear();
    this.ids.clear();
  }

  /** Drops the references of processes that are gone. */
  private look(): void {
    const known = new Map<Holder, boolean>();
    for (const entry of this.entries.values()) {
      for (const holder of entry.holders.keys()) {
        if (holder === SOMEBODY) continue;
        if (!known.has(holder)) known.set(holder, isThere(holder));
        if (!known.get(holder)) entry.holders.delete(holder);
      }
      this.dropIfUnheld(entry);
    }
  }

  private dropIfUnheld(entry: Entry): void {
    if (entry.holders.size > 0) return;
    this.entries.delete(entry.id);
    this.ids.delete(entry.face);
  }
}

/** The process's number and when it was started; a zombie is gone. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

const holderOf = (pid: number | undefined): Holder => (pid === undefined ? SOMEBODY : (startOf(pid) ?? SOMEBODY));

const isThere = (holder: Holder): boolean => startOf(Number(holder.split(" ")[0])) === holder;
