import { layout } from "../../layout.js";
import { lockBytes } from "../../sync/owner-lock.layout.js";

/** What an element is; the number stands in the `detail` of a value's or an array's header. All are little-endian. */
export const ELEMENT_KINDS = {
  i8: 1,
  u8: 2,
  i16: 3,
  u16: 4,
  i32: 5,
  u32: 6,
  i64: 7,
  u64: 8,
  f32: 9,
  f64: 10,
  bool: 11,
} as const;

/**
 * Behind header and attachments of a value, on a cache line of its own: who has just written reads `watched` for
 * nothing.
 */
export const valueBody = layout("shared value", {
  value: ["f64", "the value, in the first of 8 bytes; what it is, the header's detail says"],
  watched: ["u32", "0: nobody waits for a change; 1: somebody may, and the bitmap says who"],
});

/** The same of an array; its elements are the block. */
export const arrayBody = layout("shared array", {
  watched: ["u32", "0: nobody waits for a change; 1: somebody may, and the bitmap says who"],
});

/** Word index, from the body's start, of the lock that goes with a value, or an array. */
export const valueLock: number = valueBody.bytes / 4;
export const arrayLock: number = arrayBody.bytes / 4;
export const valueBytes = (maxAttached: number): number => valueBody.bytes + lockBytes(maxAttached);
export const arrayBytes = (maxAttached: number): number => arrayBody.bytes + lockBytes(maxAttached);
