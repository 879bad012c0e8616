/*
 * Owner word: who holds something, in one 32-bit word, so that one compare-and-swap both takes the thing and says who
 * has it. The low 12 bits are the thread's slot in the registry, the high 20 the slot's generation (1 and up), which
 * changes each time the slot is handed out: a dead owner's word never comes to mean somebody else until one slot has
 * been handed out a million times.
 *
 * Words below 4,096 have generation 0, which no thread ever has; they are free for states without an owner.
 */

export const SLOTS = 4096;
const SLOT_MASK = SLOTS - 1;
export const LAST_GENERATION = 0xf_ffff;

/** Nobody. */
export const VACANT = 0;
/** A pipe's end that was handed over and not taken yet: alive as long as the link that carries it. */
export const IN_FLIGHT = 1;
/** Closed for good. */
export const CLOSED = 2;

export const ownerWord = (slot: number, generation: number): number => (generation << 12) | slot;
export const slotOf = (owner: number): number => owner & SLOT_MASK;
export const generationOf = (owner: number): number => owner >>> 12;
export const isOwner = (word: number): boolean => word >>> 12 !== 0;
