import { layout } from "../layout.js";
import { RING_CONTROL_BYTES } from "./record-ring.layout.js";

/** Behind header and attachments of a pipe. Ring i is written by end i and read by the other end. */
export const pipeBody = layout("pipe", {
  duplex: ["u32", "1: both ends send; 0: end 1 sends, end 0 receives"],
  maxMessage: ["u32", "the longest message, in bytes"],
});

/** Byte offset of ring i's control words from the body's start. */
export const ringControlOffset = (ring: number): number => 128 + ring * RING_CONTROL_BYTES;
export const PIPE_BODY_BYTES = ringControlOffset(2);

/** Bits of end i in the bitmap of waiting attachments: it waits for data, for space. */
export const dataBit = (end: number): number => 1 << (2 * end);
export const spaceBit = (end: number): number => 2 << (2 * end);
