import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { isPlace } from "../is-place.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { LockHolding } from "./lock-holding.js";
import { lockLayout } from "./sync.layout.js";
import { makeSync, openOrCreateSync, openSync, registerSync, type SyncClass, SyncObject } from "./sync-object.js";

/** That a lock is held, from `acquire` until `release()` or the end of a `using` block. */
export class LockHold implements Disposable, AsyncDisposable {
  /** @internal */
  constructor(
    private isAbandoned: boolean,
    /** @internal the handle it was taken through */
    readonly through: object,
    private readonly giveBack: (hold: LockHold) => void,
    private isReleased = false,
  ) {}

  /**
   * Whether an earlier holder died while it held the lock, and nobody has released it normally since: what the lock
   * guards may be half changed.
   */
  get abandoned(): boolean {
    return this.isAbandoned;
  }

  /** Whether it is still held. */
  get isHeld(): boolean {
    return !this.isReleased;
  }

  /** @internal */
  retaken(abandoned: boolean): void {
    this.isAbandoned = abandoned;
  }

  /** @internal */
  lapse(): void {
    this.isReleased = true;
  }

  /** Gives the lock back and wakes the next one. @throws UsageError when it was given back already */
  release(): void {
    this.giveBack(this);
    this.isReleased = true;
  }

  /** Gives the lock back unless that was done. */
  [Symbol.dispose](): void {
    if (!this.isReleased) this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}

/**
 * Mutual exclusion between processes, worker threads and async functions alike: one holds it, the others wait. Waiters
 * get it in the order in which they came, except that a running thread may take a lock that has just become free before
 * a sleeping one is awake; nobody who has waited for a millisecond is passed over.
 *
 * A holder that is killed, at whatever instruction, leaves the lock to the next one, whose hold then says `abandoned`:
 * what the lock guards may be half changed. It stays so for each next holder until one releases normally. A holder that
 * is merely stopped keeps it. Taking and giving back a free lock makes no kernel call.
 *
 * The idea is Python's `multiprocessing.Lock`, which stays locked for ever when its holder dies, and the robust mutexes
 * of POSIX.
 *
 * @example
 * const lock = new Lock();
 * {
 *   using hold = lock.acquireSync();
 *   console.log(lock.isLocked, hold.abandoned); // true false
 * }
 * console.log(lock.isLocked); // false
 */
export class Lock extends SyncObject {
  /** @internal */
  readonly state: LockHolding<LockHold>;

  /**
   * Makes a lock that others get by being handed it.
   *
   * @throws UsageError for an option out of its range; SystemError when the memory is not there
   */
  constructor(options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(place: Place, at?: number, sync?: SyncClass);
  constructor(from: SharedObjectOptions | Place = {}, at?: number, sync: SyncClass = lockClass) {
    super(isPlace(from, sync.name) ? from : makeSync(sync, undefined, from), sync.name, at);
    this.state = LockHolding.of<LockHold>(this.holding, this.body);
  }

  /** Makes a lock under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, options?: SharedObjectOptions): Lock {
    return new Lock(makeSync(lockClass, name, options));
  }

  /** Opens the lock of that name. @throws NotFoundError, MismatchError */
  static open(name: string): Lock {
    return new Lock(openSync(lockClass, name));
  }

  /** Opens the lock of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, options?: SharedObjectOptions): Lock {
    return new Lock(openOrCreateSync(lockClass, name, options));
  }

  /** Whether some living thread holds it. */
  get isLocked(): boolean {
    return this.owner !== undefined;
  }

  /** The pid of the process that holds it. */
  get owner(): number | undefined {
    const owner = this.open("owner").core.heldBy;
    const { registry } = this.holding.segment;
    return owner !== 0 && registry.isAlive(owner) ? registry.pidOf(owner) : undefined;
  }

  /**
   * Waits until it is free and takes it.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async acquire(options?: WaitOptions): Promise<LockHold> {
    return this.open("acquire()").acquire(this, this.holdsLoop, this.make, this.label, options);
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError when this very thread holds it
   */
  acquireSync(options?: SyncWaitOptions): LockHold {
    return this.open("acquireSync()").acquireSync(this, this.make, this.label, options);
  }

  /** Takes it if it is free; never waits. */
  tryAcquire(): LockHold | undefined {
    return this.open("tryAcquire()").tryAcquire(this.make);
  }

  /** Gives back this thread's newest hold. @throws UsageError when it holds none */
  release(): void {
    const hold = this.open("release()").holds.at(-1);
    if (!hold) throw new UsageError(`${this.label}: release(), and this thread does not hold it`);
    hold.release();
  }

  /** Runs `work` while holding it, and gives what that gives. @throws as `acquire` does, and what `work` throws */
  async withLock<T>(work: (hold: LockHold) => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    const hold = await this.acquire(options);
    try {
      return await work(hold);
    } finally {
      hold[Symbol.dispose]();
    }
  }

  /** The same, blocking the thread. */
  withLockSync<T>(work: (hold: LockHold) => T, options?: SyncWaitOptions): T {
    using hold = this.acquireSync(options);
    return work(hold);
  }

  /** @internal takes it again after a condition's wait */
  async takeBack(parked: readonly LockHold[], holdsLoop: boolean): Promise<void> {
    try {
      const back = { holds: parked, retaken };
      await this.open("acquire()").takeBack(back, this, holdsLoop, this.label);
    } catch (error) {
      for (const hold of parked) hold.lapse();
      throw error;
    }
  }

  /** @internal */
  takeBackSync(parked: readonly LockHold[]): void {
    try {
      this.open("acquireSync()").takeBackSync({ holds: parked, retaken }, this, this.label);
    } catch (error) {
      for (const hold of parked) hold.lapse();
      throw error;
    }
  }

  /** @internal makes a hold of what was just taken */
  protected readonly make = (abandoned: boolean): LockHold =>
    new LockHold(abandoned, this, (hold) => this.state.release(hold, this.label));

  protected open(operation: string): LockHolding<LockHold> {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  /** What was taken through this handle is given back, and calls that wait through it end. */
  protected override detach(): void {
    this.state.rejectAll(this, () => this.closedError("acquire()"));
    for (const hold of this.state.holds.filter((one) => one.through === this)) hold[Symbol.dispose]();
  }

  protected override holdsChanged(): void {
    this.state.setHoldsLoop(this, this.holdsLoop);
  }
}

export const lockClass = registerSync({ name: "Lock", layout: lockLayout, at: (place) => new Lock(place) });

const retaken = (hold: LockHold, abandoned: boolean): void => hold.retaken(abandoned);
