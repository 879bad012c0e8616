import { now } from "../deadline.js";
import { WAITS } from "../memory/object.layout.js";
import type { Words } from "../memory/words.js";
import { Claim } from "./claim.js";
import { permitsHead, permitsWaiters } from "./permits.layout.js";
import type { Seat } from "./seat.js";
import type { Wait } from "./wait.js";
import { Waiters } from "./waiters.js";

/** Permits that there can be. */
export const MOST_PERMITS = 2 ** 31 - 1;

/** What both kinds of a semaphore's permits have in common: the free ones, who waits for them, and who comes next. */
export abstract class Permits {
  readonly waiters: Waiters;
  readonly claim: Claim;
  protected readonly words: Words;
  protected readonly free: number;
  protected readonly total: number;

  constructor(
    readonly seat: Seat,
    at: number,
  ) {
    this.words = seat.words;
    this.free = at + permitsHead.word.free;
    this.total = at + permitsHead.word.total;
    this.claim = new Claim(seat, at + permitsHead.word.starving);
    this.waiters = new Waiters(seat, at + permitsWaiters, WAITS.lock);
  }

  /** Takes one if one is free; holders are taken to be alive. */
  abstract tryTake(): boolean;

  /** Gives back `own` of this thread's permits and adds `extra` new ones; false when that would be too many. */
  abstract give(own: number, extra: number): boolean;

  /** Gives back what dead threads hold. */
  abstract settle(): void;

  /** Threads whose death may free a permit. */
  abstract holders(): readonly number[];

  /** How many are free, the dead ones' included. */
  get value(): number {
    this.settle();
    return this.words.load(this.free);
  }

  /** The same as {@link tryTake}, asking the kernel first who lives. */
  tryTakeOver(): boolean {
    if (this.tryTake()) return true;
    this.look();
    return this.tryTake();
  }

  /** Looks again who of those before this thread lives. */
  look(): void {
    this.settle();
    if (this.words.load(this.free) > 0) this.claim.doubt();
  }

  /** A permit is free: wakes who is to have it. One load when nobody waits. */
  wake(): void {
    if (this.waiters.areWatched && !this.claim.wake()) this.waiters.wakeOldest();
  }

  /** Who has taken a permit after a wait wakes the next while there are more. */
  passOn(): void {
    if (this.words.load(this.free) > 0) this.wake();
  }

  /** A wait was given up: who comes after it must not wait for it. */
  withdraw(wait: object, isLast: boolean): void {
    this.waiters.disarm(wait);
    if (isLast) this.claim.end();
    this.waiters.wakeOldest(); // it may have been the one that was to wake the next, or be told of a holder's death
  }
}

/** One call that waits for a permit. */
export class PermitWait implements Wait {
  private since = 0;

  constructor(
    private readonly permits: Permits,
    public holdsLoop: boolean,
    private readonly taken: () => void,
  ) {}

  attempt(): boolean {
    const { permits } = this;
    if (!permits.tryTake()) return false;
    permits.waiters.disarm(this);
    permits.passOn();
    this.taken();
    return true;
  }

  arm(): void {
    if (this.since === 0) this.since = now();
    this.permits.waiters.arm(this);
  }

  disarm(): void {
    this.permits.waiters.disarm(this);
  }

  recheck(): void {
    const { permits } = this;
    permits.waiters.armAgain(this);
    permits.look();
    permits.claim.makeIfStarving(this.since);
  }

  peers(): readonly number[] {
    const { permits } = this;
    const { self } = permits.seat;
    const others = [permits.waiters.predecessor(), permits.claim.owner].filter((one) => one !== 0 && one !== self);
    return [...permits.holders(), ...others];
  }
}
