import { layout } from "../layout.js";
import { guardHead } from "./guard.layout.js";

/** A lock for readers and writers; guard and rows follow. */
export const readWriteHead = layout("read-write lock", {
  writer: ["u32", "owner word of the thread that writes, 0 when none does"],
  abandoned: ["u32", "1 since a writer died, until one releases normally"],
  reads: ["u32", "how often it is held for reading"],
  waiting: ["u32", "how many wait for it"],
  lastTicket: ["u32", "the ticket that was drawn last"],
});

/** One for each attachment. */
export const readWriteRow = layout("a thread at a read-write lock", {
  owner: ["u32", "owner word of the thread"],
  reads: ["u32", "how often it holds the lock for reading"],
  writes: ["u32", "1: it holds it for writing"],
  readers: ["u32", "how many of its functions wait to read"],
  firstReader: ["u32", "ticket of the first of them"],
  writers: ["u32", "how many wait to write"],
  firstWriter: ["u32", "ticket of the first of them"],
});

/** Word indexes of the parts, from the body's start. */
export const readWriteGuard = readWriteHead.bytes / 4;
export const readWriteRows: number = readWriteGuard + guardHead.bytes / 4;
export const readWriteBytes = (maxAttached: number): number => readWriteRows * 4 + maxAttached * readWriteRow.bytes;
