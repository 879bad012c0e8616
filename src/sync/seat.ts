import type { Words } from "../memory/words.js";

/**
 * A thread's seat at one object: all that an algorithm of this folder needs to know of the world. Tests put other seats
 * in its place, of parties that are run step by step.
 */
export interface Seat {
  readonly words: Words;
  /** This thread's owner word. */
  readonly self: number;
  /** This thread's entry in the object's table of attachments. */
  readonly index: number;
  readonly maxAttached: number;
  /** The owner word in an entry of that table. */
  ownerAt(index: number): number;
  isAlive(owner: number): boolean;
  /** Wakes a thread that may be asleep. False: there is no such thread any more; a killed one may still seem to be there. */
  wake(owner: number): boolean;
  /** Says by this thread's bit that it waits for something at this object, and for what (`WAITS`). */
  armed(waitsFor: number): void;
  /** The same again: somebody may have cleared the bit, taking this thread for the dead one that sat here before. */
  announce(): void;
  /** One thing less that this thread waits for here. */
  disarmed(): void;
  /** The words of the bitmap of attachments that wait. */
  waitingBits(word: number): number;
  /** Clears the bit of an entry's dead owner; whoever sits there by now keeps it, and is woken to look again. */
  clearWaiting(index: number, owner: number): void;
}
