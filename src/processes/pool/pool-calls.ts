import { carriedIn } from "../../carried.js";
import { deadlineOf, timedOut } from "../../deadline.js";
import { diagnostics } from "../../diagnostics.js";
import { UsageError } from "../../errors.js";
import type { Task } from "../task.js";
import { after } from "./after.js";
import type { Engine } from "./engine.js";
import type { Feed } from "./feed.js";
import { ItemsFeed } from "./items-feed.js";
import { MapSink } from "./map-sink.js";
import { type CallOptions, type ImapOptions, type MapOptions, whole } from "./pool-options.js";
import { PoolResults } from "./pool-results.js";
import { RunFeed } from "./run-feed.js";

/** Items of `map` and its like: any iterable, also an asynchronous one; it is read no faster than it is worked on. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

const WINDOW = 16;
const MOST_CHUNK = 1_000_000;

/** What a pool can be asked to do; `pool.with(…)` gives the same with options for each call. */
export class PoolCalls {
  /** @internal */
  constructor(
    /** @internal */
    protected readonly engine: Engine,
    private readonly defaults: CallOptions = {},
  ) {}

  /**
   * The same pool with options for each call made through it.
   *
   * @example
   * const page = await pool.with({ signal, retries: 2 }).run(fetchPage, url);
   */
  with(options: CallOptions): PoolCalls {
    return new PoolCalls(this.engine, { ...this.defaults, ...options });
  }

  /**
   * Calls a task in a worker and gives what it returned. The arguments are encoded when a worker has room for them; shared
   * objects among them arrive as the same objects, which the task closes. An `AbortSignal` in an object behind the arguments,
   * as in `run(task, a, { signal })`, is taken as options: no signal can be sent.
   *
   * @throws RemoteError with the remote stack, when the task threw; when its result cannot be sent; when its module cannot
   * be imported or does not register it
   * @throws AbandonedError when its worker died and no retries are left
   * @throws CodecError for an argument that cannot be sent or a result that cannot be decoded
   * @throws TimeoutError, the reason of `signal`, ClosedError, UsageError
   */
  run<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: Args): Promise<Awaited<Result>>;
  run<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    ...args: [...Args, CallOptions & { signal: AbortSignal }]
  ): Promise<Awaited<Result>>;
  run<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: unknown[]): Promise<Awaited<Result>> {
    const last = args.at(-1);
    const isOptions = isCallOptions(last);
    const options = isOptions ? { ...this.defaults, ...last } : this.defaults;
    try {
      this.begin("run()", options);
      const feed = new RunFeed(
        this.engine.taskOf(task, "run()"),
        isOptions ? args.slice(0, -1) : args,
        this.retriesOf("run()", options),
      );
      if (options.signal || options.timeout !== undefined) {
        const unwatch = this.watch(feed, "run()", options);
        void feed.promise.then(unwatch, unwatch);
      }
      return this.add("run()", feed, () => feed.promise) as Promise<Awaited<Result>>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Calls a task once for each item and gives what the calls returned, in the order of the items.
   *
   * @throws as `run`; what the first item's call threw that failed, once all calls have ended (`failFast`: at once); what the
   * input threw
   */
  map<Item, Result>(
    task: Task<[Item], Result>,
    items: Items<Item>,
    options: MapOptions = {},
  ): Promise<Awaited<Result>[]> {
    return this.each("map()", "each", task, items, options) as Promise<Awaited<Result>[]>;
  }

  /** The same, with a list of arguments for each call. */
  starmap<Args extends unknown[], Result>(
    task: Task<Args, Result>,
    items: Items<Readonly<Args>>,
    options: MapOptions = {},
  ): Promise<Awaited<Result>[]> {
    return this.each("starmap()", "spread", task, items, options) as Promise<Awaited<Result>[]>;
  }

  /**
   * The same as `map`, with the results as they come, in the order of the items. Of the input no more than `window` items
   * are taken whose results nobody has taken yet.
   */
  imap<Item, Result>(
    task: Task<[Item], Result>,
    items: Items<Item>,
    options: ImapOptions = {},
  ): PoolResults<Awaited<Result>> {
    return this.lazily("imap()", true, task, items, options);
  }

  /** The same, with each result as soon as it is there. */
  imapUnordered<Item, Result>(
    task: Task<[Item], Result>,
    items: Items<Item>,
    options: ImapOptions = {},
  ): PoolResults<Awaited<Result>> {
    return this.lazily("imapUnordered()", false, task, items, options);
  }

  private async each(
    operation: string,
    how: "each" | "spread",
    task: unknown,
    items: Items<unknown>,
    given: MapOptions,
  ): Promise<unknown[]> {
    const options = { ...this.defaults, ...given };
    this.begin(operation, options);
    const giveUp = (error: unknown): void => this.engine.giveUp(feed, error);
    const sink = new MapSink(given.failFast ? giveUp : undefined);
    const feed: ItemsFeed = new ItemsFeed(this.engine.taskOf(task, operation), how, iterable(items, operation), sink, {
      ...this.feedOptions(operation, options),
      onProgress: given.onProgress,
      giveUp,
    });
    const unwatch = this.watch(feed, operation, options);
    void sink.promise.then(unwatch, unwatch);
    feed.look();
    return this.add(operation, feed, () => sink.promise);
  }

  private lazily<R>(
    operation: string,
    isOrdered: boolean,
    task: unknown,
    items: Items<unknown>,
    given: ImapOptions,
  ): PoolResults<R> {
    const options = { signal: this.defaults.signal, retries: this.defaults.retries, ...given };
    this.begin(operation, options);
    const chunk = given.chunkSize ?? 1;
    const window = given.window ?? Math.max(WINDOW, chunk * 2) * this.engine.options.processes;
    whole("window", window, 1, Number.MAX_SAFE_INTEGER, operation);
    if (window < chunk)
      throw new UsageError(`${operation}: window is ${window}; allowed: at least the chunkSize, which is ${chunk}`);
    const results = new PoolResults<R>(isOrdered, window, `next() of ${operation}`, {
      room: () => {
        feed.look();
        this.engine.pump();
      },
      left: () => {
        feed.close();
        this.engine.leave(feed, false);
      },
      over: () => {
        unwatch();
        tell?.({ result: undefined });
      },
    });
    const feed: ItemsFeed = new ItemsFeed(
      this.engine.taskOf(task, operation),
      "each",
      iterable(items, operation),
      results,
      {
        ...this.feedOptions(operation, options),
        onProgress: given.onProgress,
        giveUp: (error) => this.engine.giveUp(feed, error),
      },
    );
    const unwatch = this.watch(feed, operation, options);
    const event = diagnostics.task.isWatched ? eventOf(operation, feed) : undefined;
    const tell = event && diagnostics.task.begin(event);
    if (event) feed.headers = carriedIn(event.headers);
    feed.look();
    this.engine.add(feed);
    return results;
  }

  /** Has the calls made; subscribers are told, and what they want goes along. */
  private add<R>(operation: string, feed: Feed, outcome: () => Promise<R>): Promise<R> {
    const begin = (): Promise<R> => {
      this.engine.add(feed);
      return outcome();
    };
    if (!diagnostics.task.isWatched) return begin();
    const event = eventOf(operation, feed);
    return diagnostics.task.trace(event, () => {
      feed.headers = carriedIn(event.headers);
      return begin();
    });
  }

  /** @throws ClosedError, UsageError, the reason of a signal that has fired */
  private begin(operation: string, { signal, timeout }: CallOptions): void {
    this.engine.requireOpen(operation);
    deadlineOf(timeout, operation);
    signal?.throwIfAborted();
  }

  private retriesOf(operation: string, { retries }: CallOptions): number {
    if (retries === undefined) return this.engine.options.retries;
    return whole("retries", retries, 0, Number.MAX_SAFE_INTEGER, operation);
  }

  private feedOptions(operation: string, options: CallOptions & Pick<MapOptions, "chunkSize">) {
    const { chunkSize } = options;
    if (chunkSize !== undefined) whole("chunkSize", chunkSize, 1, MOST_CHUNK, operation);
    return {
      chunkSize,
      retries: this.retriesOf(operation, options),
      workers: this.engine.options.processes,
      wake: () => this.engine.pump(),
    };
  }

  /** Ends the call when its time is over or its signal fires, until the function that is given back is called. */
  private watch(feed: Feed, operation: string, { signal, timeout }: CallOptions): () => void {
    const abort = (): void => this.engine.giveUp(feed, signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const late = (): void => this.engine.giveUp(feed, timedOut(`pool: ${operation} of ${feed.task.name}`, timeout));
    const timer = after(timeout ?? Number.POSITIVE_INFINITY, late)?.ref();
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  }
}

const eventOf = (operation: string, { task }: Feed) => ({
  ...{ operation, task: task.name, module: task.module },
  headers: {} as Record<string, string>,
});

function isCallOptions(value: unknown): value is CallOptions {
  return typeof value === "object" && value !== null && (value as CallOptions).signal instanceof AbortSignal;
}

function iterable(items: unknown, operation: string): Items<unknown> {
  if (typeof items === "string") return items;
  if (typeof items === "object" && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items))
    return items as Items<unknown>;
  throw new UsageError(
    `${operation}: the items are ${items === null ? "null" : typeof items}; allowed: an iterable or an async iterable`,
  );
}
