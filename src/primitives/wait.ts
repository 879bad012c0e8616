import { deadlineOf, now, type WaitOptions } from "../deadline.js";
import { UsageError } from "../errors.js";
import { nextTurn, turnIsDue } from "../loop-turn.js";
import { READY, type Readiness, type Waitable } from "../readiness.js";

/** A timer cannot be longer; after that it is looked again. */
const LONGEST_MS = 2 ** 31 - 1;
/** Why the other objects are not waited for any more. */
const SOME_ARE_READY = new Error("another object is ready");

/**
 * Waits until at least one of the objects is ready, and gives all that are, in the order in which they were given; none
 * at the `timeout` (in milliseconds; a negative one counts as 0).
 *
 * A connection or a UDP socket is ready when a receive would not wait: a message is there, or the end. A queue, stack or subscription when
 * `get` would not wait: a message is there, or it was shut down and nothing more will come. A `SharedEvent` when it is set,
 * or was set since. A process when it has ended. Nothing is consumed: by the time something is taken, another consumer may
 * have been faster, so take with `tryGet`, `tryRecv` or a timeout. Waiting here holds up no other consumer: a message that
 * this call was woken for is told to the next one, too.
 *
 * A wait that is given up, or whose process is killed, leaves nothing behind. The idea is Python's
 * `multiprocessing.connection.wait`.
 *
 * @throws ClosedError when one of the objects is closed on this side, also meanwhile
 * @throws UsageError for what cannot be waited for, and for no objects without a timeout or a signal
 * @throws the reason of `signal` when that is aborted
 * @example
 * const [mine, theirs] = pipe<string>();
 * const jobs = new Queue<string>();
 * await jobs.put("sweep");
 * const [first] = await wait([theirs, jobs]);
 * console.log(first === jobs, jobs.tryGet()); // true sweep
 * mine.close();
 * console.log((await wait([theirs, jobs])).includes(theirs)); // true: a receive would say at once that this is the end
 */
export async function wait<T extends Waitable>(objects: readonly T[], options: WaitOptions = {}): Promise<T[]> {
  const deadline = deadlineOf(options.timeout, "wait()");
  const { signal } = options;
  signal?.throwIfAborted();
  const known = readinessOf(objects, "wait()");
  if (known.length === 0 && deadline === Number.POSITIVE_INFINITY && !signal)
    throw new UsageError("wait() of no objects without a timeout or a signal: nothing could ever end it");
  for (let counted: Readiness | undefined; ; ) {
    const ready = objects.filter((_, index) => known[index] === counted || known[index].isReady());
    if (ready.length === 0 && now() < deadline) {
      counted = await change(known, deadline, signal);
      continue;
    }
    if (counted || !turnIsDue()) return ready;
    await nextTurn();
    signal?.throwIfAborted();
    counted = undefined;
    const still = objects.filter((_, index) => known[index].isReady());
    if (still.length > 0 || now() >= deadline) return still;
  }
}

/** What each of the objects says of itself. @throws UsageError, ClosedError */
function readinessOf(objects: readonly Waitable[], operation: string): Readiness[] {
  if (!Array.isArray(objects))
    throw new UsageError(`${operation} of ${objects === null ? "null" : typeof objects}; allowed: an array of objects`);
  return objects.map((object: Waitable | null | undefined, index) => {
    if (typeof object?.[READY] !== "function")
      throw new UsageError(
        `${operation}: object ${index} is ${object === null ? "null" : typeof object}; ` +
          "allowed: connections, queues, subscriptions, events, processes",
      );
    return object[READY]();
  });
}

/** Resolves once one of them may be ready (with it, if it counts as ready in any case), or at the deadline. */
function change(
  known: readonly Readiness[],
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Readiness | undefined> {
  const giveUps: AbortController[] = []; // one each: to add a listener costs as much as there are listeners
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  return new Promise<Readiness | undefined>((resolve, reject) => {
    if (deadline !== Number.POSITIVE_INFINITY)
      timer = setTimeout(resolve, Math.min(Math.ceil(deadline - now()), LONGEST_MS), undefined);
    if (signal) {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
    }
    for (const one of known) {
      const giveUp = new AbortController();
      giveUps.push(giveUp);
      one.whenReady(giveUp.signal).then((counts) => resolve(counts ? one : undefined), reject);
    }
  }).finally(() => {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    for (const giveUp of giveUps) giveUp.abort(SOME_ARE_READY);
  });
}
