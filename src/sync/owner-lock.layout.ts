import { layout } from "../layout.js";
import { waitersBytes } from "./waiters.layout.js";

/** A lock, wherever it stands: an object of its own, or part of a value, an array, a condition. */
export const lockHead = layout("lock", {
  holder: ["u32", "owner word of the thread that holds it, 0 when it is free"],
  abandoned: ["u32", "1 since a holder died, until one releases normally"],
  starving: ["u32", "owner word of a waiter before whom nobody may take it, 0 when there is none"],
});

/** Word index, from the lock's, of who waits for it. */
export const lockWaiters: number = lockHead.bytes / 4;
export const lockBytes = (maxAttached: number): number => lockHead.bytes + waitersBytes(maxAttached);
