import { layout } from "../layout.js";

/** The control words of one ring: the writer's and the reader's on cache lines of their own. */
export const ringWriterLine = layout("ring, writer's line", {
  tail: ["u32", "position up to which records are there; the writer's"],
  wanted: ["u32", "free bytes the writer waits for while it waits"],
  messages: ["f64", "messages written; the writer's count"],
  bytes: ["f64", "payload bytes written; the writer's count"],
});

export const ringReaderLine = layout("ring, reader's line", {
  head: ["u32", "position up to which records are read; the reader's"],
  unused: ["u32", "0"],
  messages: ["f64", "messages read; the reader's count"],
  bytes: ["f64", "payload bytes read; the reader's count"],
});

/** Bytes from the writer's line to the reader's, and of both together. */
export const RING_LINE = 128;
export const RING_CONTROL_BYTES = 2 * RING_LINE;

export const recordHeader = layout("record", {
  length: ["u32", "payload bytes; the next record begins behind them at a multiple of 8"],
  flags: ["u32", "bits 0-7 format; 8 first and 9 last piece of a message; 10 handles follow the value"],
});

/** Bits of a record's flags. */
export const FORMAT_MASK = 0xff;
export const FIRST = 0x100;
export const LAST = 0x200;
export const HANDLES = 0x400;

/** What a payload is. */
export const FORMATS = { structured: 0, bytes: 1 } as const;

/** A first piece that is not the last one begins with the whole message's length, in two words (low, high). */
export const TOTAL_BYTES = 8;
