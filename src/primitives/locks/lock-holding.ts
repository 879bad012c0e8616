import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { diagnostics } from "../../diagnostics.js";
import { UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { LockWait, OwnerLock } from "../../sync/owner-lock.js";
import { parker } from "../../sync/parker.js";
import { Pending } from "../../sync/pending.js";
import type { Holding } from "../holding.js";
import { toldWait } from "./told-wait.js";

/** What is held of a lock: by whom it was taken, and that it must be given back. */
export interface Held {
  readonly abandoned: boolean;
}

/** Holds whose lock was given away for a while. */
export interface Parked<H> {
  readonly holds: readonly H[];
  retaken(hold: H, abandoned: boolean): void;
}

/**
 * A lock as one thread has it, for all its handles here: the calls that wait, in the order in which they came, and what
 * is held. The thread holds the lock once in shared memory; which of its functions does is known here only.
 */
export class LockHolding<H extends Held> {
  readonly core: OwnerLock;
  /** The holds that are not given back yet, the newest last. More than one where a hold can be entered again. */
  readonly holds: H[] = [];
  private readonly pending = new Map<LockWait, { pending?: Pending<H>; by: object }>();

  static of<H extends Held>(holding: Holding, at: number): LockHolding<H> {
    return holding.part(at, () => new LockHolding<H>(new OwnerLock(holding, at), holding.segment.name));
  }

  constructor(
    core: OwnerLock,
    private readonly name: string,
  ) {
    this.core = core;
  }

  /** Takes it now, unless somebody holds it or waits for it here. */
  tryAcquire(make: (abandoned: boolean) => H): H | undefined {
    if (this.pending.size > 0 || this.holds.length > 0 || !this.core.tryTakeOver()) return undefined;
    return this.taken(make);
  }

  acquire(by: object, holdsLoop: boolean, make: (abandoned: boolean) => H, label: string, options: WaitOptions = {}) {
    if (options.timeout !== undefined) deadlineOf(options.timeout, `${label}: acquire()`);
    options.signal?.throwIfAborted();
    const hold = this.tryAcquire(make);
    if (hold) return turnIsDue() ? nextTurn().then(() => hold) : Promise.resolve(hold);
    return toldWait(`${label}: acquire()`, () => this.waitInLoop(by, holdsLoop, make, label, options));
  }

  private waitInLoop(
    by: object,
    holdsLoop: boolean,
    make: (abandoned: boolean) => H,
    label: string,
    options: WaitOptions,
  ): Promise<H> {
    const wait = new LockWait(this.core, holdsLoop, () => {
      this.pending.delete(wait);
      pending.resolve(this.taken(make));
    });
    const pending = new Pending<H>(`${label}: acquire()`, options, () => this.withdraw(wait));
    this.pending.set(wait, { pending, by });
    parker().start(wait);
    return pending.promise;
  }

  acquireSync(by: object, make: (abandoned: boolean) => H, label: string, options: SyncWaitOptions | undefined): H {
    if (options === undefined && this.holds.length === 0 && this.pending.size === 0 && this.core.tryTake())
      return this.taken(make);
    return this.waitSync(by, make, label, options ?? {});
  }

  private waitSync(by: object, make: (abandoned: boolean) => H, label: string, options: SyncWaitOptions): H {
    const operation = `${label}: acquireSync()`;
    const deadline = deadlineOf(options.timeout, operation);
    const now = this.tryAcquire(make);
    if (now) return now;
    if (this.holds.length > 0)
      throw new UsageError(`${operation}, and this very thread holds it: nobody could ever end the wait`);
    let hold: H | undefined;
    const wait = new LockWait(this.core, true, () => {
      hold = this.taken(make);
    });
    this.pending.set(wait, { by });
    try {
      toldWait(operation, () => {
        parker().waitSync([wait], deadline);
        if (!hold) throw timedOut(operation, options.timeout);
      });
    } finally {
      this.pending.delete(wait);
      if (!hold) this.withdraw(wait);
    }
    return hold as unknown as H;
  }

  /** Gives a hold back; with the last one the lock is free. */
  release(hold: H, label: string): void {
    if (this.holds.length === 1 && this.holds[0] === hold) {
      this.holds.pop();
      return this.core.release();
    }
    const index = this.holds.lastIndexOf(hold);
    if (index < 0)
      throw new UsageError(`${label}: release() of a hold that was given back already, or is in a condition's wait`);
    this.holds.splice(index, 1);
    if (this.holds.length === 0) this.core.release();
  }

  /** Lets go of the lock while a condition waits: its holds are kept, and others of this thread may take it. */
  park(): H[] {
    const parked = this.holds.splice(0);
    this.core.release(false);
    return parked;
  }

  /** Takes the lock again for holds that were parked, and tells each whether it is abandoned now. */
  async takeBack(parked: Parked<H>, by: object, holdsLoop: boolean, label: string): Promise<void> {
    await this.acquire(by, holdsLoop, (abandoned) => this.restore(parked, abandoned), label);
  }

  takeBackSync(parked: Parked<H>, by: object, label: string): void {
    this.acquireSync(by, (abandoned) => this.restore(parked, abandoned), label, undefined);
  }

  private restore({ holds, retaken }: Parked<H>, abandoned: boolean): H {
    for (const hold of holds) retaken(hold, abandoned);
    this.holds.push(...holds.slice(0, -1));
    return holds[holds.length - 1];
  }

  /** Ends the calls that wait through one handle. */
  rejectAll(by: object, error: () => Error): void {
    for (const [wait, one] of this.pending) {
      if (one.by !== by) continue;
      this.withdraw(wait);
      one.pending?.reject(error());
    }
  }

  setHoldsLoop(by: object, held: boolean): void {
    for (const [wait, one] of this.pending) if (one.by === by) wait.holdsLoop = held;
    parker().holdsChanged();
  }

  private taken(make: (abandoned: boolean) => H): H {
    const { wasAbandoned } = this.core;
    const hold = make(wasAbandoned);
    if (wasAbandoned) diagnostics.lockAbandoned.publish({ lock: this.name });
    this.holds.push(hold);
    return hold;
  }

  private withdraw(wait: LockWait): void {
    this.pending.delete(wait);
    parker().stop(wait);
    this.core.withdraw(wait, this.pending.size === 0);
  }
}
