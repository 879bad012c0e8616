import { layout } from "../layout.js";
import { waitersBytes } from "./waiters.layout.js";

/** An event; its waiters follow. */
export const eventHead = layout("event", {
  turns: ["u32", "counts every set and every clear; odd: it is set"],
});

/** Word index, from the event's, of who waits for it. */
export const eventWaiters: number = eventHead.bytes / 4;
export const eventBytes = (maxAttached: number): number => eventHead.bytes + waitersBytes(maxAttached);
