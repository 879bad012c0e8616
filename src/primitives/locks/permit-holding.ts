import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { OwnedPermits } from "../../sync/owned-permits.js";
import { type Permits, PermitWait } from "../../sync/permits.js";
import { permitsHead } from "../../sync/permits.layout.js";
import { PlainPermits } from "../../sync/plain-permits.js";
import type { Holding } from "../holding.js";
import { type Call, WaitingCalls } from "../waiting-calls.js";
import { toldWait } from "./told-wait.js";

/** What somebody has of a semaphore. */
export interface HeldPermit {
  /** The handle it was taken through. */
  readonly through: object;
  /** It was given back by another way than its own `release()`. */
  lapse(): void;
}

/** A semaphore as one thread has it, for all its handles here: the permits that it holds, and the calls that wait. */
export class PermitHolding<P extends HeldPermit> {
  readonly core: Permits;
  /** Whether permits belong to whoever took them. */
  readonly isOwned: boolean;
  /** Those not given back yet, the newest last; none are kept of permits that nobody owns. */
  private readonly permits: P[] = [];
  private readonly calls: WaitingCalls<PermitWait, P>;

  static of<P extends HeldPermit>(holding: Holding, at: number, isBounded: boolean): PermitHolding<P> {
    return holding.part(at, () => new PermitHolding<P>(holding, at, isBounded));
  }

  constructor(
    private readonly holding: Holding,
    at: number,
    private readonly isBounded: boolean,
  ) {
    this.isOwned = holding.words.load(at + permitsHead.word.isPlain) === 0;
    this.core = this.isOwned ? new OwnedPermits(holding, at) : new PlainPermits(holding, at, isBounded);
    this.calls = new WaitingCalls((wait, isLast) => {
      this.core.withdraw(wait, isLast);
      return undefined;
    });
  }

  tryAcquire(make: () => P): P | undefined {
    if (this.calls.size > 0 && !this.calls.serve()) return undefined;
    return this.core.tryTakeOver() ? this.taken(make) : undefined;
  }

  async acquire(by: object, holdsLoop: boolean, make: () => P, label: string, options?: WaitOptions): Promise<P> {
    const operation = `${label}: acquire()`;
    deadlineOf(options?.timeout, operation);
    options?.signal?.throwIfAborted();
    const permit = this.tryAcquire(make);
    if (!permit)
      return toldWait(operation, () => this.calls.inLoop(this.call(by, holdsLoop, make, operation, options)));
    if (turnIsDue()) await nextTurn();
    return permit;
  }

  acquireSync(by: object, make: () => P, label: string, options: SyncWaitOptions | undefined): P {
    if (options === undefined && this.calls.size === 0 && this.core.tryTake()) return this.taken(make);
    const operation = `${label}: acquireSync()`;
    const deadline = deadlineOf(options?.timeout, operation);
    const permit = this.tryAcquire(make);
    if (permit) return permit;
    if (deadline === Number.POSITIVE_INFINITY) this.holding.requireOthers(operation, () => this.core.value > 0);
    return toldWait(operation, () => this.calls.blocking(this.call(by, true, make, operation, options)));
  }

  /** Gives one permit back. False: that is one more than there may be. */
  giveBack(permit: P, label: string): boolean {
    if (!this.isOwned) return this.core.give(0, 1);
    const { permits } = this;
    if (permits.at(-1) === permit) permits.pop();
    else {
      const index = permits.lastIndexOf(permit);
      if (index < 0) throw new UsageError(`${label}: release() of a permit that was given back already`);
      permits.splice(index, 1);
    }
    return this.core.give(1, 0);
  }

  /** Gives back this thread's newest permits, and beyond them new ones. */
  release(count: number, label: string): void {
    const own = Math.min(count, this.permits.length);
    const extra = count - own;
    if (extra > 0 && this.isBounded && this.isOwned)
      throw new UsageError(`${label}: release(${count}), and this thread holds ${own}; allowed: at most that many`);
    if (!this.core.give(own, extra)) throw this.tooMany(`${label}: release(${count})`);
    for (const permit of this.permits.splice(this.permits.length - own)) permit.lapse();
  }

  /** Why more cannot be given back. */
  tooMany(operation: string): UsageError {
    const most = this.isBounded ? "as many as it began with" : "2,147,483,647 permits in all";
    return new UsageError(`${operation}, and ${this.core.value} are free; allowed: ${most}`);
  }

  /** What was taken through a handle that is closed. */
  takenThrough(by: object): P[] {
    return this.permits.filter((permit) => permit.through === by);
  }

  rejectAll(by: object, error: () => Error): void {
    this.calls.rejectAll(by, error);
  }

  setHoldsLoop(by: object, held: boolean): void {
    this.calls.setHoldsLoop(by, held);
  }

  private taken(make: () => P): P {
    const permit = make();
    if (this.isOwned) this.permits.push(permit);
    return permit;
  }

  private call(
    by: object,
    holdsLoop: boolean,
    make: () => P,
    operation: string,
    options: WaitOptions | undefined,
  ): Call<PermitWait, P> {
    return {
      by,
      operation,
      options,
      make: (outcome) => new PermitWait(this.core, holdsLoop, () => outcome.resolve(this.taken(make))),
    };
  }
}
