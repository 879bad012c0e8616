import type { AsyncQueue } from "../../async-queue.js";
import { HANDLE } from "../../codec.js";
import { deadlineOf, remaining, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { ClosedError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { READY } from "../../readiness.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import type { Given } from "../handle.js";
import { isPlace } from "../is-place.js";
import { type Found, giveNow, readyLoop } from "../ready-loop.js";
import { labelOf, type Place, SharedObject } from "../shared-object.js";
import { QueueAsAsync } from "./queue-as-async.js";
import { QueueBatch } from "./queue-batch.js";
import { OVER, QueueHolding } from "./queue-holding.js";
import { QueueLetters } from "./queue-letters.js";
import { makeQueue, openOrMakeQueue, openQueue, type QueueKind, registerQueue } from "./queue-making.js";
import type { QueueMessage } from "./queue-message.js";
import { checkMany, type PutOptions, type QueueOptions } from "./queue-options.js";
import type { Taker } from "./queue-wait.js";

/**
 * A queue of many producers and many consumers in all processes that have it: each message goes to one of them.
 *
 * Messages of one producer come in the order in which it put them. `put` waits while there is no room, `get` while
 * there is nothing. What was put (the call returned or resolved) survives its producer. `get`, and `for await` over the
 * queue, acknowledge a message before they hand it over: at most once. `take` and `messages()` leave that to the
 * consumer: what it had not acknowledged when it died is ready again, in front, marked as `redelivered`: at least once.
 *
 * A process that is killed, at whatever instruction, leaves the queue in order: half put messages were never there,
 * nothing is lost, and nobody waits for the dead. One that is stopped keeps what it has taken, and no more.
 *
 * Any value that structured clone takes can be put, also shared objects and connection ends (a redelivered end arrives
 * closed). The value is encoded inside the call. The ideas are Python's `multiprocessing.Queue`, which its survivors
 * often cannot use after a kill, and the acknowledgements of AMQP.
 *
 * @example
 * const jobs = new Queue<string>();
 * jobs.tryPut("first");
 * console.log(jobs.size, jobs.tryGet()); // 1 first
 */
export class Queue<T = unknown> extends SharedObject {
  /** @internal */
  readonly state: QueueHolding;
  private readonly letters: QueueLetters;

  /** Makes a queue that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Omit<QueueOptions, "persist">);
  /** @internal */
  constructor(place: Place, deadLetter?: Queue<unknown>);
  constructor(from: QueueOptions | Place = {}, deadLetter?: Queue<unknown>) {
    const kind = new.target.kind;
    const isThere = isPlace(from, kind.name);
    const label = labelOf(kind.name, isThere ? from.holding.segment.name : "");
    super(isThere ? from : makeQueue(kind, undefined, from), label);
    const given = deadLetter ?? (isThere ? undefined : from.deadLetter);
    this.letters = new QueueLetters(this.holding.segment, given);
    this.state = new QueueHolding(this.holding, this.label, () => this.letters.put);
  }

  /** @internal what a subclass is in shared memory */
  static get kind(): QueueKind {
    return { name: "Queue", discipline: "fifo" };
  }

  /** Makes a queue under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<T = unknown>(name: string, options: QueueOptions = {}): Queue<T> {
    return new Queue<T>(makeQueue(Queue.kind, name, options), options.deadLetter);
  }

  /** Opens the queue of that name. @throws NotFoundError, MismatchError */
  static open<T = unknown>(name: string, options: Pick<QueueOptions, "deadLetter"> = {}): Queue<T> {
    return new Queue<T>(openQueue(Queue.kind, name), options.deadLetter);
  }

  /** Opens the queue of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate<T = unknown>(name: string, options: QueueOptions = {}): Queue<T> {
    return new Queue<T>(openOrMakeQueue(Queue.kind, name, options), options.deadLetter);
  }

  /** How many messages are ready to be taken; exact while no call is under way. */
  get size(): number {
    return this.open("size").core.look((store) => store.ready);
  }

  /** How many messages were taken and not acknowledged yet, by consumers that live. */
  get unacked(): number {
    return this.open("unacked").core.look((store) => store.taken);
  }

  /** Bytes for messages. */
  get capacity(): number {
    return this.open("capacity").core.store.blocks * BLOCK;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** Whether not even a short message could be put now. */
  get isFull(): boolean {
    return this.open("isFull").core.look(() => !this.state.core.hasRoom(1));
  }

  /** Whether it was shut down. */
  get isShutDown(): boolean {
    return this.open("isShutDown").core.isShutDown;
  }

  /**
   * Puts a message, waiting while there is no room. Calls through one handle keep their order.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted: then nothing was put
   * @throws ClosedError after `shutdown()` or `close()`; CodecError for a value that cannot be sent
   */
  put(value: T, options?: PutOptions): Promise<void> {
    try {
      return this.open("put()").putting.put(value, this.priorityOf(options), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, blocking the thread. @throws as `put`; UsageError when only this very thread could make room */
  putSync(value: T, options?: Omit<PutOptions, "signal">): void {
    this.open("putSync()").putting.putSync(value, this.priorityOf(options), options, () =>
      this.requireOthers("putSync()", () => !this.isFull),
    );
  }

  /** Puts a message if there is room; never waits. */
  tryPut(value: T, options?: Pick<PutOptions, "priority">): boolean {
    return this.open("tryPut()").putting.tryPut(value, this.priorityOf(options));
  }

  /** Puts messages in their order, as many at once as there is room for. @throws as `put`; then some may have been put */
  async putMany(values: Iterable<T>, options: PutOptions = {}): Promise<void> {
    const deadline = deadlineOf(options.timeout, `${this.label}: putMany()`);
    options.signal?.throwIfAborted();
    const batch = new QueueBatch(values, this.priorityOf(options));
    const putMore = () => batch.putTo(this.open("putMany()").putting);
    for (let rest = putMore(); rest; rest = putMore())
      await this.put(rest.value, { ...options, ...remaining(deadline, options.timeout) });
    if (turnIsDue()) await nextTurn();
  }

  /** The same, blocking the thread. */
  putManySync(values: Iterable<T>, options: Omit<PutOptions, "signal"> = {}): void {
    const deadline = deadlineOf(options.timeout, `${this.label}: putManySync()`);
    const batch = new QueueBatch(values, this.priorityOf(options));
    const putMore = () => batch.putTo(this.open("putManySync()").putting);
    for (let rest = putMore(); rest; rest = putMore())
      this.putSync(rest.value, { ...options, ...remaining(deadline, options.timeout) });
  }

  /**
   * Takes and acknowledges the next message, waiting while there is none.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; then nothing was taken
   * @throws ClosedError after `close()`, and once the queue is shut down and nothing more will come
   * @throws CodecError for a message that cannot be decoded; it is dropped
   */
  get(options?: WaitOptions): Promise<T> {
    try {
      const found = this.getNow("get()", options);
      if (found) return giveNow(found.value);
      return this.whenGot("get()", options).then((late) => {
        if (late === OVER) throw this.overError("get()");
        return late.value;
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, blocking the thread. @throws as `get`; UsageError when only this very thread could put something */
  getSync(options?: SyncWaitOptions): T {
    const found = this.whenSync("getSync()", () => this.state.taking.tryGet(false), options);
    if (found === OVER) throw this.overError("getSync()");
    return found.value as T;
  }

  /** Takes and acknowledges the next message, or gives undefined; never waits. */
  tryGet(): T | undefined {
    return this.open("tryGet()").taking.tryGet(true)?.value as T | undefined;
  }

  /** Waits for a message, then takes and acknowledges all that are ready, up to `max`. @throws as `get` */
  async getMany(max = Number.POSITIVE_INFINITY, options?: WaitOptions): Promise<T[]> {
    checkMany(max, this.label);
    const found = await this.when("getMany()", () => this.takeReady(max), options);
    if (found === OVER) throw this.overError("getMany()");
    return found;
  }

  /** The same, blocking the thread. */
  getManySync(max = Number.POSITIVE_INFINITY, options?: SyncWaitOptions): T[] {
    checkMany(max, this.label);
    const found = this.whenSync("getManySync()", () => this.takeReady(max), options);
    if (found === OVER) throw this.overError("getManySync()");
    return found;
  }

  /**
   * Takes the next message, which is this thread's until it is acknowledged, given back, or the thread dies.
   *
   * @throws as `get`
   */
  async take(options?: WaitOptions): Promise<QueueMessage<T>> {
    const found = await this.when("take()", () => this.takeNow(), options);
    if (found === OVER) throw this.overError("take()");
    return found as QueueMessage<T>;
  }

  /** The same, blocking the thread. */
  takeSync(options?: SyncWaitOptions): QueueMessage<T> {
    const found = this.whenSync("takeSync()", () => this.takeNow(), options);
    if (found === OVER) throw this.overError("takeSync()");
    return found as QueueMessage<T>;
  }

  /** Takes the next message if one is ready; never waits. */
  tryTake(): QueueMessage<T> | undefined {
    return this.open("tryTake()").taking.tryTake(this.state.taking.plain, true) as QueueMessage<T> | undefined;
  }

  /**
   * The messages as they come, each to be acknowledged (`ack()`) or given back (`nack()`). Leaving the loop gives back
   * what was not. It ends when the queue is shut down, nothing is ready, and no other consumer works on a message that
   * might come back; those that wait in such a loop themselves do not count.
   */
  async *messages(options?: WaitOptions): AsyncGenerator<QueueMessage<T>, void, undefined> {
    const taker = this.open("messages()").taker();
    try {
      for (;;) {
        const message = await this.when("messages()", () => this.state.taking.tryTake(taker, false), options, taker);
        if (message === OVER) return;
        yield message as QueueMessage<T>;
      }
    } finally {
      taker.giveAllBack();
    }
  }

  /** `get()` in a loop; ends when the queue is shut down and nothing more will come. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return readyLoop(
      () => this.getNow("for await"),
      () => this.whenGot("for await").then((found) => (found === OVER ? undefined : found)),
    );
  }

  /**
   * Waits until every message that was put has been acknowledged (by `get`, at once).
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async join(options: WaitOptions = {}): Promise<void> {
    const { core } = this.open("join()");
    deadlineOf(options.timeout, `${this.label}: join()`);
    options.signal?.throwIfAborted();
    const isDone = (): true | undefined => (core.look((store) => store.pending) === 0 ? true : undefined);
    if (!isDone()) await this.state.whenReady(isDone, core.joiners, "join()", options);
  }

  /** The same, blocking the thread. */
  joinSync(options: SyncWaitOptions = {}): void {
    const { core, taking } = this.open("joinSync()");
    const isDone = (): true | undefined => (core.look((store) => store.pending) === 0 ? true : undefined);
    if (isDone()) return;
    this.state.whenReadySync(isDone, core.joiners, "joinSync()", options, () => {
      this.requireOthers("joinSync()", () => isDone() === true);
      const own = "and this very thread has taken messages that it has not acknowledged: nobody could end the wait";
      if (taking.openMessages > 0) throw new UsageError(`${this.label}: joinSync() without a timeout, ${own}`);
    });
  }

  /**
   * From now on nothing is put: `put` is a ClosedError in every process. What is there is still taken; with `immediate`
   * it is dropped. Consumers that wait end once nothing more will come.
   */
  shutdown({ immediate = false }: { immediate?: boolean } = {}): void {
    this.open("shutdown()").shutDown(immediate);
  }

  /** This queue with the interface of queues everywhere, promises only: what `openQueue` gives. Closing it closes this. */
  asAsync(): AsyncQueue<T> {
    return new QueueAsAsync<T>(this);
  }

  /** A pending call keeps the process alive, as at first. */
  ref(): this {
    this.state.setHoldsLoop(true);
    return this;
  }

  unref(): this {
    this.state.setHoldsLoop(false);
    return this;
  }

  /** @internal */
  [READY](): BlockingReadiness {
    return this.open("wait()").readiness;
  }

  override [HANDLE](folder: string): Given {
    return this.letters.handOver(super[HANDLE](folder), (letters) => letters[HANDLE](folder));
  }

  protected override detach(): void {
    this.state.close(() => this.closedError("the call"));
    this.letters.close();
  }

  /** The last one out takes along what nobody took. */
  override close(): void {
    if (this.closed) return;
    super.close();
    if (!this.holding.isAttached) this.state.core.messageFolder.left();
  }

  /** @internal */
  protected priorityOf(options: PutOptions | undefined): number {
    if (options?.priority !== undefined)
      throw new UsageError(`${this.label}: put() with a priority; allowed: in a PriorityQueue`);
    return 0;
  }

  private open(operation: string): QueueHolding {
    if (this.closed || !this.holding.isAttached) throw this.closedError(operation);
    return this.state;
  }

  private overError(operation: string): ClosedError {
    return new ClosedError(`${this.label}: ${operation}, and it was shut down and nothing more will come`, {
      resource: this.name || undefined,
    });
  }

  /** The way of a message that is there already, without a promise; none when calls wait for one. */
  private getNow(operation: string, options?: WaitOptions): Found<T> | undefined {
    const { core, taking } = this.open(operation);
    if (options !== undefined) {
      if (options.timeout !== undefined) deadlineOf(options.timeout, `${this.label}: ${operation}`);
      options.signal?.throwIfAborted();
    }
    return core.receiving.size > 0 ? undefined : (taking.tryGet(false) as Found<T> | undefined);
  }

  private whenGot(operation: string, options: WaitOptions = {}): Promise<Found<T> | typeof OVER> {
    const { core, taking } = this.state;
    const attempt = (): Found<T> | undefined => taking.tryGet(false) as Found<T> | undefined;
    return this.state.whenReady(attempt, core.readers, operation, options, taking.plain);
  }

  private async when<R>(
    operation: string,
    attempt: () => R | undefined,
    options: WaitOptions = {},
    taker?: Taker,
  ): Promise<R | typeof OVER> {
    const { core, taking } = this.open(operation);
    if (options.timeout !== undefined) deadlineOf(options.timeout, `${this.label}: ${operation}`);
    options.signal?.throwIfAborted();
    const found = core.receiving.size > 0 ? undefined : attempt();
    if (found !== undefined) {
      if (turnIsDue()) await nextTurn();
      return found;
    }
    return this.state.whenReady(attempt, core.readers, operation, options, taker ?? taking.plain);
  }

  private whenSync<R>(operation: string, attempt: () => R | undefined, options: SyncWaitOptions = {}): R | typeof OVER {
    const { core, taking } = this.open(operation);
    if (options.timeout !== undefined) deadlineOf(options.timeout, `${this.label}: ${operation}`);
    const found = attempt();
    if (found !== undefined) return found;
    if (this.state.isOver(taking.plain)) return OVER;
    const isReady = (): boolean => core.store.ready > 0 || core.isShutDown;
    const requireOthers = (): void => this.requireOthers(operation, isReady);
    return this.state.whenReadySync(attempt, core.readers, operation, options, requireOthers, taking.plain);
  }

  private takeNow(): QueueMessage<unknown> | undefined {
    return this.state.taking.tryTake(this.state.taking.plain, false);
  }

  private takeReady(max: number): T[] | undefined {
    const found: T[] = [];
    this.state.taking.getMany(max, (value) => found.push(value as T), false);
    return found.length > 0 ? found : undefined;
  }

  private requireOthers(operation: string, isReady: () => boolean): void {
    this.holding.requireOthers(`${this.label}: ${operation}`, isReady);
  }
}

registerQueue(Queue.kind, (place, deadLetter) => new Queue(place, deadLetter));
