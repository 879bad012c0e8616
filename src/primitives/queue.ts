import { HANDLE } from "../codec.js";
import type { SyncWaitOptions, WaitOptions } from "../deadline.js";
import { deadlineOf } from "../deadline.js";
import { ClosedError, UsageError } from "../errors.js";
import { checkName } from "../memory/directory.js";
import type { Segment } from "../memory/segment.js";
import { FREE } from "../rings/item-store.js";
import { BLOCK, itemRow, storeHead } from "../rings/item-store.layout.js";
import { nextTurn, turnIsDue } from "../sync/loop-turn.js";
import { dropFolder } from "./flight.js";
import { type Descriptor, type Given, registerKind, takeHandle } from "./handle.js";
import { DISCIPLINES, queueHead, queuePlan } from "./queue.layout.js";
import { QueueBatch } from "./queue-batch.js";
import { OVER, QueueHolding } from "./queue-holding.js";
import type { QueueMessage } from "./queue-message.js";
import {
  createObject,
  labelOf,
  type ObjectSpec,
  openObject,
  openOrCreateObject,
  type Place,
  SharedObject,
  type SharedObjectOptions,
  takeObject,
} from "./shared-object.js";

export interface QueueOptions extends SharedObjectOptions {
  /**
   * Bytes for messages: 4,096 to 1 GiB, rounded up to whole blocks of 128; default 256 KiB. A message takes whole blocks;
   * one longer than a quarter of it gets memory of its own.
   */
  capacity?: number;
  /** Messages that may be ready at once; default: as many as there is memory for. */
  maxItems?: number;
  /** How often a message is handed out; one that nobody has acknowledged by then is a dead letter. Default: no limit. */
  maxDeliveries?: number;
  /** Where dead letters go; without one they are dropped. */
  deadLetter?: Queue<unknown>;
}

/** How a message is put. */
export interface PutOptions extends WaitOptions {
  /** For a {@link PriorityQueue}: smaller goes first, and first come first served among equals. Default 0. */
  priority?: number;
}

const DEFAULT_CAPACITY = 256 * 1024;
const LEAST_CAPACITY = 4096;
const MOST_CAPACITY = 2 ** 30;

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
  protected readonly state: QueueHolding;
  private deadLetterQueue: Queue<unknown> | undefined;

  /** Makes a queue that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Omit<QueueOptions, "persist">);
  /** @internal */
  constructor(place: Place, deadLetter?: Queue<unknown>);
  constructor(from: QueueOptions | Place = {}, deadLetter?: Queue<unknown>) {
    const kind = new.target.kind;
    super(
      "holding" in from ? from : makeQueue(kind, undefined, from),
      labelOf(kind.name, "holding" in from ? from.holding.segment.name : ""),
    );
    this.deadLetterQueue = deadLetter ?? ("holding" in from ? undefined : from.deadLetter);
    this.state = new QueueHolding(this.holding, this.label, () => {
      const letters = this.deadLetters();
      return letters && ((value) => letters.tryPut(value));
    });
  }

  /** @internal what a subclass is in shared memory */
  static get kind(): QueueKind {
    return { name: "Queue", discipline: "fifo" };
  }

  /** Makes a queue under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<T = unknown>(name: string, options: QueueOptions = {}): Queue<T> {
    checkName(name, "Queue.create()");
    return new Queue<T>(makeQueue(Queue.kind, name, options), options.deadLetter);
  }

  /** Opens the queue of that name. @throws NotFoundError, MismatchError */
  static open<T = unknown>(name: string, options: Pick<QueueOptions, "deadLetter"> = {}): Queue<T> {
    return new Queue<T>(openQueueOf(Queue.kind, name), options.deadLetter);
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
    return this.open("isFull").core.look(() => !this.state.core.hasRoomForAnother);
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
      return this.open("put()").put(value, this.priorityOf(options), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, blocking the thread. @throws as `put`; UsageError when only this very thread could make room */
  putSync(value: T, options?: Omit<PutOptions, "signal">): void {
    this.open("putSync()").putSync(value, this.priorityOf(options), options, () => this.requireOthers("putSync()"));
  }

  /** Puts a message if there is room; never waits. */
  tryPut(value: T, options?: Pick<PutOptions, "priority">): boolean {
    return this.open("tryPut()").tryPut(value, this.priorityOf(options), true);
  }

  /** Puts messages in their order, as many at once as there is room for. @throws as `put`; then some may have been put */
  async putMany(values: Iterable<T>, options: PutOptions = {}): Promise<void> {
    const deadline = deadlineOf(options.timeout, `${this.label}: putMany()`);
    options.signal?.throwIfAborted();
    const batch = new QueueBatch(values);
    for (let rest = batch.putTo(this.open("putMany()")); rest; rest = batch.putTo(this.open("putMany()")))
      await this.put(rest.value, { ...options, ...remaining(deadline, options.timeout) });
    if (turnIsDue()) await nextTurn();
  }

  /** The same, blocking the thread. */
  putManySync(values: Iterable<T>, options: Omit<PutOptions, "signal"> = {}): void {
    const deadline = deadlineOf(options.timeout, `${this.label}: putManySync()`);
    const batch = new QueueBatch(values);
    for (let rest = batch.putTo(this.open("putManySync()")); rest; rest = batch.putTo(this.open("putManySync()")))
      this.putSync(rest.value, { ...options, ...remaining(deadline, options.timeout) });
  }

  /**
   * Takes and acknowledges the next message, waiting while there is none.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; then nothing was taken
   * @throws ClosedError after `close()`, and once the queue is shut down and nothing more will come
   * @throws CodecError for a message that cannot be decoded; it is dropped
   */
  async get(options?: WaitOptions): Promise<T> {
    const found = await this.when("get()", () => this.state.tryGet(false), options);
    if (found === OVER) throw this.overError("get()");
    return found.value as T;
  }

  /** The same, blocking the thread. @throws as `get`; UsageError when only this very thread could put something */
  getSync(options?: SyncWaitOptions): T {
    const found = this.whenSync("getSync()", () => this.state.tryGet(false), options);
    if (found === OVER) throw this.overError("getSync()");
    return found.value as T;
  }

  /** Takes and acknowledges the next message, or gives undefined; never waits. */
  tryGet(): T | undefined {
    return this.open("tryGet()").tryGet(true)?.value as T | undefined;
  }

  /** Waits for a message, then takes and acknowledges all that are ready, up to `max`. @throws as `get` */
  async getMany(max = Number.POSITIVE_INFINITY, options?: WaitOptions): Promise<T[]> {
    const found = await this.when("getMany()", () => this.takeReady(max), options);
    if (found === OVER) throw this.overError("getMany()");
    return found;
  }

  /** The same, blocking the thread. */
  getManySync(max = Number.POSITIVE_INFINITY, options?: SyncWaitOptions): T[] {
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
    const found = await this.when("take()", () => this.state.tryTake(false), options);
    if (found === OVER) throw this.overError("take()");
    return found as QueueMessage<T>;
  }

  /** The same, blocking the thread. */
  takeSync(options?: SyncWaitOptions): QueueMessage<T> {
    const found = this.whenSync("takeSync()", () => this.state.tryTake(false), options);
    if (found === OVER) throw this.overError("takeSync()");
    return found as QueueMessage<T>;
  }

  /** Takes the next message if one is ready; never waits. */
  tryTake(): QueueMessage<T> | undefined {
    return this.open("tryTake()").tryTake(true) as QueueMessage<T> | undefined;
  }

  /**
   * The messages as they come, each to be acknowledged (`ack()`) or given back (`nack()`). Leaving the loop gives back
   * what was not. It ends when the queue is shut down, nothing is ready, and no other consumer works on a message that
   * might come back; those that wait in such a loop themselves do not count.
   */
  async *messages(options?: WaitOptions): AsyncGenerator<QueueMessage<T>, void, undefined> {
    const open = new Set<QueueMessage<T>>();
    try {
      for (;;) {
        const message = await this.when("messages()", () => this.state.tryTake(false), options);
        if (message === OVER) return;
        for (const one of open) if (one.settled) open.delete(one);
        open.add(message as QueueMessage<T>);
        yield message as QueueMessage<T>;
      }
    } finally {
      for (const one of open) one[Symbol.dispose]();
    }
  }

  /** `get()` in a loop; ends when the queue is shut down and nothing more will come. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const found = await this.when("for await", () => this.state.tryGet(false), undefined);
      if (found === OVER) return;
      yield found.value as T;
    }
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
    const { core } = this.open("joinSync()");
    const isDone = (): true | undefined => (core.look((store) => store.pending) === 0 ? true : undefined);
    if (isDone()) return;
    this.state.whenReadySync(isDone, core.joiners, "joinSync()", options, () => this.requireOthers("joinSync()"));
  }

  /**
   * From now on nothing is put: `put` is a ClosedError in every process. What is there is still taken; with `immediate`
   * it is dropped. Consumers that wait end once nothing more will come.
   */
  shutdown({ immediate = false }: { immediate?: boolean } = {}): void {
    this.open("shutdown()").shutDown(immediate);
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

  override [HANDLE](folder: string): Given {
    const own = super[HANDLE](folder);
    const letters = this.deadLetterQueue;
    if (!letters) return { ...own, descriptor: { ...own.descriptor, kind: "queue" } };
    let nested: Given;
    try {
      nested = letters[HANDLE](folder);
    } catch (error) {
      own.undo();
      throw error;
    }
    return {
      descriptor: { ...own.descriptor, kind: "queue", deadLetter: nested.descriptor },
      commit: (to) => {
        own.commit(to);
        nested.commit(to);
      },
      undo: () => {
        nested.undo();
        own.undo();
      },
    };
  }

  protected override detach(): void {
    this.state.close(() => this.closedError("the call"));
  }

  /** The last one out takes along what nobody took. */
  override close(): void {
    if (this.closed) return;
    const { segment } = this.holding;
    super.close();
    if (segment.find() === undefined) dropFolder(this.state.folder);
  }

  /** @internal */
  protected priorityOf(options: PutOptions | undefined): number {
    if (options?.priority !== undefined)
      throw new UsageError(`${this.label}: put() with a priority; allowed: in a PriorityQueue`);
    return 0;
  }

  private open(operation: string): QueueHolding {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  private overError(operation: string): ClosedError {
    return new ClosedError(`${this.label}: ${operation}, and it was shut down and nothing more will come`, {
      resource: this.name || undefined,
    });
  }

  private async when<R>(
    operation: string,
    attempt: () => R | undefined,
    options: WaitOptions | undefined,
  ): Promise<R | typeof OVER> {
    const { core } = this.open(operation);
    if (options?.timeout !== undefined) deadlineOf(options.timeout, `${this.label}: ${operation}`);
    options?.signal?.throwIfAborted();
    const found = core.readers.areWaitingHere ? undefined : attempt();
    if (found !== undefined) {
      if (turnIsDue()) await nextTurn();
      return found;
    }
    return this.state.whenReady(attempt, core.readers, operation, options ?? {});
  }

  private whenSync<R>(
    operation: string,
    attempt: () => R | undefined,
    options: SyncWaitOptions | undefined,
  ): R | typeof OVER {
    const { core } = this.open(operation);
    const found = attempt();
    if (found !== undefined) return found;
    if (core.isOver) return OVER;
    return this.state.whenReadySync(attempt, core.readers, operation, options ?? {}, () =>
      this.requireOthers(operation),
    );
  }

  private takeReady(max: number): T[] | undefined {
    const found: T[] = [];
    this.state.getMany(max, (value) => found.push(value as T), false);
    return found.length > 0 ? found : undefined;
  }

  private get isAlone(): boolean {
    const { segment } = this.holding;
    return !segment.isNamed && this.holding.peers().length === 0 && segment.linksInFlight() <= 0;
  }

  private requireOthers(operation: string): void {
    if (this.isAlone)
      throw new UsageError(
        `${this.label}: ${operation} without a timeout, and no other thread has the queue: nobody could ever end the wait`,
      );
  }

  private deadLetters(): Queue<unknown> | undefined {
    return this.deadLetterQueue;
  }
}

/** What tells a kind of queue from the others. */
export interface QueueKind {
  readonly name: string;
  readonly discipline: (typeof DISCIPLINES)[number];
}

const remaining = (deadline: number, timeout: number | undefined): { timeout?: number } =>
  timeout === undefined ? {} : { timeout: Math.max(0, deadline - performance.now()) };

export function makeQueue(kind: QueueKind, name: string | undefined, options: QueueOptions): Place {
  const operation = name === undefined ? `new ${kind.name}()` : `${kind.name}.create()`;
  return createObject(specOf(kind, options, operation), name, options, operation);
}

export function openQueueOf(kind: QueueKind, name: string): Place {
  checkName(name, `${kind.name}.open()`);
  return openObject("queue", name, (segment) => examine(segment, kind));
}

export function openOrMakeQueue(kind: QueueKind, name: string, options: QueueOptions): Place {
  const operation = `${kind.name}.openOrCreate()`;
  checkName(name, operation);
  return openOrCreateObject(
    specOf(kind, options, operation),
    name,
    options,
    (segment) => examine(segment, kind),
    operation,
  );
}

function wholeNumber(what: string, value: number | undefined, most: number, operation: string): number {
  if (value === undefined) return 0;
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new UsageError(`${operation}: ${what} is ${String(value)}; allowed: 1 to ${most.toLocaleString("en")}`);
  return value;
}

function specOf(kind: QueueKind, options: QueueOptions, operation: string): ObjectSpec {
  const { capacity = DEFAULT_CAPACITY, maxAttached = 128 } = options;
  if (!Number.isInteger(capacity) || capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY)
    throw new UsageError(
      `${operation}: capacity is ${String(capacity)}; allowed: ${LEAST_CAPACITY} to ${MOST_CAPACITY} bytes`,
    );
  const maxItems = wholeNumber("maxItems", options.maxItems, 2 ** 31 - 1, operation);
  const maxDeliveries = wholeNumber("maxDeliveries", options.maxDeliveries, 2 ** 31 - 1, operation);
  if (options.deadLetter !== undefined && !(options.deadLetter instanceof Queue))
    throw new UsageError(`${operation}: deadLetter is no Queue`);
  const blocks = Math.ceil(capacity / BLOCK);
  const plan = queuePlan(maxAttached, blocks);
  return {
    kind: "queue",
    detail: DISCIPLINES.indexOf(kind.discipline),
    size: blocks * BLOCK,
    bodyBytes: plan.bytes,
    block: blocks * BLOCK,
    initialise({ words, bodyOffset }) {
      const body = bodyOffset / 4;
      const { array } = words;
      array[body + queueHead.word.discipline] = DISCIPLINES.indexOf(kind.discipline);
      array[body + queueHead.word.maxItems] = maxItems;
      array[body + queueHead.word.maxDeliveries] = maxDeliveries;
      array[body + plan.store + storeHead.word.blocks] = blocks;
      array[body + plan.store + storeHead.word.free] = blocks;
      for (let block = 0; block < blocks; block++)
        array[body + plan.rows + (block * itemRow.bytes) / 4 + itemRow.word.next] = FREE;
    },
  };
}

/** What is wrong with a queue's segment; `kind` is what it must be, if anything. */
function examine({ detail, data, control, bodyOffset, maxAttached }: Segment, kind?: QueueKind): string | undefined {
  const discipline = DISCIPLINES[detail];
  if (discipline === undefined) return `its discipline ${detail} is none that this version has`;
  if (kind && kind.discipline !== discipline)
    return `it is a queue of discipline ${discipline}, not ${kind.discipline}`;
  const blocks = (data?.byteLength ?? 0) / BLOCK;
  if (!Number.isInteger(blocks) || blocks < 1) return `its ${data?.byteLength ?? 0} bytes are no whole blocks`;
  return control.byteLength < bodyOffset + queuePlan(maxAttached, blocks).bytes ? "its file is too short" : undefined;
}

type QueueClass = (place: Place, deadLetter: Queue<unknown> | undefined) => Queue<unknown>;
const queueClasses = new Map<string, QueueClass>();

/** Names the class of a discipline, so that a handle of it that arrives becomes one. */
export function registerQueue(kind: QueueKind, make: QueueClass): void {
  queueClasses.set(kind.discipline, make);
}

registerQueue(Queue.kind, (place, deadLetter) => new Queue(place, deadLetter));

registerKind("queue", (folder: string, descriptor: Descriptor) => {
  const place = takeObject("queue", folder, descriptor, (segment) => examine(segment));
  const nested = descriptor.deadLetter as Descriptor | undefined;
  const deadLetter = nested && (takeHandle(folder, nested) as Queue<unknown>);
  const make = queueClasses.get(DISCIPLINES[place.holding.segment.detail]) as QueueClass;
  return make(place, deadLetter);
});
