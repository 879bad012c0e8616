import { HANDLE } from "../../codec.js";
import { deadlineOf, now, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { MismatchError, TimeoutError, UsageError } from "../../errors.js";
import { Notices, NoticeWait } from "../../sync/notices.js";
import { conditionLock, noticesHead } from "../../sync/notices.layout.js";
import { type Descriptor, type Given, takeHandle } from "../handle.js";
import type { Holding } from "../holding.js";
import { show } from "../memory/element-kinds.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { type Call, WaitingCalls } from "../waiting-calls.js";
import { InnerLock, registerInnerLock } from "./inner-lock.js";
import { Lock } from "./lock.js";
import { conditionLayout } from "./sync.layout.js";
import { examineSync, makeSync, openOrCreateSync, openSync, registerSync, SyncObject } from "./sync-object.js";

/** A condition as one thread has it. */
class ConditionHolding {
  readonly calls: WaitingCalls<NoticeWait, void>;

  constructor(readonly core: Notices) {
    this.calls = new WaitingCalls((wait, _isLast, isClosing) =>
      core.cancel(wait.ticket, isClosing) ? { result: undefined } : undefined,
    );
  }

  static of(holding: Holding, at: number): ConditionHolding {
    return holding.part(at, () => new ConditionHolding(new Notices(holding, at)));
  }
}

/**
 * Waiting, with a lock, until another one has changed what the lock guards: `wait` gives the lock back, waits for a
 * notice, and has the lock again before it answers. Waiters are processes, worker threads and async functions alike, and
 * are notified in the order in which their threads began to wait.
 *
 * `notify` never waits for those it wakes. A killed waiter is passed over; if it dies when it was notified already,
 * another one that was waiting by then is notified in its place. A notice ends no wait that begins later. Who notifies
 * and who waits must hold the lock, so wait for the state itself, with {@link waitFor}. When another holder of the lock
 * died meanwhile, the hold says `abandoned` after the wait.
 *
 * The idea is Python's `multiprocessing.Condition`, whose `notify` hangs when a waiter was killed.
 *
 * @example
 * const items = new SharedArray("u32", 8);
 * const changed = new Condition();
 * const got = changed.lock.withLock(() => changed.waitFor(() => items.get(0)));
 * await changed.lock.withLock(() => {
 *   items.set(0, 7);
 *   changed.notify();
 * });
 * console.log(await got); // 7
 */
export class Condition extends SyncObject {
  /** The lock that goes with it; its holds are of the same lock however many handles there are. */
  readonly lock: Lock;
  private readonly state: ConditionHolding;
  /** The handle of the lock is this handle's own. */
  private readonly ownsLock: boolean;

  /**
   * Makes a condition that others get by being handed it. It has a lock of its own, or goes with the one given, which
   * is then handed over along with it.
   *
   * @throws UsageError for what is not a Lock or RLock; SystemError when the memory is not there
   */
  constructor(lock?: Lock, options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(place: Place, options: undefined, lock?: Lock);
  constructor(from?: Lock | Place, options: SharedObjectOptions = {}, taken?: Lock) {
    const place = from !== undefined && !(from instanceof Lock) && isPlace(from) ? from : undefined;
    if (from !== undefined && !place && !(from instanceof Lock))
      throw new UsageError(`new Condition(): the lock is ${show(from)}; allowed: a Lock or an RLock`);
    super(place ?? makeSync(conditionClass, undefined, options, initialise(from === undefined)), "Condition");
    this.ownsLock = !(from instanceof Lock);
    this.lock = from instanceof Lock ? from : (taken ?? InnerLock.of(this.holding, innerLock));
    this.state = ConditionHolding.of(this.holding, this.body);
  }

  /** Makes a condition with a lock of its own under a name. @throws ExistsError, UsageError, SystemError */
  static create(name: string, options?: SharedObjectOptions): Condition {
    return new Condition(makeSync(conditionClass, name, options, initialise(true)), undefined);
  }

  /** Opens the condition of that name. @throws NotFoundError, MismatchError */
  static open(name: string): Condition {
    return new Condition(openSync(conditionClass, name), undefined);
  }

  /** Opens the condition of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, options?: SharedObjectOptions): Condition {
    return new Condition(openOrCreateSync(conditionClass, name, options, initialise(true)), undefined);
  }

  /**
   * Gives the lock back (an RLock as often as it is held), waits for a notice, and takes the lock again before it
   * answers, whatever came: `timeout` and `signal` bound the waiting only. The hold that the caller has stays the same.
   * Other functions of this thread may have the lock meanwhile. A wait that was notified before it was given up has
   * ended by that.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   * @throws UsageError when this thread does not hold the lock
   */
  async wait(options?: WaitOptions): Promise<void> {
    const operation = `${this.label}: wait()`;
    this.check("wait()");
    deadlineOf(options?.timeout, operation);
    options?.signal?.throwIfAborted();
    const { core, calls } = this.state;
    const ticket = core.begin();
    const parked = this.lock.state.park();
    let failure: { error: unknown } | undefined;
    try {
      await calls.inLoop(this.call(ticket, this.holdsLoop, operation, options));
    } catch (error) {
      failure = { error };
    }
    await this.lock.takeBack(parked, this.holdsLoop);
    if (failure) throw failure.error;
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError when this thread does not hold the lock; without a timeout, when nobody else has the condition
   */
  waitSync(options?: SyncWaitOptions): void {
    const operation = `${this.label}: waitSync()`;
    this.check("waitSync()");
    if (deadlineOf(options?.timeout, operation) === Number.POSITIVE_INFINITY) this.holding.requireOthers(operation);
    const { core, calls } = this.state;
    const ticket = core.begin();
    const parked = this.lock.state.park();
    try {
      calls.blocking(this.call(ticket, true, operation, options));
    } finally {
      this.lock.takeBackSync(parked);
    }
  }

  /**
   * Waits until `predicate` gives something true, and resolves with that. It is called with the lock held, at first and
   * after each notice.
   *
   * @throws TimeoutError when it is not so after `timeout`; what `predicate` throws, and else as {@link wait}
   */
  async waitFor<T>(predicate: () => T, options?: WaitOptions): Promise<Exclude<T, Falsy>> {
    const operation = `${this.label}: waitFor()`;
    this.check("waitFor()");
    const deadline = deadlineOf(options?.timeout, operation);
    for (let late: TimeoutError | undefined; ; ) {
      const value = check(predicate, operation)();
      if (value) return value as Exclude<T, Falsy>;
      if (late) throw late;
      try {
        await this.wait({ ...options, timeout: deadline - now() });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        late = new TimeoutError(`${operation} was not so within ${options?.timeout} ms`);
      }
    }
  }

  /** The same, blocking the thread. */
  waitForSync<T>(predicate: () => T, options?: SyncWaitOptions): Exclude<T, Falsy> {
    const operation = `${this.label}: waitForSync()`;
    this.check("waitForSync()");
    const deadline = deadlineOf(options?.timeout, operation);
    for (let late: TimeoutError | undefined; ; ) {
      const value = check(predicate, operation)();
      if (value) return value as Exclude<T, Falsy>;
      if (late) throw late;
      try {
        this.waitSync({ timeout: deadline - now() });
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        late = new TimeoutError(`${operation} was not so within ${options?.timeout} ms`);
      }
    }
  }

  /**
   * Has the `count` that have waited longest go on, once they have the lock; fewer when fewer wait.
   *
   * @throws UsageError when this thread does not hold the lock
   */
  notify(count = 1): void {
    this.check("notify()");
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`${this.label}: notify() of ${show(count)}; allowed: an integer, 1 or more`);
    this.state.core.notify(count);
  }

  /** Has all that wait go on, one after the other. @throws UsageError when this thread does not hold the lock */
  notifyAll(): void {
    this.check("notifyAll()");
    this.state.core.notifyAll();
  }

  /** Hands it over with its lock: the other process gets the same of both. */
  override [HANDLE](folder: string): Given {
    const given = super[HANDLE](folder);
    if (this.lock instanceof InnerLock && this.ownsLock) return given;
    let lock: Given;
    try {
      lock = this.lock[HANDLE](folder);
    } catch (error) {
      given.undo();
      throw error;
    }
    return {
      descriptor: { ...given.descriptor, lock: lock.descriptor },
      commit: (to) => {
        given.commit(to);
        lock.commit(to);
      },
      undo: () => {
        given.undo();
        lock.undo();
      },
    };
  }

  /** Calls that wait through this handle end, and their locks are not taken back. */
  protected override detach(): void {
    this.state.calls.rejectAll(this, () => this.closedError("wait()"));
    if (this.ownsLock) this.lock.close();
  }

  private check(operation: string): void {
    if (this.closed) throw this.closedError(operation);
    if (this.lock.closed) throw new UsageError(`${this.label}: ${operation}, and its lock is closed`);
    if (this.lock.state.holds.length === 0)
      throw new UsageError(`${this.label}: ${operation}, and this thread does not hold its lock`);
  }

  private call(
    ticket: number,
    holdsLoop: boolean,
    operation: string,
    options: WaitOptions | undefined,
  ): Call<NoticeWait, void> {
    return {
      by: this,
      operation,
      options,
      make: ({ resolve }) => new NoticeWait(this.state.core, ticket, holdsLoop, resolve),
    };
  }

  protected override holdsChanged(): void {
    this.state.calls.setHoldsLoop(this, this.holdsLoop);
  }
}

/** What a predicate gives while the wait goes on. */
type Falsy = false | 0 | 0n | "" | null | undefined;

function check<T>(predicate: () => T, operation: string): () => T {
  if (typeof predicate === "function") return predicate;
  throw new UsageError(`${operation}: the predicate is ${show(predicate)}; allowed: a function`);
}

const isPlace = (from: object): from is Place => typeof from === "object" && "holding" in from;

const initialise = (hasOwnLock: boolean) => (words: Int32Array, at: number) => {
  words[at + noticesHead.word.hasOwnLock] = hasOwnLock ? 1 : 0;
};

const conditionClass = registerSync({
  name: "Condition",
  layout: conditionLayout,
  at: (place, folder, descriptor) => new Condition(place, undefined, lockOf(place, folder, descriptor)),
});

/** The lock that came along with a condition; none when it has its own. */
function lockOf(place: Place, folder: string, { lock }: Descriptor): Lock | undefined {
  const { segment } = place.holding;
  if (segment.words.load(segment.bodyOffset / 4 + noticesHead.word.hasOwnLock) === 1) return undefined;
  try {
    const taken = takeHandle(folder, lock as Descriptor);
    if (taken instanceof Lock) return taken;
    throw new MismatchError("a condition came whose lock is none");
  } catch (error) {
    place.holding.release();
    throw error;
  }
}

const innerLock = registerInnerLock("lock", {
  examine: (segment) => examineSync(segment, conditionClass),
  at: ({ bodyOffset, maxAttached }) => bodyOffset / 4 + conditionLock(maxAttached),
});
