import { layout } from "../layout.js";
import { guardHead } from "./guard.layout.js";

/** A condition's notices; guard and rows follow, then its own lock. */
export const noticesHead = layout("condition", {
  lastTicket: ["u32", "the ticket that was drawn last"],
  hasOwnLock: ["u32", "1: it goes with the lock in its own object, 0: with another one"],
});

/** One for each attachment. */
export const noticeRow = layout("waits of a thread at a condition", {
  owner: ["u32", "owner word of the thread"],
  waiting: ["u32", "how many of its functions wait"],
  granted: ["u32", "how many of those may go on and have not yet"],
  oldest: ["u32", "ticket of the first of them"],
  newest: ["u32", "ticket of the last one that began"],
  upTo: ["u32", "what is granted is for tickets up to this one"],
});

/** Word indexes of the parts, from the body's start. */
export const noticesGuard = noticesHead.bytes / 4;
export const noticeRows: number = noticesGuard + guardHead.bytes / 4;
export const conditionLock = (maxAttached: number): number => noticeRows + (maxAttached * noticeRow.bytes) / 4;
