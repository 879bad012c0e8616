import type { WaitPlace } from "./wait-line.js";

/** Something that is waited for. */
export interface Wait {
  /** Tries to finish; true when nothing is left to wait for. Called often, so its first look must be cheap. */
  attempt(): boolean;
  /** Publishes that this thread waits; from now on whoever changes the object wakes it. */
  arm(): void;
  disarm(): void;
  /** Looks again who is alive, so that the next attempt can end. */
  recheck(): void;
  /** Threads whose death ends the wait. */
  peers(): readonly number[];
  /** Whether a process with nothing else to do stays alive for it. */
  readonly holdsLoop: boolean;
  /** Counts up with every step on the way (a piece of a long message), so that looking goes on while there are any. */
  readonly moved?: number;
  /** Where it stands among what its thread waits for in the event loop. */
  place?: WaitPlace | undefined;
}

/** How many steps of all of them were made. */
export function movedBy(waits: Iterable<Wait>): number {
  let sum = 0;
  for (const { moved } of waits) if (moved) sum = (sum + moved) | 0;
  return sum;
}
