import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { MOST_PERMITS } from "../../sync/permits.js";
import { permitsHead } from "../../sync/permits.layout.js";
import { show } from "../memory/element-kinds.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { PermitHolding } from "./permit-holding.js";
import { semaphoreLayout } from "./sync.layout.js";
import {
  type Initialise,
  makeSync,
  openOrCreateSync,
  openSync,
  registerSync,
  type SyncClass,
  SyncObject,
} from "./sync-object.js";

/** How a semaphore is made. */
export interface SemaphoreOptions extends SharedObjectOptions {
  /**
   * `false`: permits belong to nobody; whoever likes counts up and whoever likes counts down, and nothing comes back
   * when somebody dies. Python's plain counter, for signalling. Default `true`.
   */
  owned?: boolean;
}

/** That something of a semaphore is held, from `acquire` until `release()` or the end of a `using` block. */
export class Permit implements Disposable, AsyncDisposable {
  private isReleased = false;

  /** @internal */
  constructor(
    /** @internal the handle it was taken through */
    readonly through: Semaphore,
    private readonly giveBack: (permit: Permit) => void,
  ) {}

  /** Whether it is still held. */
  get isHeld(): boolean {
    return !this.isReleased;
  }

  /** Gives the permit back and wakes the next one. @throws UsageError when it was given back already */
  release(): void {
    if (this.isReleased) throw new UsageError("Semaphore: release() of a permit that was given back already");
    this.giveBack(this);
    this.isReleased = true;
  }

  /** @internal */
  lapse(): void {
    this.isReleased = true;
  }

  /** Gives the permit back unless that was done. */
  [Symbol.dispose](): void {
    if (!this.isReleased) this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}

/**
 * So many permits, shared by processes, worker threads and async functions alike: who finds none waits. Waiters get
 * them in the order in which they came, except that a running thread may take one that has just become free before a
 * sleeping one is awake; nobody who has waited for a millisecond is passed over.
 *
 * A permit belongs to the thread that took it: when that is killed, at whatever instruction, its permits are free again,
 * and a killed waiter is never handed one. A thread may give back more than it has (`release(n)`); these are new ones.
 * With `{ owned: false }` it is a plain counter. Taking and giving back a free permit makes no kernel call.
 *
 * The idea is Python's `multiprocessing.Semaphore`, where a dead holder's permits are lost.
 *
 * @example
 * const semaphore = new Semaphore(2);
 * {
 *   using permit = semaphore.acquireSync();
 *   console.log(semaphore.value, permit.isHeld); // 1 true
 * }
 * console.log(semaphore.value); // 2
 */
export class Semaphore extends SyncObject {
  private readonly state: PermitHolding<Permit>;

  /**
   * Makes a semaphore of `count` permits (1 when left out) that others get by being handed it.
   *
   * @throws UsageError for a count that is not 0 to 2,147,483,647; SystemError when the memory is not there
   */
  constructor(count?: number, options?: Omit<SemaphoreOptions, "persist">);
  /** @internal */
  constructor(place: Place, options?: SemaphoreOptions, sync?: SyncClass);
  constructor(from: number | Place = 1, options: SemaphoreOptions = {}, sync: SyncClass = semaphoreClass) {
    super(
      typeof from === "object" && from !== null
        ? from
        : makeSync(sync, undefined, options, permits(from, options, `new ${sync.name}()`)),
      sync.name,
    );
    this.state = PermitHolding.of<Permit>(this.holding, this.body, sync.name === "BoundedSemaphore");
  }

  /** Makes a semaphore under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, count = 1, options: SemaphoreOptions = {}): Semaphore {
    return new Semaphore(makeSync(semaphoreClass, name, options, permits(count, options, "Semaphore.create()")));
  }

  /** Opens the semaphore of that name. @throws NotFoundError, MismatchError */
  static open(name: string): Semaphore {
    return new Semaphore(openSync(semaphoreClass, name));
  }

  /** Opens the semaphore of that name, or makes it with `count`. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, count = 1, options: SemaphoreOptions = {}): Semaphore {
    const initialise = permits(count, options, "Semaphore.openOrCreate()");
    return new Semaphore(openOrCreateSync(semaphoreClass, name, options, initialise));
  }

  /** Free permits. */
  get value(): number {
    return this.open("value").core.value;
  }

  /**
   * Waits until a permit is free and takes it.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async acquire(options?: WaitOptions): Promise<Permit> {
    return this.open("acquire()").acquire(this, this.holdsLoop, this.make, this.label, options);
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError without a timeout, when nobody else has the semaphore and so nobody could give a permit back
   */
  acquireSync(options?: SyncWaitOptions): Permit {
    return this.open("acquireSync()").acquireSync(this, this.make, this.label, options);
  }

  /** Takes a permit if one is free; never waits. */
  tryAcquire(): Permit | undefined {
    return this.open("tryAcquire()").tryAcquire(this.make);
  }

  /**
   * Gives permits back: this thread's newest ones, and beyond them new ones. Wakes as many waiters, and waits for
   * none of them.
   *
   * @throws UsageError for more than there may be; a {@link BoundedSemaphore} never gains permits
   */
  release(count = 1): void {
    const state = this.open("release()");
    if (!Number.isInteger(count) || count < 1)
      throw new UsageError(`${this.label}: release() of ${show(count)}; allowed: an integer, 1 or more`);
    state.release(count, this.label);
  }

  private readonly giveBack = (permit: Permit): void => {
    if (!this.state.giveBack(permit, this.label)) throw this.state.tooMany(`${this.label}: release()`);
  };

  private readonly make = (): Permit => new Permit(this, this.giveBack);

  private open(operation: string): PermitHolding<Permit> {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  /** What was taken through this handle is given back, and calls that wait through it end. */
  protected override detach(): void {
    this.state.rejectAll(this, () => this.closedError("acquire()"));
    for (const permit of this.state.takenThrough(this)) permit[Symbol.dispose]();
  }

  protected override holdsChanged(): void {
    this.state.setHoldsLoop(this, this.holdsLoop);
  }
}

/** Writes the words of a new semaphore. */
export function permits(count: number, { owned = true }: SemaphoreOptions, operation: string): Initialise {
  if (!Number.isInteger(count) || count < 0 || count > MOST_PERMITS)
    throw new UsageError(`${operation}: the count is ${show(count)}; allowed: an integer from 0 to ${MOST_PERMITS}`);
  if (typeof owned !== "boolean") throw new UsageError(`${operation}: owned is ${show(owned)}; allowed: true or false`);
  return (words, at) => {
    words[at + permitsHead.word.free] = count;
    words[at + permitsHead.word.total] = count;
    words[at + permitsHead.word.isPlain] = owned ? 0 : 1;
  };
}

export const semaphoreClass = registerSync({
  name: "Semaphore",
  layout: semaphoreLayout,
  at: (place) => new Semaphore(place),
});
