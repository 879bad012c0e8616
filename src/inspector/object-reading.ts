import { waitersHead } from "../sync/waiters.layout.js";
import type { Entry, ObjectFile } from "./object-file.js";
import type { HolderView, ObjectView, WaitView } from "./snapshot-model.js";

/** What the reader of a kind finds; the rest is the same for all. */
export interface Findings
  extends Pick<ObjectView, "type" | "facts">,
    Partial<Pick<ObjectView, "depth" | "used" | "capacity" | "counts" | "holders" | "consumers" | "abandoned">> {
  readonly waits?: readonly Omit<WaitView, "object">[];
}

/** One object's file and its attached threads, with the questions that the readers of all kinds ask. */
export class ObjectReading {
  constructor(
    readonly file: ObjectFile,
    readonly entries: readonly Entry[],
    readonly isAlive: (owner: number) => boolean,
  ) {}

  /** How a thread is called. */
  thread(owner: number): string {
    return `${owner & 0xfff}.${owner >>> 12}`;
  }

  /** The thread of an owner word, if it lives. */
  living(owner: number): string | undefined {
    return owner >>> 12 !== 0 && this.isAlive(owner) ? this.thread(owner) : undefined;
  }

  /** Living threads with a ticket in a line of waiters that stands at a word of `body`, the longest wait first. */
  line(body: Buffer, at: number): { thread: string; token: number }[] {
    const table = at * 4 + waitersHead.bytes;
    const last = body.readUInt32LE(at * 4 + waitersHead.offset.lastTicket);
    return this.entries
      .filter(({ isWaiting, owner }) => isWaiting && this.isAlive(owner))
      .map(({ index, owner }) => ({ thread: this.thread(owner), token: body.readUInt32LE(table + index * 4) }))
      .filter(({ token }) => token !== 0)
      .sort((a, b) => ((last - b.token) >>> 0) - ((last - a.token) >>> 0));
  }

  /** The waits of a line for which the same is true of all. */
  waits(
    body: Buffer,
    at: number,
    what: Pick<WaitView, "waitsFor" | "blockers" | "endedBy">,
  ): Omit<WaitView, "object">[] {
    return this.line(body, at).map((one) => ({ ...one, ...what }));
  }

  /** Rows of a table with one for each attachment, whose first word is the owner's, of living threads. */
  rows(body: Buffer, at: number, rowBytes: number): { thread: string; row: (offset: number) => number }[] {
    return this.entries.flatMap(({ index, owner }) => {
      const start = at * 4 + index * rowBytes;
      if (body.readUInt32LE(start) !== owner || !this.isAlive(owner)) return [];
      return [{ thread: this.thread(owner), row: (offset: number) => body.readUInt32LE(start + offset) }];
    });
  }

  /** Who holds, as far as they live. */
  holder(owner: number, how: HolderView["how"]): HolderView[] {
    const thread = this.living(owner);
    return thread === undefined ? [] : [{ thread, how, count: 1 }];
  }
}
