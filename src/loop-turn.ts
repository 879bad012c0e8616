import { afterTurn } from "./after-turn.js";
import { now } from "./deadline.js";

const MOST_MS = 1;
const LOOK_EVERY = 16;

let begun = 0;
let count = 0;

function ended(): void {
  begun = 0;
}

/**
 * Whether an awaiting call that could answer at once should let the event loop turn first: calls that are always ready
 * only ever run microtasks, and timers and I/O would starve. True at most once a millisecond of uninterrupted calls.
 */
export function turnIsDue(): boolean {
  // whoever waits between his calls hardly ever gets further than this
  if (++count % LOOK_EVERY !== 0) return false;
  if (begun > 0) return now() - begun > MOST_MS;
  begun = now();
  afterTurn(ended);
  return false;
}

/** The same promise, but not before timers and I/O have had their turn, if that is due. */
export function withTurn<T>(promise: Promise<T>): Promise<T> {
  return turnIsDue() ? Promise.all([promise, nextTurn()]).then(([value]) => value) : promise;
}

/** Resolves once timers and I/O had their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => afterTurn(resolve));
}
