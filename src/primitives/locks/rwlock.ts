import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { diagnostics } from "../../diagnostics.js";
import { UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { type Access, AccessWait, ReadWriteLock } from "../../sync/read-write-lock.js";
import type { Holding } from "../holding.js";
import { isPlace } from "../is-place.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { type Call, WaitingCalls } from "../waiting-calls.js";
import { LockHold } from "./lock.js";
import { rwlockLayout } from "./sync.layout.js";
import { makeSync, openOrCreateSync, openSync, registerSync, SyncObject } from "./sync-object.js";
import { toldWait } from "./told-wait.js";

/** A read-write lock as one thread has it: what it holds, the newest last, and the calls that wait. */
class AccessHolding {
  readonly holds = new Map<LockHold, Access>();
  readonly calls: WaitingCalls<AccessWait, LockHold>;

  constructor(readonly core: ReadWriteLock) {
    this.calls = new WaitingCalls(({ access, ticket }) => void core.cancel(access, ticket));
  }

  static of(holding: Holding, at: number): AccessHolding {
    return holding.part(at, () => new AccessHolding(new ReadWriteLock(holding, at)));
  }

  holdsAny(access?: Access): boolean {
    for (const held of this.holds.values()) if (access === undefined || held === access) return true;
    return false;
  }
}

/**
 * A lock that many may hold for reading at once, or one for writing: processes, worker threads and async functions
 * alike. They get it in the order in which they came, neighbouring readers together, so that neither readers nor writers
 * starve.
 *
 * When a writer is killed, at whatever instruction, those who get the lock next are told by `abandoned`, readers and
 * writers, until a writer releases normally: what it guards may be half changed. A killed reader frees its part and
 * nobody is told; a killed waiter is passed over. The idea is Java's ReentrantReadWriteLock in its fair mode.
 *
 * @example
 * const lock = new RWLock();
 * const first = lock.acquireReadSync();
 * const second = lock.acquireReadSync();
 * console.log(lock.tryAcquireWrite()); // undefined
 * first.release();
 * second.release();
 * lock.acquireWriteSync().release();
 */
export class RWLock extends SyncObject {
  private readonly state: AccessHolding;

  /** Makes a lock that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(place: Place);
  constructor(from: SharedObjectOptions | Place = {}) {
    super(isPlace(from, "RWLock") ? from : makeSync(rwlockClass, undefined, from), "RWLock");
    this.state = AccessHolding.of(this.holding, this.body);
  }

  /** Makes a lock under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, options?: SharedObjectOptions): RWLock {
    return new RWLock(makeSync(rwlockClass, name, options));
  }

  /** Opens the lock of that name. @throws NotFoundError, MismatchError */
  static open(name: string): RWLock {
    return new RWLock(openSync(rwlockClass, name));
  }

  /** Opens the lock of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, options?: SharedObjectOptions): RWLock {
    return new RWLock(openOrCreateSync(rwlockClass, name, options));
  }

  /** Whether some living thread holds it, for reading or for writing. */
  get isLocked(): boolean {
    return this.readers > 0 || this.owner !== undefined;
  }

  /** How often it is held for reading. */
  get readers(): number {
    return this.open("readers").core.readers;
  }

  /** The pid of the process that holds it for writing. */
  get owner(): number | undefined {
    const owner = this.open("owner").core.heldBy;
    const { registry } = this.holding.segment;
    return owner !== 0 && registry.isAlive(owner) ? registry.pidOf(owner) : undefined;
  }

  /**
   * Waits until nobody writes, and no writer waits that came before, and holds it for reading.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async acquireRead(options?: WaitOptions): Promise<LockHold> {
    return this.acquire("read", "acquireRead()", options);
  }

  /** Waits until nobody holds it, and nobody waits that came before, and holds it for writing. @throws as `acquireRead` */
  async acquireWrite(options?: WaitOptions): Promise<LockHold> {
    return this.acquire("write", "acquireWrite()", options);
  }

  /**
   * As `acquireRead`, blocking the thread. A thread that holds it for reading gets it at once, also when a writer waits.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError when this very thread writes
   */
  acquireReadSync(options?: SyncWaitOptions): LockHold {
    return this.acquireSync("read", "acquireReadSync()", options);
  }

  /** As `acquireWrite`, blocking the thread. @throws TimeoutError; UsageError when this very thread holds the lock */
  acquireWriteSync(options?: SyncWaitOptions): LockHold {
    return this.acquireSync("write", "acquireWriteSync()", options);
  }

  /** Takes it for reading if that is possible at once; never waits. */
  tryAcquireRead(): LockHold | undefined {
    return this.tryAcquire("read", "tryAcquireRead()");
  }

  /** Takes it for writing if that is possible at once; never waits. */
  tryAcquireWrite(): LockHold | undefined {
    return this.tryAcquire("write", "tryAcquireWrite()");
  }

  /** Runs `work` while holding it for reading, and gives what that gives. @throws as `acquireRead`, and what `work` throws */
  async withRead<T>(work: (hold: LockHold) => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    await using hold = await this.acquireRead(options);
    return await work(hold);
  }

  /** Runs `work` while holding it for writing. */
  async withWrite<T>(work: (hold: LockHold) => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    await using hold = await this.acquireWrite(options);
    return await work(hold);
  }

  /** The same, blocking the thread. */
  withReadSync<T>(work: (hold: LockHold) => T, options?: SyncWaitOptions): T {
    using hold = this.acquireReadSync(options);
    return work(hold);
  }

  /** The same, blocking the thread. */
  withWriteSync<T>(work: (hold: LockHold) => T, options?: SyncWaitOptions): T {
    using hold = this.acquireWriteSync(options);
    return work(hold);
  }

  /** What was taken through this handle is given back, and calls that wait through it end. */
  protected override detach(): void {
    this.state.calls.rejectAll(this, () => this.closedError("acquire"));
    for (const hold of [...this.state.holds.keys()]) if (hold.through === this) hold[Symbol.dispose]();
  }

  private tryAcquire(access: Access, operation: string): LockHold | undefined {
    return this.open(operation).core.tryTakeOver(access) ? this.taken(access) : undefined;
  }

  private async acquire(access: Access, name: string, options: WaitOptions | undefined): Promise<LockHold> {
    const { calls } = this.open(name);
    const operation = `${this.label}: ${name}`;
    deadlineOf(options?.timeout, operation);
    options?.signal?.throwIfAborted();
    const hold = this.tryAcquire(access, name);
    if (!hold) return toldWait(operation, () => calls.inLoop(this.call(access, operation, this.holdsLoop, options)));
    if (turnIsDue()) await nextTurn();
    return hold;
  }

  private acquireSync(access: Access, name: string, options: SyncWaitOptions | undefined): LockHold {
    const { core, calls, holds } = this.open(name);
    const operation = `${this.label}: ${name}`;
    deadlineOf(options?.timeout, operation);
    // behind a writer that waits for this very thread's reading it would wait for ever
    if (core.tryTakeOver(access, access === "read" && holds.size > 0)) return this.taken(access);
    if (this.state.holdsAny(access === "read" ? "write" : undefined))
      throw new UsageError(`${operation}, and this very thread holds it: nobody could ever end the wait`);
    return toldWait(operation, () => calls.blocking(this.call(access, operation, true, options)));
  }

  private call(
    access: Access,
    operation: string,
    holdsLoop: boolean,
    options: WaitOptions | undefined,
  ): Call<AccessWait, LockHold> {
    const { core } = this.state;
    const make = ({ resolve }: { resolve(hold: LockHold): void }): AccessWait =>
      new AccessWait(core, access, core.begin(access), holdsLoop, () => resolve(this.taken(access)));
    return { by: this, operation, options, make };
  }

  private taken(access: Access): LockHold {
    const { core, holds } = this.state;
    const { wasAbandoned } = core;
    if (wasAbandoned) diagnostics.lockAbandoned.publish({ lock: this.name ?? "" });
    const hold = new LockHold(wasAbandoned, this, (one) => {
      if (!holds.delete(one)) throw new UsageError(`${this.label}: release() of a hold that was given back already`);
      core.release(access);
    });
    holds.set(hold, access);
    return hold;
  }

  private open(operation: string): AccessHolding {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  protected override holdsChanged(): void {
    this.state.calls.setHoldsLoop(this, this.holdsLoop);
  }
}

const rwlockClass = registerSync({ name: "RWLock", layout: rwlockLayout, at: (place) => new RWLock(place) });
