import { type Channel, tracingChannel } from "node:diagnostics_channel";

/** What subscribers are told of an operation: one object for all its events, on which its outcome is written. */
export interface TracedEvent {
  /** Set once it has ended well. */
  result?: unknown;
  /** Set once it has failed. */
  error?: unknown;
  /** A subscriber of `start` may set it: the work is done inside, so that it has the subscriber's asynchronous context. */
  around?: (work: () => unknown) => unknown;
}

/** How an operation ended. */
export type Outcome = { readonly result: unknown } | { readonly error: unknown };

/**
 * A `TracingChannel` of Node's, with its events and their order. Whoever does the work asks `isWatched` first: that is all
 * that it costs while nobody has subscribed.
 */
export class TracedChannel<E extends TracedEvent> {
  private readonly start: Channel;
  private readonly end: Channel;
  private readonly asyncStart: Channel;
  private readonly asyncEnd: Channel;
  private readonly error: Channel;

  constructor(readonly name: string) {
    const { start, end, asyncStart, asyncEnd, error } = tracingChannel(name);
    this.start = start as Channel;
    this.end = end as Channel;
    this.asyncStart = asyncStart as Channel;
    this.asyncEnd = asyncEnd as Channel;
    this.error = error as Channel;
  }

  get isWatched(): boolean {
    return (
      this.start.hasSubscribers ||
      this.asyncEnd.hasSubscribers ||
      this.end.hasSubscribers ||
      this.error.hasSubscribers ||
      this.asyncStart.hasSubscribers
    );
  }

  /** Does the work and tells of it; a promise that it gives is told of when it settles. */
  trace<T>(event: E, work: () => T): T {
    return this.start.runStores(event, () => {
      try {
        const result = event.around ? (event.around(work) as T) : work();
        if (!isThenable(result)) {
          event.result = result;
          return result;
        }
        return Promise.resolve(result).then(
          (value) => {
            this.over(event, { result: value });
            return value;
          },
          (error: unknown) => {
            this.over(event, { error });
            throw error;
          },
        ) as T;
      } catch (error) {
        event.error = error;
        this.error.publish(event);
        throw error;
      } finally {
        this.end.publish(event);
      }
    });
  }

  /** Tells of work that has begun; how it ends is told by the function that is given. */
  begin(event: E): (outcome: Outcome) => void {
    this.start.publish(event);
    this.end.publish(event);
    return (outcome) => this.over(event, outcome);
  }

  private over(event: E, outcome: Outcome): void {
    Object.assign(event, outcome);
    if ("error" in outcome) this.error.publish(event);
    this.asyncStart.publish(event);
    this.asyncEnd.publish(event);
  }
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
