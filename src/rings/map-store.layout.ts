import { layout } from "../layout.js";

/** The words of a map's store; whoever writes them is alone (see guard.ts), except `version`, which readers read too. */
export const mapHead = layout("map store", {
  version: ["u32", "counts up with each entry that is removed, modulo 2^32"],
  clock: ["u32", "counts up by two with each entry that is made, modulo 2^32: the time for least recently used"],
  entries: ["u32", "entries that there are, also those whose time is over and which nobody has met since"],
  free: ["u32", "blocks that belong to no entry"],
  cursor: ["u32", "where the next free block is looked for"],
  hand: ["u32", "where the next sample of entries to be evicted begins"],
  evicted: ["u32", "entries that were removed for want of room, modulo 2^32"],
  expired: ["u32", "entries that were removed because their time was over, modulo 2^32"],
  firstExpiry: ["f64", "no entry's time is over before this, in milliseconds since boot; 0: none has a time"],
});

/** One row a block; one whose sequence is even and not 0 is an entry that begins in this block, or was half made. */
export const mapEntry = layout("map entry", {
  sequence: ["u32", "odd while nobody may read it; counts up with each entry that was made here, modulo 2^32"],
  hash: ["u32", "of its key"],
  next: ["u32", "the next entry in its bucket, counted from 1; 0 for the last"],
  key: ["u32", "bytes of its key, which stand before the value's, and from bit 24 on the key's kind"],
  length: ["u32", "bytes of key and value"],
  format: ["u32", "of the value: 0 structured, 1 bytes"],
  used: ["u32", "the clock when it was made, or one more when it was read since"],
  expires: ["f64", "when its time is over, in milliseconds since boot; 0: never"],
});

/** Behind the rows: a word for each block's chain, as in an item store, then a word for each bucket. */
export const MAP_ROW: number = mapEntry.bytes / 4;

/** How a key's bytes are to be understood; other kinds of keys never equal each other. */
export const KEY_KINDS = { latin1: 0, utf16: 1, number: 2 } as const;

/** The longest key. */
export const MOST_KEY_BYTES = 4096;

/** Words of rows, chains and buckets of a map with so many blocks. */
export function mapTableBytes(blocks: number): number {
  return blocks * (mapEntry.bytes + 4) + bucketsFor(blocks) * 4;
}

/** Buckets: a power of two, at least one for each block. */
export const bucketsFor = (blocks: number): number => 2 ** Math.ceil(Math.log2(Math.max(blocks, 2)));
