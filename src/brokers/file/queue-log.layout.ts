import { layout } from "../../layout.js";

/** "IPCQ" and "LOG1" as little-endian words, and "FRAM". */
export const MAGIC = [0x51435049, 0x31474f4c] as const;
export const FRAME_MAGIC = 0x4d415246;
export const LOG_VERSION = 1;

/** At the start of `log`. */
export const logHead = layout("head of a queue's log", {
  magic0: ["u32", '"IPCQ"'],
  magic1: ["u32", '"LOG1"'],
  version: ["u32", `format version, ${LOG_VERSION}`],
  check: ["u32", "CRC-32 of the three words before"],
});

/** At {@link MARK_OFFSETS}: of two marks, the one with the larger number whose check holds is the log's. */
export const logMark = layout("mark of a queue's log", {
  number: ["f64", "counts up with every mark; number modulo 2 says where it stands"],
  synced: ["f64", "the log up to this byte is on the disk, and was whole"],
  suspect: ["u32", "1: a sync has failed since; the log is to be written anew before anything is confirmed"],
  check: ["u32", "CRC-32 of the bytes before"],
});

/** Each in a sector of its own, so that a torn one leaves the other. */
export const MARK_OFFSETS = [512, 1024] as const;

/** Frames begin here, one right behind the other. */
export const FRAMES_OFFSET = 4096;

/** Before each frame's records. A frame is one append: all of it counts or none. */
export const frameHead = layout("frame of a queue's log", {
  magic: ["u32", '"FRAM"'],
  length: ["u32", "bytes of the records behind this head"],
  position: ["f64", "where this frame stands in the file"],
  check: ["u32", "CRC-32 of the records"],
  headCheck: ["u32", "CRC-32 of the bytes before"],
});

/** What a record is: its first byte. Numbers are f64, counts and lengths u32, all little-endian and unaligned. */
export const RECORDS = {
  base: [0, "nextId f64, isShutDown u8: first in a log that was written anew"],
  put: [
    1,
    "id f64, notBefore f64, expires f64 (milliseconds since 1970; 0: none), priority u8, meta u32, body u32; meta as JSON, body",
  ],
  kept: [2, "deliveries u32, seat u32, rank f64, then as put: a message in a log that was written anew"],
  taken: [3, "seat u32, count u32, ids f64: handed to the consumer of that seat"],
  gone: [4, "count u32, ids f64: acknowledged, dropped or expired"],
  back: [5, "wasHanded u8, count u32, ids f64: ready again, in front of all others, in this order"],
  left: [6, "seat u32: its consumer is dead; what it had taken is ready again"],
  shut: [7, "nothing more is put"],
} as const satisfies Record<string, readonly [number, string]>;
