import type { WaitOptions } from "./deadline.js";

/** What only some queues can do. What a queue lacks is a UsageError where it is asked for, never ignored. */
export type QueueCapability =
  /** `size()` */
  | "size"
  /** `unacked()` */
  | "unacked"
  /** `join()` */
  | "join"
  /** `shutdown()`, which holds for all processes. */
  | "shutdown"
  /** The option `maxItems`: put waits while so many messages are ready. */
  | "maxItems"
  /** The option `maxDeliveries`. */
  | "maxDeliveries"
  /** The option `deadLetter`. */
  | "deadLetter"
  /** The option `priorities`, and `priority` of a put. */
  | "priorities"
  /** `delay` of a put. */
  | "delay"
  /** `ttl` of a put. */
  | "ttl"
  /** `id` and `headers` of a put, and messages from programs that are not ours. */
  | "headers"
  /** `nack()` puts back in front, not at the end. */
  | "front"
  /** `deliveries` is exact; without it a message that came before counts 2. */
  | "deliveries"
  /** What was confirmed survives the end of all processes that use the queue. */
  | "durable";

/** Short facts about a message that travel beside it. */
export type MessageHeaders = Readonly<Record<string, string | number | boolean>>;

/** How a message is put. */
export interface AsyncPutOptions extends WaitOptions {
  /** 0 goes first, and first come first served among equals; below the `priorities` of the queue. Default 0. */
  priority?: number;
  /** Milliseconds during which nobody gets it. */
  delay?: number;
  /** Milliseconds after which nobody gets it any more: it goes to the dead letters, or away. */
  ttl?: number;
  /** The message's own name; without one it gets a random one where there are headers at all. */
  id?: string;
  headers?: MessageHeaders;
}

/**
 * A message that was taken from a queue and belongs to this end until it is acknowledged or given back. If this process
 * dies first, the message goes to another consumer, who sees `redelivered`.
 */
export interface AsyncMessage<T> extends AsyncDisposable {
  /** @throws CodecError when it cannot be decoded; `bytes` has what came, and the message can still be settled */
  readonly value: T;
  /** What came, before it was decoded; undefined in shared memory. */
  readonly bytes: Uint8Array | undefined;
  readonly id: string | undefined;
  readonly headers: MessageHeaders;
  /** What its sender said the bytes are, such as `application/json`; undefined when it said nothing. */
  readonly contentType: string | undefined;
  /** Somebody may have had it before: it was given back, its consumer died, or a put had to be repeated. */
  readonly redelivered: boolean;
  /** How often it was taken, this time included, as far as the queue counts. */
  readonly deliveries: number;
  /** Whether it was acknowledged or given back. */
  readonly settled: boolean;
  /** It is done with: nobody gets it again. @throws UsageError when it was settled already; ClosedError, SystemError */
  ack(): Promise<void>;
  /** It goes back into the queue or, with `requeue: false`, to the dead letters if there are any, else away. */
  nack(options?: { requeue?: boolean }): Promise<void>;
}

/**
 * A queue of many producers and many consumers, wherever it lives: the forms that need a promise only. `openQueue` gives
 * it by url, `asAsync()` of a queue in shared memory. What each call promises where is in docs/guide/brokers.md.
 */
export interface AsyncQueue<T = unknown> extends AsyncIterable<T>, AsyncDisposable {
  /** Where it is; never with a password. */
  readonly url: string;
  readonly capabilities: ReadonlySet<QueueCapability>;
  readonly closed: boolean;
  /**
   * Puts a message; resolves when the queue has confirmed it. Calls through one handle keep their order.
   *
   * @throws TimeoutError, or the reason of `signal`: it was not put, unless it was under way to a server already
   * @throws ClosedError after `shutdown()` or `close()`; CodecError, UsageError, SystemError
   */
  put(value: T, options?: AsyncPutOptions): Promise<void>;
  /** Puts messages in their order; resolves when all are confirmed. @throws as `put`; then some may have been put */
  putMany(values: Iterable<T>, options?: AsyncPutOptions): Promise<void>;
  /**
   * Takes and acknowledges the next message, waiting while there is none: at most once.
   *
   * @throws TimeoutError, or the reason of `signal`: then nothing was taken
   * @throws ClosedError after `close()`, and once the queue is shut down and nothing more will come
   * @throws CodecError for a message that cannot be decoded; it is gone, `undelivered` has its bytes
   */
  get(options?: WaitOptions): Promise<T>;
  /** The same, or undefined when nothing is there. */
  tryGet(options?: WaitOptions): Promise<T | undefined>;
  /** Waits for a message, then takes and acknowledges up to `max` that are there. */
  getMany(max?: number, options?: WaitOptions): Promise<T[]>;
  /** Takes the next message, which is this end's until it is settled. @throws as `get` */
  take(options?: WaitOptions): Promise<AsyncMessage<T>>;
  /** The same, or undefined when nothing is there. */
  tryTake(options?: WaitOptions): Promise<AsyncMessage<T> | undefined>;
  /**
   * The messages as they come, up to `prefetch` of them taken ahead: at least once. Leaving the loop gives back what was
   * not settled. It ends when the queue is shut down and nothing more will come.
   */
  messages(options?: WaitOptions): AsyncGenerator<AsyncMessage<T>, void, undefined>;
  /** How many messages are ready to be taken. */
  size(options?: WaitOptions): Promise<number>;
  /** How many messages were taken and not settled yet. */
  unacked(options?: WaitOptions): Promise<number>;
  /** Waits until every message that was put has been acknowledged. */
  join(options?: WaitOptions): Promise<void>;
  /** From now on nothing is put, in any process; what is there is still taken or, with `immediate`, dropped. */
  shutdown(options?: { immediate?: boolean } & WaitOptions): Promise<void>;
  /** Drops what is ready; gives how many that were. */
  purge(options?: WaitOptions): Promise<number>;
  /** Removes the queue with all that is in it, and closes this end. */
  delete(options?: WaitOptions): Promise<void>;
  /** Gives back what was not settled and lets go of the queue, which stays for others. Allowed twice. */
  close(): Promise<void>;
}
