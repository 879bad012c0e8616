import { layout } from "../layout.js";

/** How many messages may be on their way to one worker at once: a power of two. */
export const SLOTS = 256;

/** One word for each message on its way (by its number, modulo {@link SLOTS}), then this head. */
export const workHead = layout("work slots", {
  step: ["u32", "which item of the work that was begun last the worker is at, counted from 0"],
});

/** 32-bit words that the slots and their head take. */
export const WORK_WORDS: number = SLOTS + workHead.bytes / 4;

/** The low two bits of a slot; above them stands the message's number, modulo 2^30. */
export const WORK_STATES = { none: 0, offered: 1, begun: 2, withdrawn: 3 } as const;
