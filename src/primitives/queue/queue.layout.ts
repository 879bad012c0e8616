import { layout, Parts } from "../../layout.js";
import { BLOCK_CONTROL_BYTES, storeHead } from "../../rings/item-store.layout.js";
import { guardHead } from "../../sync/guard.layout.js";
import { waitersBytes } from "../../sync/waiters.layout.js";

/** Behind header and attachments of a queue; its blocks are the segment's block. */
export const queueHead = layout("queue", {
  discipline: ["u32", "0 first in first out, 1 last in first out, 2 by priority, 3 ends of connections for a listener"],
  maxItems: ["u32", "ready items at most; 0: as many as there is memory for"],
  maxDeliveries: ["u32", "an item that was taken so often goes to the dead letters; 0: never"],
  shutdown: ["u32", "0 open, 1 nothing more is put, 2 and what was there was dropped"],
  claimOwner: ["u32", "owner word of a putter that has waited long, 0 when there is none"],
  claimBlocks: ["u32", "the blocks that others leave free for it"],
  deadLetter: ["text:208", "the name of the queue of dead letters, empty when it has none or is anonymous"],
});

export const DISCIPLINES = ["fifo", "lifo", "priority", "listener"] as const;

/** Word indexes of a queue's parts, from its body's start. */
export interface QueuePlan {
  readonly guard: number;
  readonly store: number;
  readonly readers: number;
  readonly writers: number;
  readonly joiners: number;
  /** One word for each attachment: how many items are under that thread's owner word, taken or being written. */
  readonly held: number;
  /** The same for those of them whose taker waits itself, or that only wait for room among the dead letters. */
  readonly resting: number;
  /** One `itemRow` for each block, then a word for each block's chain. */
  readonly rows: number;
  readonly bytes: number;
}

export function queuePlan(maxAttached: number, blocks: number): QueuePlan {
  const parts = new Parts();
  parts.add(queueHead.bytes);
  return {
    guard: parts.add(guardHead.bytes),
    store: parts.add(storeHead.bytes),
    readers: parts.add(waitersBytes(maxAttached)),
    writers: parts.add(waitersBytes(maxAttached)),
    joiners: parts.add(waitersBytes(maxAttached)),
    held: parts.add(maxAttached * 4),
    resting: parts.add(maxAttached * 4),
    rows: parts.add(blocks * BLOCK_CONTROL_BYTES),
    bytes: parts.bytes,
  };
}
