import { layout } from "../layout.js";
import { guardHead } from "./guard.layout.js";
import { waitersBytes } from "./waiters.layout.js";

/** A barrier; guard, waiters and rows follow. */
export const rendezvousHead = layout("barrier", {
  parties: ["u32", "how many have to arrive"],
  cycle: ["u32", "counts up when all have arrived, and with every reset"],
  arrived: ["u32", "how many have, in this cycle"],
  broken: ["u32", "1 until a reset: nobody waits any more"],
  timeoutMs: ["u32", "what a wait without a timeout of its own has; 0xffffffff: none"],
});

/** One for each attachment. */
export const partyRow = layout("party of a barrier", {
  owner: ["u32", "owner word of the thread"],
  isParty: ["u32", "1: it has waited here, so that its death breaks the barrier"],
  cycle: ["u32", "the cycle of its last arrival"],
  arrived: ["u32", "how many of its functions arrived in that cycle"],
  brokenCycle: ["u32", "the same number as cycle: that one was broken"],
});

/** Word indexes of the parts, from the body's start. */
export const rendezvousGuard = rendezvousHead.bytes / 4;
export const rendezvousWaiters: number = rendezvousGuard + guardHead.bytes / 4;
export const partyRows = (maxAttached: number): number => rendezvousWaiters + waitersBytes(maxAttached) / 4;
export const rendezvousBytes = (maxAttached: number): number =>
  partyRows(maxAttached) * 4 + maxAttached * partyRow.bytes;
