import { layout } from "../layout.js";

/** Bytes of one block; an item takes as many as it needs. */
export const BLOCK = 128;

/** The words of a store of items; whoever reads or writes more than one of them is alone (see guard.ts). */
export const storeHead = layout("item store", {
  blocks: ["u32", "how many blocks there are"],
  free: ["u32", "blocks that belong to no item"],
  cursor: ["u32", "where the next free block is looked for"],
  ready: ["u32", "items that can be taken"],
  taken: ["u32", "items that somebody has taken and not given back or acknowledged"],
  writing: ["u32", "items that are being written"],
  first: ["u32", "the item that is taken next, counted from 1; 0 when there is none"],
  last: ["u32", "the item that is taken last, counted from 1; 0 when there is none"],
  lastOrder: ["u32", "the order that was given out last"],
  lastOrderHigh: ["u32", "its upper half, by priority"],
  puts: ["u32", "items that were put, modulo 2^32"],
  takes: ["u32", "items that were taken, modulo 2^32"],
});

/** One row a block; a row whose state is not 0 is an item that begins in this block. */
export const itemRow = layout("item", {
  state: ["u32", "0 no item begins here, 1 being written, 2 ready, 3 taken"],
  owner: ["u32", "owner word of who writes it or has taken it"],
  length: ["u32", "its bytes"],
  flags: [
    "u32",
    "bits 0-7 format; 10 handles follow the value; 11 the bytes name a segment that holds the message; 12 texts that go along stand before it",
  ],
  deliveries: ["u32", "how often it was taken"],
  order: ["u32", "its place in the line, modulo 2^32: smaller goes first"],
  orderHigh: ["u32", "its upper half, by priority"],
  link: [
    "u32",
    "the ready item behind it, counted from 1; 0 for the last. By priority: the item at this place of the heap",
  ],
  priority: ["f64", "what it was put with; smaller goes first where that counts"],
});

export const STATES = { none: 0, writing: 1, ready: 2, taken: 3 } as const;
/**
 * Behind the rows, a word for each block: the item's next block, counted from 1; LAST; or FREE, as in fresh memory. They
 * stand together, so that a long item's chain is in few cache lines.
 */
export const FREE = 0;
export const LAST = -1;
/** Bytes of the row and the word of one block. */
export const BLOCK_CONTROL_BYTES: number = itemRow.bytes + 4;
/** Further bits of an item's flags, beside those of records. */
export const SPILLED = 0x800;
export const HEADED = 0x1000;
