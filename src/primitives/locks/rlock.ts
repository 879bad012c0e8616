import { AsyncLocalStorage } from "node:async_hooks";
import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { isPlace } from "../is-place.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { Lock, LockHold } from "./lock.js";
import type { LockHolding } from "./lock-holding.js";
import { lockLayout } from "./sync.layout.js";
import { makeSync, openOrCreateSync, openSync, registerSync } from "./sync-object.js";

/** That an {@link RLock} is held; whoever has it can take the lock again. */
export class RLockHold extends LockHold {
  /** @internal */
  constructor(
    abandoned: boolean,
    through: object,
    giveBack: (hold: LockHold) => void,
    private readonly again: () => RLockHold,
  ) {
    super(abandoned, through, giveBack);
  }

  /** Takes the lock once more, at once; both holds have to be given back. @throws UsageError when this one was already */
  async acquire(): Promise<RLockHold> {
    return this.acquireSync();
  }

  /** The same, without a promise. */
  acquireSync(): RLockHold {
    if (!this.isHeld) throw new UsageError("RLock: acquire() by a hold that was given back already");
    return this.again();
  }
}

/** The locks that an async function holds by `withLock`, whatever it awaits in between. */
const inside = new AsyncLocalStorage<ReadonlySet<LockHolding<LockHold>>>();

/**
 * A {@link Lock} that its holder may take again: `acquireSync` by the thread that holds it, `hold.acquire()` by whoever
 * has a hold, and a `withLock` inside a `withLock`. It is free when every hold was given back. A second bare
 * `await acquire()` waits: nothing says that the same function asks.
 *
 * When a holder dies, however often it had taken it, the next one gets it with `abandoned`. The idea is Python's
 * `multiprocessing.RLock`.
 *
 * @example
 * const lock = new RLock();
 * lock.withLockSync(() => lock.withLockSync(() => console.log(lock.isLocked))); // true
 */
export class RLock extends Lock {
  /** Makes a lock that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(place: Place, at?: number);
  constructor(from: SharedObjectOptions | Place = {}, at?: number) {
    super(isPlace(from, "RLock") ? from : makeSync(rlockClass, undefined, from), at, rlockClass);
  }

  /** Makes a lock under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static override create(name: string, options?: SharedObjectOptions): RLock {
    return new RLock(makeSync(rlockClass, name, options));
  }

  /** Opens the lock of that name. @throws NotFoundError, MismatchError */
  static override open(name: string): RLock {
    return new RLock(openSync(rlockClass, name));
  }

  /** Opens the lock of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static override openOrCreate(name: string, options?: SharedObjectOptions): RLock {
    return new RLock(openOrCreateSync(rlockClass, name, options));
  }

  /** @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()` */
  override async acquire(options?: WaitOptions): Promise<RLockHold> {
    return (await super.acquire(options)) as RLockHold;
  }

  /** Takes it, also when this thread holds it already. @throws TimeoutError after `timeout` */
  override acquireSync(options?: SyncWaitOptions): RLockHold {
    return this.enterAgain("acquireSync()") ?? (super.acquireSync(options) as RLockHold);
  }

  /** Takes it if it is free or this thread's already; never waits. */
  override tryAcquire(): RLockHold | undefined {
    return this.enterAgain("tryAcquire()") ?? (super.tryAcquire() as RLockHold | undefined);
  }

  /** Runs `work` while holding it; inside of another `withLock` of the same lock at once. */
  override async withLock<T>(work: (hold: RLockHold) => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    const locks = inside.getStore();
    const hold = (locks?.has(this.state) ? this.enterAgain("withLock()") : undefined) ?? (await this.acquire(options));
    try {
      return await inside.run(new Set(locks).add(this.state), () => work(hold));
    } finally {
      hold[Symbol.dispose]();
    }
  }

  /** The same, blocking the thread. */
  override withLockSync<T>(work: (hold: RLockHold) => T, options?: SyncWaitOptions): T {
    using hold = this.acquireSync(options);
    return work(hold);
  }

  /** @internal */
  protected override readonly make = (abandoned: boolean): RLockHold =>
    new RLockHold(
      abandoned,
      this,
      (hold) => this.state.release(hold, this.label),
      () => this.another(abandoned),
    );

  private enterAgain(operation: string): RLockHold | undefined {
    const newest = this.open(operation).holds.at(-1);
    return newest && this.another(newest.abandoned);
  }

  private another(abandoned: boolean): RLockHold {
    const hold = this.make(abandoned);
    this.open("acquire()").holds.push(hold);
    return hold;
  }
}

export const rlockClass = registerSync({ name: "RLock", layout: lockLayout, at: (place) => new RLock(place) });
