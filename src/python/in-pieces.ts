import { deadlineOf, now, timedOut, type WaitOptions } from "../deadline.js";

/** A wait in the manager is renewed after so many milliseconds: so long one that nobody is interested in any more goes on. */
const PIECE_MS = 250;

/**
 * Waits in a manager, in pieces, between which a signal is looked at. What a piece gives is never given up, so nothing is lost
 * by a timeout or a signal. `attempt` waits so many seconds, and gives undefined when that was in vain.
 *
 * @throws TimeoutError
 */
export async function inPieces<R extends object>(
  operation: string,
  { timeout, signal }: WaitOptions,
  attempt: (seconds: number) => Promise<R | undefined>,
): Promise<R> {
  const deadline = deadlineOf(timeout, operation);
  for (;;) {
    signal?.throwIfAborted();
    const left = Math.max(0, deadline - now());
    const got = await attempt(Math.min(left, PIECE_MS) / 1000);
    if (got !== undefined) return got;
    if (left <= PIECE_MS) throw timedOut(operation, timeout);
  }
}
