import { layout } from "../layout.js";
import { guardHead } from "./guard.layout.js";
import { waitersBytes } from "./waiters.layout.js";

/** A semaphore; guard, waiters and rows follow. */
export const permitsHead = layout("semaphore", {
  free: ["u32", "permits that nobody holds"],
  total: ["u32", "permits that there are, held or free; of a plain counter those that it began with"],
  starving: ["u32", "owner word of a waiter for which the last free permit is kept, 0 when there is none"],
  isPlain: ["u32", "1: permits have no owners, and only `free` counts"],
});

/** One for each attachment. */
export const permitRow = layout("permits of a thread", {
  owner: ["u32", "owner word of the thread that holds them; dead: they are free"],
  held: ["u32", "how many it holds"],
});

/** Word indexes of a semaphore's parts, from its body's start. */
export const permitsGuard = permitsHead.bytes / 4;
export const permitsWaiters: number = permitsGuard + guardHead.bytes / 4;
export const permitRows = (maxAttached: number): number => permitsWaiters + waitersBytes(maxAttached) / 4;
export const permitsBytes = (maxAttached: number): number =>
  permitRows(maxAttached) * 4 + maxAttached * permitRow.bytes;
