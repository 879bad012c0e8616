import { deadlineOf, now, type SyncWaitOptions } from "../deadline.js";
import { UsageError } from "../errors.js";
import { READY, type Waitable } from "../readiness.js";
import type { BlockingReadiness } from "../sync/blocking-readiness.js";
import { parker } from "../sync/parker.js";

/**
 * The same as {@link wait}, blocking the thread: over objects in shared memory (pipes, queues, subscriptions, events). A
 * process, or a connection over a stream, is only told by the event loop, which stands still meanwhile.
 *
 * @throws ClosedError when one of the objects is closed on this side
 * @throws UsageError for what cannot be waited for in a blocked thread; without a timeout also for no objects, and for
 *   objects that only this very thread could make ready
 * @example
 * const [mine, theirs] = pipe<string>();
 * mine.sendSync("hello");
 * console.log(waitSync([mine, theirs], { timeout: 1000 })[0] === theirs); // true
 */
export function waitSync<T extends Waitable>(objects: readonly T[], options: SyncWaitOptions = {}): T[] {
  const deadline = deadlineOf(options.timeout, "waitSync()");
  const known = readinessOf(objects);
  const areReady = (told: ReadonlySet<BlockingReadiness>): T[] =>
    objects.filter((_, index) => told.has(known[index]) || known[index].isReady());
  const ready = areReady(new Set());
  if (ready.length > 0 || now() >= deadline) return ready;
  if (deadline === Number.POSITIVE_INFINITY) requireOthers(known);
  const told = new Set<BlockingReadiness>();
  parker().waitSync(
    known.map((one) => one.wait(() => told.add(one))),
    deadline,
  );
  return areReady(told);
}

function readinessOf(objects: readonly Waitable[]): BlockingReadiness[] {
  if (!Array.isArray(objects))
    throw new UsageError(`waitSync() of ${objects === null ? "null" : typeof objects}; allowed: an array of objects`);
  return objects.map((object: Waitable | null | undefined, index) => {
    const readiness = typeof object?.[READY] === "function" ? object[READY]() : undefined;
    if (readiness === undefined || !("wait" in readiness))
      throw new UsageError(
        `waitSync(): object ${index} is ${readiness ? "none in shared memory" : String(object)}; ` +
          "allowed: pipes, queues, subscriptions, events",
      );
    return readiness as BlockingReadiness;
  });
}

/** @throws UsageError when every one of them says that nobody else could end the wait */
function requireOthers(known: readonly BlockingReadiness[]): void {
  let refusal: unknown = new UsageError("waitSync() of no objects without a timeout: nothing could ever end it");
  for (const one of known) {
    try {
      return one.requireOthers("waitSync()");
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}
