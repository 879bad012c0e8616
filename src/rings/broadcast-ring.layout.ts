import { layout } from "../layout.js";

/** Positions count units of so many bytes: a message begins at a whole one, so that its header never wraps. */
export const UNIT = 16;
/** The head passes a new era with each of its eighths of 2^32. */
export const ERA_SHIFT = 29;

/** The words of a broadcast ring. Only whoever is alone changes them (see guard.ts). */
export const broadcastHead = layout("broadcast ring", {
  units: ["u32", "capacity in units of 16 bytes"],
  head: ["u32", "position behind the newest message, in units, modulo 2^32"],
  tail: ["u32", "position of the oldest message that is still there"],
  era: ["u32", "which eighth of 2^32 units the head is in, counted for ever modulo 2^32"],
  resume: ["u32", "position of a message well behind the head, where a reader that was overtaken goes on"],
  nextResume: ["u32", "the position that `resume` gets next"],
  sequenceLow: ["u32", "the number of the next message, lower half"],
  sequenceHigh: ["u32", "the number of the next message, upper half"],
});

/** What stands before each message. */
export const broadcastRecord = layout("broadcast message", {
  bytes: ["u32", "length of the message's bytes; they begin behind the key, at a multiple of 4"],
  flags: [
    "u32",
    "bits 0-7 format; 10 handles follow; 11 the bytes name a segment that holds them; 16-23 bytes of the key",
  ],
  sequenceLow: ["u32", "its number, lower half"],
  sequenceHigh: ["u32", "its number, upper half"],
});

/** How far `flags` is shifted for the key's length. */
export const KEY_SHIFT = 16;
