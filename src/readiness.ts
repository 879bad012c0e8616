/**
 * Under this symbol an object says that it can be waited for by `wait()`, along with others. Other copies of the package
 * in the same process call it too.
 */
export const READY: unique symbol = Symbol.for("interproc.ready");

/** What `wait()` is told of one object. */
export interface Readiness {
  /** Whether the object's waiting operation would not wait now. Consumes nothing. */
  isReady(): boolean;
  /**
   * Resolves once that may be so. With `true` it counts as ready even if it is so no more: a signal that came and went.
   * Rejects when the object is closed meanwhile, and when the signal is aborted: then no trace of the wait is left.
   */
  whenReady(signal: AbortSignal): Promise<boolean>;
}

/** What `wait()` takes: connections, queues, subscriptions, events, processes. */
export interface Waitable {
  /** @internal @throws ClosedError when the object is closed */
  [READY](): Readiness;
}
