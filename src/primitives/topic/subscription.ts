import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { ClosedError, CodecError, UsageError } from "../../errors.js";
import { READY } from "../../readiness.js";
import type { BroadcastMessage } from "../../rings/broadcast-reader.js";
import { KEY_SHIFT } from "../../rings/broadcast-ring.layout.js";
import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import { parker } from "../../sync/parker.js";
import type { Waiters } from "../../sync/waiters.js";
import { decodeBody, decodePlain } from "../message-body.js";
import { giveNow, readyLoop } from "../ready-loop.js";
import { WaitingCalls } from "../waiting-calls.js";
import { LineWait } from "./line-wait.js";
import { LASTING, type Subscriber, type TopicCore } from "./topic-core.js";
import type { TopicMessage } from "./topic-message.js";
import { isEnd } from "./topic-publishing.js";

/** What a subscription needs of its topic's handle. */
export interface SubscriptionHome {
  readonly core: TopicCore;
  readonly label: string;
  readonly name: string;
  /** Throws when nobody else could ever publish. */
  requireOthers(operation: string): void;
  /** It was closed. */
  closed(subscription: Subscription): void;
}

/** So many messages of other keys at once. */
const MOST_PASSED = 1000;

/** Rows of subscriptions that were forgotten without being closed. */
const forgotten = new FinalizationRegistry<() => void>((leave) => leave());

/** Outside of the class: what is left to be done for the forgotten must not refer to them. */
const leaving = (core: TopicCore, row: number) => (): void => core.leave(row);

/**
 * One subscriber of a {@link Topic}: it sees every message that matches its pattern, from the moment when `subscribe()`
 * returned, in the order in which they were published.
 *
 * Who falls behind by more than the topic's capacity is overtaken: `missed` counts up, `onMissed` is told how many
 * messages it was (of whatever key: those that are gone cannot be asked), and the next ones follow. A lossless topic
 * waits for it instead, until it is closed or its process dies.
 *
 * Calls that wait share the messages: each message goes to one of them. It is closed with its topic's handle, and once
 * nobody refers to it any more.
 */
export class Subscription<T = unknown> implements AsyncIterable<T>, Disposable {
  /**
   * Called with the number of messages that were missed, before the next one is given out. It may close the subscription
   * but take nothing from it (UsageError). What it throws is an uncaught exception: it loses no message.
   */
  onMissed: ((count: number) => void) | undefined;
  private missedSoFar = 0;
  private isClosed = false;
  private isTaking = false;
  private holdsLoop = true;
  /** Counts up while messages are looked at, so that a call that waits goes on looking. */
  private passed = 0;
  /** Missed since the last message that was given out. */
  private gap = 0;
  private readonly line: Waiters;
  private readonly calls: WaitingCalls<LineWait, TopicMessage<T>>;
  /** Those that only wait until there is something to take. */
  private readonly looking: WaitingCalls<LineWait, boolean>;
  private readonly leave: () => void;

  /** @internal */
  constructor(
    private readonly home: SubscriptionHome,
    private readonly subscriber: Subscriber,
    /** The pattern that keys are to match. */
    readonly pattern: string,
    private readonly matches: ((key: string) => boolean) | undefined,
  ) {
    const { core } = home;
    this.line = core.readers;
    this.calls = new WaitingCalls((wait) => void this.line.disarm(wait));
    this.looking = new WaitingCalls((wait) => void this.line.disarm(wait));
    this.leave = leaving(core, subscriber.row);
    forgotten.register(this, this.leave, this);
  }

  /** How many messages it has missed so far, because it was too slow. */
  get missed(): number {
    return this.missedSoFar;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /**
   * The next message's value, waiting while there is none.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; then nothing was taken
   * @throws ClosedError by `close()`; CodecError for a message that cannot be decoded; it is passed over
   */
  async get(options?: WaitOptions): Promise<T> {
    return (await this.wait("get()", options)).value;
  }

  /** The same, blocking the thread. @throws as `get`; UsageError when only this very thread could publish something */
  getSync(options: SyncWaitOptions = {}): T {
    return this.takeSync(options).value;
  }

  /** The next message's value, or undefined; never waits. */
  tryGet(): T | undefined {
    return this.tryTake()?.value;
  }

  /** The next message with its key, waiting while there is none. @throws as `get` */
  take(options?: WaitOptions): Promise<TopicMessage<T>> {
    return this.wait("take()", options);
  }

  /** The same, blocking the thread. @throws as `getSync` */
  takeSync(options: SyncWaitOptions = {}): TopicMessage<T> {
    const operation = `${this.home.label}: takeSync()`;
    this.requireOpen("takeSync()");
    deadlineOf(options.timeout, operation);
    const found = this.calls.serve() ? this.next() : undefined;
    if (found) return found;
    if (options.timeout === undefined) this.home.requireOthers(operation);
    return this.calls.blocking({ by: this, operation, options, make: (outcome) => this.lineWait(outcome, true) });
  }

  /** The next message with its key, or undefined; never waits. */
  tryTake(): TopicMessage<T> | undefined {
    this.requireOpen("tryTake()");
    return this.calls.serve() ? this.next(this.home.core.ring.sequence) : undefined;
  }

  /** The messages with their keys, as they come; ends when the subscription is closed. */
  async *messages(): AsyncGenerator<TopicMessage<T>, void, undefined> {
    while (!this.isClosed) {
      const message = await this.waitUntilClosed();
      if (!message) return;
      yield message;
    }
  }

  /** The values as they come; ends when the subscription is closed. Leaving the loop does not close it. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return readyLoop(
      () => (this.isClosed || this.calls.size > 0 ? undefined : this.next()),
      () => this.waitUntilClosed(),
    );
  }

  /** Ends the subscription; allowed twice. Calls that wait reject with ClosedError, loops end. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    forgotten.unregister(this);
    for (const calls of [this.calls, this.looking]) calls.rejectAll(this, () => this.closedError("the call"));
    this.leave();
    this.home.closed(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A pending call keeps the process alive, as at first. */
  ref(): this {
    return this.hold(true);
  }

  unref(): this {
    return this.hold(false);
  }

  /** @internal */
  [READY](): BlockingReadiness {
    this.requireOpen("wait()");
    const isReady = (): boolean => !this.isTaking && this.calls.serve() && this.hasNext();
    const make = (holdsLoop: boolean, tell: () => void): LineWait => {
      const attempt = (): boolean => {
        if (!this.subscriber.reader.hasNext || !isReady()) return false;
        tell();
        return true;
      };
      return new LineWait(this.line, attempt, holdsLoop, () => this.passed);
    };
    return {
      isReady,
      whenReady: (signal) =>
        this.looking.inLoop({
          by: this,
          operation: `${this.home.label}: wait()`,
          options: { signal },
          make: (outcome) => make(this.holdsLoop, () => outcome.resolve(false)),
        }),
      wait: (tell) => make(true, tell),
      requireOthers: (operation) => this.home.requireOthers(`${this.home.label}: ${operation}`),
    };
  }

  private async wait(operation: string, options: WaitOptions | undefined): Promise<TopicMessage<T>> {
    this.requireOpen(operation);
    if (options?.timeout !== undefined) deadlineOf(options.timeout, `${this.home.label}: ${operation}`);
    options?.signal?.throwIfAborted();
    const found = this.calls.size > 0 ? undefined : this.next();
    if (found) return giveNow(found);
    return this.calls.inLoop({
      by: this,
      operation: `${this.home.label}: ${operation}`,
      options,
      make: (outcome) => this.lineWait(outcome, this.holdsLoop),
    });
  }

  private async waitUntilClosed(): Promise<TopicMessage<T> | undefined> {
    if (this.isClosed) return undefined;
    try {
      return await this.wait("for await", undefined);
    } catch (error) {
      if (this.isClosed && error instanceof ClosedError) return undefined;
      throw error;
    }
  }

  private lineWait(
    outcome: { resolve(message: TopicMessage<T>): void; reject(error: Error): void },
    holdsLoop: boolean,
  ): LineWait {
    const attempt = (): boolean => {
      try {
        if (this.isTaking || !this.calls.serveBefore(wait)) return false;
        const found = this.subscriber.reader.hasNext ? this.next() : undefined;
        if (!found) return false;
        outcome.resolve(found);
      } catch (error) {
        outcome.reject(error as Error);
      }
      return true;
    };
    const wait = new LineWait(this.line, attempt, holdsLoop, () => this.passed);
    return wait;
  }

  /**
   * The next message that matches, of those before number `end`. Without an end only so many are passed over at once: a
   * publisher that is as fast as this loop would keep the thread in it for ever.
   */
  private next(end?: number): TopicMessage<T> | undefined {
    this.isTaking = true;
    try {
      return this.takeNext(end);
    } finally {
      this.isTaking = false;
    }
  }

  private takeNext(end: number | undefined): TopicMessage<T> | undefined {
    const { reader } = this.subscriber;
    for (let passed = 0; ; passed++) {
      if (end === undefined ? passed === MOST_PASSED : reader.sequence >= end) return undefined;
      const found = reader.next(this.miss);
      if (this.isClosed) throw this.closedError("the call"); // by onMissed
      this.tellWriters();
      if (!found) return undefined;
      this.passed = (this.passed + 1) | 0;
      const isLasting = (found.flags & LASTING) !== 0;
      try {
        const message = this.unpack(found, isLasting);
        if (message) return message;
      } finally {
        // a class that was decoded may have closed it: then its row is another's
        if (isLasting && !this.isClosed) reader.pass();
        this.tellWriters();
      }
    }
  }

  /** Whether a message that matches is there. Those before it are passed over, so many at once; it stays where it is. */
  private hasNext(): boolean {
    const { reader } = this.subscriber;
    if (!this.matches) return reader.hasNext;
    this.isTaking = true;
    try {
      for (let passed = 0; passed < MOST_PASSED; passed++) {
        const found = reader.next(this.miss);
        if (this.isClosed) return true; // by onMissed: the next call says so
        this.tellWriters();
        if (!found) return false;
        if (this.matches(this.keyOf(found))) {
          reader.giveAgain(found);
          return true;
        }
        this.passed = (this.passed + 1) | 0;
        if ((found.flags & LASTING) !== 0) reader.pass();
      }
      return false;
    } finally {
      this.isTaking = false;
    }
  }

  private keyOf({ keyAt, keyBytes }: BroadcastMessage): string {
    const { buffer } = this.subscriber.reader;
    return keyBytes === 0 ? "" : Buffer.from(buffer.buffer, buffer.byteOffset + keyAt, keyBytes).toString();
  }

  private unpack(found: BroadcastMessage, isLasting: boolean): TopicMessage<T> | undefined {
    const { reader } = this.subscriber;
    const { buffer } = reader;
    const { at, length, sequence } = found;
    const key = this.keyOf(found);
    if (this.matches && !this.matches(key)) return undefined;
    const flags = found.flags & (2 ** KEY_SHIFT - 1);
    let value: T;
    try {
      value = (isLasting ? this.decodeLasting(buffer, found, flags) : decodePlain(buffer, at, at + length, flags)) as T;
    } catch (error) {
      if (isLasting && !this.isClosed && reader.wasOverwritten) {
        this.miss(1);
        return undefined;
      }
      throw error instanceof CodecError ? error : new CodecError("a message could not be taken", { cause: error });
    }
    const missed = this.gap;
    this.gap = 0;
    return { value, key, sequence, missed };
  }

  private decodeLasting(buffer: Uint8Array, { at, length }: BroadcastMessage, flags: number): unknown {
    const { folder } = this.home.core;
    return decodeBody(buffer, at, at + length, flags, folder, (descriptor) => {
      if (isEnd(descriptor)) throw new CodecError("a topic's message brought a connection end, which no topic takes");
    }).value;
  }

  private readonly miss = (count: number): void => {
    this.missedSoFar += count;
    this.gap += count;
    this.home.core.rows.countMissed(this.subscriber.row, count);
    try {
      this.onMissed?.(count);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };

  /** Who waits for room is told that this subscriber has read on. */
  private tellWriters(): void {
    const { reader } = this.subscriber;
    if (!reader.hasMoved || this.isClosed) return;
    reader.hasMoved = false;
    this.home.core.tellWriters();
  }

  private hold(held: boolean): this {
    this.holdsLoop = held;
    for (const calls of [this.calls, this.looking]) calls.setHoldsLoop(this, held);
    parker().holdsChanged();
    return this;
  }

  private requireOpen(operation: string): void {
    if (this.isClosed || !this.home.core.holding.isAttached) throw this.closedError(operation);
    if (this.isTaking)
      throw new UsageError(
        `${this.home.label}: ${operation} while another message of its subscription is decoded, or in its onMissed`,
      );
  }

  private closedError(operation: string): ClosedError {
    return new ClosedError(`${this.home.label}: ${operation} of a subscription after close()`, {
      resource: this.home.name || undefined,
    });
  }
}
