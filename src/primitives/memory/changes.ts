/*
 * Changes: waiting until what another thread writes into an object is as wanted.
 *
 * Idea    Every attachment has a bit in the object's bitmap. One word beside the value, `watched`, stands for all bits,
 *         so that a writer pays for one load when nobody waits, however many may be attached.
 * States  watched 0: nobody waits      1: somebody may, look at the bitmap
 * Order   waiter: bit, then watched, then its parker word, then the value     writer: value, then watched, then bitmap,
 *         then the waiters' parker words. All sequentially consistent: a waiter whose look misses the new value has
 *         been seen by its writer.
 *         A writer that finds watched 1 and no bit sets it 0 and looks at the bitmap again; for a bit that came
 *         meanwhile it sets watched 1 before it wakes anybody, so that whom it wakes sees a write that it had hidden.
 * Death   A writer killed between value and wake, or between watched 0 and its second look, leaves a waiter asleep
 *         until it looks again by itself (the parker's bound) and says anew that it waits. A killed waiter's bit is
 *         cleared by the writers; an entry that was taken over meanwhile gets it back, and its thread is woken.
 * Limits  A value that comes and goes between two looks is missed.
 */
import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { type ClosedError, UsageError } from "../../errors.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { WAITS } from "../../memory/object.layout.js";
import { isOwner } from "../../memory/owner.js";
import type { Words } from "../../memory/words.js";
import { type Parker, parker } from "../../sync/parker.js";
import { Pending } from "../../sync/pending.js";
import type { Wait } from "../../sync/wait.js";
import type { Holding } from "../holding.js";
import { show } from "./element-kinds.js";

const LOOK_FOR_DEAD_EVERY = 64;

/** The waits of one handle, and the wakes of what it writes. */
export class Changes {
  private readonly parker: Parker = parker();
  private readonly words: Words;
  private readonly pending = new Map<ChangeWait, Pending<never>>();
  private holds = true;
  private scans = 0;

  constructor(
    private readonly holding: Holding,
    /** Word index of `watched`. */
    private readonly watched: number,
    private readonly label: string,
  ) {
    this.words = holding.words;
  }

  /** Follows every write. One load when nobody waits. */
  published(): void {
    if (this.words.load(this.watched) !== 0) this.wakeWaiters(); // observes: waiting
  }

  /** Waits in the event loop until `predicate` is true for what `read` gives, and resolves with that. */
  async until<V>(read: () => V, predicate: (value: V) => boolean, options: WaitOptions = {}): Promise<V> {
    checkPredicate(predicate, `${this.label}: waitUntil()`);
    deadlineOf(options.timeout, `${this.label}: waitUntil()`);
    options.signal?.throwIfAborted();
    const value = read();
    if (predicate(value)) {
      if (turnIsDue()) await nextTurn();
      return value;
    }
    const wait = new ChangeWait(this.holding, this.watched, this.holds, () => {
      try {
        const seen = read(); // observes: change
        if (!predicate(seen)) return false;
        pending.resolve(seen);
      } catch (error) {
        pending.reject(error);
      }
      this.pending.delete(wait);
      return true;
    });
    const pending = new Pending<V>(`${this.label}: waitUntil()`, options, () => this.stop(wait));
    this.pending.set(wait, pending as Pending<never>);
    this.parker.start(wait);
    return pending.promise;
  }

  /** The same, blocking the thread. */
  untilSync<V>(read: () => V, predicate: (value: V) => boolean, options: SyncWaitOptions = {}): V {
    const operation = `${this.label}: waitUntilSync()`;
    checkPredicate(predicate, operation);
    const deadline = deadlineOf(options.timeout, operation);
    let value = read();
    if (predicate(value)) return value;
    if (deadline === Number.POSITIVE_INFINITY) this.holding.requireOthers(operation, () => predicate(read()));
    const wait = new ChangeWait(this.holding, this.watched, true, () => {
      value = read();
      return predicate(value);
    });
    if (this.parker.waitSync([wait], deadline)) return value;
    throw timedOut(operation, options.timeout);
  }

  /** Whether waits keep a process alive that has nothing else to do. */
  hold(held: boolean): void {
    this.holds = held;
    for (const wait of this.pending.keys()) wait.holdsLoop = held;
    this.parker.holdsChanged();
  }

  /** Ends every wait: the handle is closed. */
  rejectAll(error: () => ClosedError): void {
    for (const [wait, pending] of this.pending) {
      this.parker.stop(wait);
      pending.reject(error());
    }
    this.pending.clear();
  }

  private stop(wait: ChangeWait): void {
    this.pending.delete(wait);
    this.parker.stop(wait);
  }

  private wakeWaiters(): void {
    if (!this.holding.isAttached) return;
    const { words } = this;
    if (this.anyBit()) return this.wakeAll();
    words.store(this.watched, 0);
    if (!this.anyBit()) return;
    words.store(this.watched, 1);
    this.wakeAll();
  }

  private anyBit(): boolean {
    const { words, waiting, maxAttached } = this.holding.segment;
    for (let i = 0; i < maxAttached; i += 32) if (words.load(waiting + (i >>> 5)) !== 0) return true;
    return false;
  }

  private wakeAll(): void {
    const { holding } = this;
    const { maxAttached } = holding;
    const looksForDead = this.scans++ % LOOK_FOR_DEAD_EVERY === 0;
    for (let first = 0; first < maxAttached; first += 32) {
      let bits = holding.waitingBits(first >>> 5);
      while (bits !== 0) {
        const index = first + 31 - Math.clz32(bits & -bits);
        bits &= bits - 1;
        const owner = holding.ownerAt(index);
        if (isOwner(owner) && !(looksForDead && !holding.isAlive(owner))) this.parker.wake(owner);
        else holding.clearWaiting(index, owner);
      }
    }
  }
}

/** One call that waits for a change: made by {@link Changes}, and by the tests of the order above. */
export class ChangeWait implements Wait {
  private isArmed = false;

  constructor(
    private readonly holding: Holding,
    private readonly watched: number,
    public holdsLoop: boolean,
    readonly attempt: () => boolean,
  ) {}

  arm(): void {
    if (this.isArmed) return;
    this.isArmed = true;
    this.holding.armed(WAITS.change);
    this.holding.words.store(this.watched, 1); // publishes: waiting
  }

  disarm(): void {
    if (!this.isArmed) return;
    this.isArmed = false;
    this.holding.disarmed();
  }

  recheck(): void {
    if (!this.isArmed) return;
    this.holding.announce();
    this.holding.words.store(this.watched, 1);
  }

  peers(): readonly number[] {
    return [];
  }
}

function checkPredicate(predicate: unknown, operation: string): void {
  if (typeof predicate !== "function")
    throw new UsageError(`${operation}: the predicate is ${show(predicate)}; allowed: a function of the value`);
}
