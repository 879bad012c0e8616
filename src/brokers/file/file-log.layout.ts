import { layout } from "../../layout.js";

/** "IPCQ" and "IPCT" as little-endian words: whose log it is. */
export const LOG_MAGICS = { queue: 0x51435049, topic: 0x54435049 } as const;
/** "LOG1" and "FRAM". */
export const LOG_MAGIC = 0x31474f4c;
export const FRAME_MAGIC = 0x4d415246;
export const LOG_VERSION = 1;

/** At the start of `log`. */
export const logHead = layout("head of a log", {
  magic0: ["u32", '"IPCQ" of a queue, "IPCT" of a topic'],
  magic1: ["u32", '"LOG1"'],
  version: ["u32", `format version, ${LOG_VERSION}`],
  check: ["u32", "CRC-32 of the three words before"],
});

/** At {@link MARK_OFFSETS}: of two marks, the one with the larger number whose check holds is the log's. */
export const logMark = layout("mark of a log", {
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
export const frameHead = layout("frame of a log", {
  magic: ["u32", '"FRAM"'],
  length: ["u32", "bytes of the records behind this head"],
  position: ["f64", "where this frame stands in the file"],
  check: ["u32", "CRC-32 of the records"],
  headCheck: ["u32", "CRC-32 of the bytes before"],
});
