import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { BrokenBarrierError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { isLeaving } from "../../memory/this-thread.js";
import { type Arrival, ArrivalWait, Rendezvous } from "../../sync/rendezvous.js";
import { rendezvousHead } from "../../sync/rendezvous.layout.js";
import type { Holding } from "../holding.js";
import { show } from "../memory/element-kinds.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { type Call, WaitingCalls } from "../waiting-calls.js";
import { barrierLayout } from "./sync.layout.js";
import { type Initialise, makeSync, openOrCreateSync, openSync, registerSync, SyncObject } from "./sync-object.js";

const MOST_PARTIES = 2 ** 31 - 1;
const NO_TIMEOUT = 0xffff_ffff;

/** How a barrier is made. */
export interface BarrierOptions extends SharedObjectOptions, BarrierUse {
  /** Milliseconds for every wait, by whatever handle, that has no timeout of its own; whole ones, at most 49 days. */
  timeout?: number;
}

/** What one handle of a barrier has for itself. */
export interface BarrierUse {
  /**
   * Runs when all have arrived and before any goes on, in the one that came last, if that waits through this handle.
   * What it throws breaks the barrier.
   */
  action?: () => unknown;
}

/** A barrier as one thread has it. */
class BarrierHolding {
  readonly calls: WaitingCalls<ArrivalWait, Arrival>;

  constructor(readonly core: Rendezvous) {
    this.calls = new WaitingCalls(({ arrival }) =>
      arrival && core.giveUp(arrival.cycle) === "passed" ? { result: { ...arrival, isLast: false } } : undefined,
    );
  }

  static of(holding: Holding, at: number): BarrierHolding {
    return holding.part(at, () => {
      const core = new Rendezvous(holding, at);
      // a thread that crashes, or ends while it waits, stays a party, and its end breaks the barrier
      holding.beforeLeaving(() => {
        if (!isLeaving() || (!process.exitCode && !core.isWaitedHere)) core.quit();
      });
      return new BarrierHolding(core);
    });
  }

  arrive(): Arrival | "broken" | undefined {
    return this.core.arrive(() => this.calls.look(({ arrival }) => arrival !== undefined));
  }
}

/**
 * A place where `parties` wait for each other: nobody goes on until all have arrived, then all do, and it is ready for
 * the next time. Each wait counts as one, be it of a process, a worker thread or an async function.
 *
 * It breaks, and everybody who waits is told by a BrokenBarrierError, when one of them gives up (timeout or abort), when
 * somebody calls `abort()`, when the action throws, and when a thread that waits in it, or ever did, dies. One that ends
 * in an orderly way without waiting, or closes its handles, does not break it, nor does anybody who never waited. It
 * stays broken until `reset()`. The idea is Python's `multiprocessing.Barrier`, where a party's death leaves the others
 * waiting.
 *
 * @example
 * const barrier = new Barrier(2);
 * console.log(await Promise.all([barrier.wait(), barrier.wait()])); // [ 0, 1 ]
 */
export class Barrier extends SyncObject {
  private readonly state: BarrierHolding;
  private readonly action: (() => unknown) | undefined;
  private readonly timeout: number | undefined;
  private isActing = false;

  /**
   * Makes a barrier that others get by being handed it; the action stays here.
   *
   * @throws UsageError for parties that are not 1 to 2,147,483,647; SystemError when the memory is not there
   */
  constructor(parties: number, options?: Omit<BarrierOptions, "persist">);
  /** @internal */
  constructor(place: Place, use?: BarrierUse);
  constructor(from: number | Place, options: BarrierOptions = {}) {
    super(
      typeof from === "object" && from !== null
        ? from
        : makeSync(barrierClass, undefined, options, initialise(from, options, "new Barrier()")),
      "Barrier",
    );
    this.action = options.action;
    const timeout = this.holding.words.load(this.body + rendezvousHead.word.timeoutMs) >>> 0;
    this.timeout = timeout === NO_TIMEOUT ? undefined : timeout;
    this.state = BarrierHolding.of(this.holding, this.body);
  }

  /** Makes a barrier under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, parties: number, options: BarrierOptions = {}): Barrier {
    return new Barrier(
      makeSync(barrierClass, name, options, initialise(parties, options, "Barrier.create()")),
      options,
    );
  }

  /** Opens the barrier of that name. @throws NotFoundError, MismatchError */
  static open(name: string, use: BarrierUse = {}): Barrier {
    checkAction(use, "Barrier.open()");
    return new Barrier(openSync(barrierClass, name), use);
  }

  /** Opens the barrier of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, parties: number, options: BarrierOptions = {}): Barrier {
    const first = initialise(parties, options, "Barrier.openOrCreate()");
    return new Barrier(openOrCreateSync(barrierClass, name, options, first), options);
  }

  /** How many wait for each other. */
  get parties(): number {
    return this.open("parties").core.parties;
  }

  /** How many have arrived and wait. */
  get waiting(): number {
    return this.open("waiting").core.waiting;
  }

  get isBroken(): boolean {
    return this.open("isBroken").core.isBroken;
  }

  /**
   * Waits until all have arrived, and gives how many had before: 0 for the first, `parties - 1` for the last.
   *
   * @throws BrokenBarrierError when it is or gets broken
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`; these
   * three break it for the others. What the action throws
   */
  async wait(options: WaitOptions = {}): Promise<number> {
    const { calls } = this.open("wait()");
    const call = this.call("wait()", this.holdsLoop, options);
    deadlineOf(call.options?.timeout, call.operation);
    options.signal?.throwIfAborted();
    const arrival = await calls.inLoop(call);
    if (!arrival.isLast) return arrival.index;
    try {
      this.isActing = true;
      await this.action?.();
    } catch (error) {
      this.fail(error);
    } finally {
      this.isActing = false;
    }
    this.complete(arrival);
    if (turnIsDue()) await nextTurn();
    return arrival.index;
  }

  /**
   * The same, blocking the thread. The action must not be an async function then.
   *
   * @throws BrokenBarrierError when it is or gets broken; TimeoutError after `timeout`; what the action throws
   * @throws UsageError without a timeout, when nobody else has the barrier and others would have to arrive
   */
  waitSync(options: SyncWaitOptions = {}): number {
    const { core, calls } = this.open("waitSync()");
    const call = this.call("waitSync()", true, options);
    const deadline = deadlineOf(call.options?.timeout, call.operation);
    if (deadline === Number.POSITIVE_INFINITY && !core.isBroken && core.waiting + 1 < core.parties)
      this.holding.requireOthers(call.operation, () => core.isBroken || core.waiting + 1 >= core.parties);
    const arrival = calls.blocking(call);
    if (!arrival.isLast) return arrival.index;
    try {
      if (isThenable(this.action?.()))
        throw new UsageError(
          `${call.operation}: the action is an async function; allowed: one that is done when it returns`,
        );
    } catch (error) {
      this.fail(error);
    }
    this.complete(arrival);
    return arrival.index;
  }

  /** Breaks it: whoever waits, or comes before a `reset()`, gets a BrokenBarrierError. */
  abort(): void {
    this.open("abort()").core.abort();
  }

  /** Makes it whole and empty again; whoever waits gets a BrokenBarrierError. */
  reset(): void {
    this.open("reset()").core.reset();
  }

  protected override detach(): void {
    this.state.calls.rejectAll(this, () => this.closedError("wait()"));
    if (this.isActing) this.state.core.abort();
  }

  private complete({ cycle }: Arrival): void {
    if (this.closed) throw this.closedError("wait()");
    if (!this.state.core.complete(cycle)) throw this.broken();
  }

  private fail(error: unknown): never {
    if (!this.closed) this.state.core.abort();
    throw error;
  }

  private broken(): BrokenBarrierError {
    return new BrokenBarrierError(`${this.label}: wait(), and it is broken`, { resource: this.name || undefined });
  }

  private call(name: string, holdsLoop: boolean, options: WaitOptions): Call<ArrivalWait, Arrival> {
    const { core } = this.state;
    return {
      by: this,
      operation: `${this.label}: ${name}`,
      options: { ...options, timeout: options.timeout ?? this.timeout },
      make: ({ resolve, reject }) =>
        new ArrivalWait(
          core,
          holdsLoop,
          () => this.state.arrive(),
          (end, arrival) => (end === "passed" && arrival ? resolve(arrival) : reject(this.broken())),
        ),
    };
  }

  private open(operation: string): BarrierHolding {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  protected override holdsChanged(): void {
    this.state.calls.setHoldsLoop(this, this.holdsLoop);
  }
}

function checkAction({ action }: BarrierUse, operation: string): void {
  if (action !== undefined && typeof action !== "function")
    throw new UsageError(`${operation}: the action is ${show(action)}; allowed: a function`);
}

function initialise(parties: number, options: BarrierOptions, operation: string): Initialise {
  const { timeout } = options;
  checkAction(options, operation);
  if (!Number.isInteger(parties) || parties < 1 || parties > MOST_PARTIES)
    throw new UsageError(`${operation}: parties is ${show(parties)}; allowed: an integer from 1 to ${MOST_PARTIES}`);
  deadlineOf(timeout, operation);
  const isBounded = timeout !== undefined && timeout < NO_TIMEOUT;
  return (words, at) => {
    words[at + rendezvousHead.word.parties] = parties;
    words[at + rendezvousHead.word.timeoutMs] = isBounded ? Math.max(0, Math.ceil(timeout)) : NO_TIMEOUT;
  };
}

const isThenable = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

const barrierClass = registerSync({ name: "Barrier", layout: barrierLayout, at: (place) => new Barrier(place) });
