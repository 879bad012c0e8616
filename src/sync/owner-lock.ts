/*
 * Owner lock: a mutual exclusion whose holder's death is seen, and told to the next one.
 *
 * Idea    One word holds the owner word of the holding thread. One compare-and-swap both takes the lock and says who has
 *         it; nothing is counted. Taking and releasing a free lock touches no more than that and two flags, and never
 *         the kernel. Who finds it held waits in line (waiters.ts); who releases wakes the oldest.
 * States  holder 0                      free
 *         holder = a living owner       held
 *         holder = a dead owner         free for whoever sees it first, by compare-and-swap on the exact dead word
 *         abandoned 1                   a holder died, and nobody has released normally since
 *         starving = an owner           it has waited too long: while it lives, nobody else takes the lock (claim.ts)
 * Order   what it guards, then holder 0   publishes: release      holder 0, then what it guards   observes: release
 *         releaser: holder 0, then starving, then watched         waiter: ticket, watched, then holder
 * Death   The holder: the first who asks the kernel takes it over. Who takes over writes `abandoned` after the swap; killed
 *         between the two it is itself the dead holder, and the next one writes it.
 *         A releaser killed before it wakes anybody: the oldest waiter watches the holder's life, and is told; one that
 *         fell asleep in the few accesses around the release watches nobody, and looks again by itself (the parker's bound).
 *         A waiter killed after it was woken: its successor watches it (waiters.ts).
 * Limits  A running thread may take a lock that has just become free before the woken one is there: that keeps
 *         processors busy (a lock handed on to a sleeper stands still until it is awake). But whoever waited too long
 *         claims it when it looks, so no wait is longer than that and one hold of each claimant before it. A stopped
 *         holder holds, for ever if need be; a stopped claimant loses its claim.
 * Source  Robust futexes' owner word; for the claim see claim.ts.
 */
import { now } from "../deadline.js";
import { WAITS } from "../memory/object.layout.js";
import type { Words } from "../memory/words.js";
import { Claim } from "./claim.js";
import { lockHead, lockWaiters } from "./owner-lock.layout.js";
import type { Seat } from "./seat.js";
import type { Wait } from "./wait.js";
import { Waiters } from "./waiters.js";

export class OwnerLock {
  readonly waiters: Waiters;
  private readonly holder: number;
  private readonly abandonedWord: number;
  private readonly claim: Claim;
  /** This thread holds it in a dead one's place, and no call has been told yet. */
  private isTakenOver = false;
  private readonly words: Words;
  private readonly self: number;
  /** Of the take that succeeded last: whether a holder had died and nobody has released normally since. */
  wasAbandoned = false;

  constructor(
    readonly seat: Seat,
    at: number,
  ) {
    this.words = seat.words;
    this.self = seat.self;
    this.holder = at + lockHead.word.holder;
    this.abandonedWord = at + lockHead.word.abandoned;
    this.claim = new Claim(seat, at + lockHead.word.starving);
    this.waiters = new Waiters(seat, at + lockWaiters, WAITS.lock);
  }

  /** Takes the lock if it is free; a holder is taken to be alive. */
  tryTake(): boolean {
    if (this.isTakenOver) return this.passOn();
    const { words, self } = this;
    const claimant = this.claim.owner;
    if (claimant !== 0 && claimant !== self) return false;
    if (words.compareExchange(this.holder, 0, self) !== 0) return false; // observes: release
    if (claimant === self) this.claim.end();
    this.wasAbandoned = words.load(this.abandonedWord) !== 0;
    return true;
  }

  /** What this thread took over is given to the call that asks. */
  private passOn(): true {
    this.isTakenOver = false;
    this.wasAbandoned = true;
    return true;
  }

  /** The same, asking the kernel first whether those who stand before this thread live. */
  tryTakeOver(): boolean {
    if (this.tryTake()) return true;
    this.look(0);
    return this.tryTake();
  }

  /**
   * Asks the kernel whether those who stand before this thread live; what a dead one held is this thread's, and the next
   * `tryTake` says so. Who waits since `since` claims the lock if that is too long; 0: it does not wait.
   */
  look(since: number): void {
    const { words, self } = this.seat;
    const found = words.load(this.holder);
    if (found === 0) this.claim.doubt();
    else if (found !== self && !this.seat.isAlive(found)) {
      if (words.compareExchange(this.holder, found, self) !== found) return; // observes: release
      words.store(this.abandonedWord, 1);
      this.isTakenOver = true;
      this.claim.end();
      return;
    }
    this.claim.makeIfStarving(since);
  }

  /** Gives back what this thread holds, and wakes who waits. `isWhole`: what the lock guards is in order. */
  release(isWhole = true): void {
    const { words } = this;
    if (isWhole && this.wasAbandoned) words.store(this.abandonedWord, 0);
    words.store(this.holder, 0); // publishes: release
    if (!this.waiters.areWatched) return;
    if (!this.claim.wake()) this.waiters.wakeOldest();
  }

  /** The owner word of who holds it, alive or dead; 0 when it is free. */
  get heldBy(): number {
    return this.seat.words.load(this.holder);
  }

  get isHeldHere(): boolean {
    return this.heldBy === this.seat.self;
  }

  /** A wait was given up: who comes after it must not wait for it. */
  withdraw(wait: object, isLast: boolean): void {
    this.waiters.disarm(wait);
    if (isLast) {
      if (this.isTakenOver) {
        this.isTakenOver = false;
        return this.release(false);
      }
      this.claim.end();
    }
    this.waiters.wakeOldest(); // it may have been the one that was to wake the next, or be told of the holder's death
  }
}

/** One call that waits for a lock. */
export class LockWait implements Wait {
  private since = 0;

  constructor(
    private readonly lock: OwnerLock,
    public holdsLoop: boolean,
    /** The lock is this thread's now; `abandoned` is told. */
    private readonly taken: () => void,
  ) {}

  attempt(): boolean {
    if (!this.lock.tryTake()) return false;
    this.taken();
    return true;
  }

  arm(): void {
    if (this.since === 0) this.since = now();
    this.lock.waiters.arm(this);
  }

  disarm(): void {
    this.lock.waiters.disarm(this);
  }

  recheck(): void {
    this.lock.waiters.armAgain(this);
    this.lock.look(this.since);
  }

  peers(): readonly number[] {
    const { lock } = this;
    return [lock.heldBy, lock.waiters.predecessor()].filter((owner) => owner !== 0 && owner !== lock.seat.self);
  }
}
