/*
 * Claim: a waiter that was passed over too often has its turn kept for it.
 *
 * Idea    A running thread may take what has just become free before a woken one is there: that keeps processors busy.
 *         But who has waited for STARVING_MS writes its owner word here, and while it lives nobody else takes the last
 *         of what is free. So no wait is longer than that and one turn of each claimant before it.
 * States  0: nothing is kept      an owner word: kept for that thread
 * Order   changer: the thing, then claim, then watched      claimant: ticket and claim, then the thing
 * Death   A dead claimant's word is taken out by who looks next, by compare-and-swap on the exact word.
 * Limits  A claimant that does not come for CLAIM_MS while something lies there for it (it may be stopped) loses its
 *         claim; it makes a new one when it looks again.
 * Source  The starvation mode of Go's sync.Mutex and WebKit's ParkingLot.
 */
import { now } from "../deadline.js";
import type { Words } from "../memory/words.js";
import type { Seat } from "./seat.js";

const STARVING_MS = 1;
const CLAIM_MS = 5;

export class Claim {
  private readonly words: Words;
  private readonly self: number;
  private doubted = 0;
  private doubtedSince = 0;

  constructor(
    private readonly seat: Seat,
    /** Word index. */
    private readonly at: number,
  ) {
    this.words = seat.words;
    this.self = seat.self;
  }

  /** Whether something is kept for another thread. */
  get isOthers(): boolean {
    const claimant = this.words.load(this.at);
    return claimant !== 0 && claimant !== this.self;
  }

  /** Whom something is kept for, alive or dead; 0 for nobody. */
  get owner(): number {
    return this.words.load(this.at);
  }

  /** Who waits since then claims, if that is too long and nobody living has. */
  makeIfStarving(since: number): void {
    if (since === 0 || now() - since <= STARVING_MS) return;
    const found = this.words.load(this.at);
    if (found === 0 || (found !== this.self && !this.seat.isAlive(found)))
      this.words.compareExchange(this.at, found, this.self);
  }

  /** Takes an owner's claim back: it has had its turn, or gives up. */
  end(owner = this.self): void {
    if (this.words.load(this.at) === owner) this.words.compareExchange(this.at, owner, 0);
  }

  /** Something is free and kept for somebody else: who is dead, or does not come, loses the claim. */
  doubt(): void {
    const claimant = this.words.load(this.at);
    if (claimant === 0 || claimant === this.self) return;
    const at = now();
    if (claimant !== this.doubted) {
      this.doubted = claimant;
      this.doubtedSince = at;
    }
    if (at - this.doubtedSince < CLAIM_MS && this.seat.isAlive(claimant)) return;
    this.doubted = 0;
    this.end(claimant);
  }

  /** Wakes the claimant, if there is one that lives. */
  wake(): boolean {
    const claimant = this.words.load(this.at);
    if (claimant === 0) return false;
    if (this.seat.isAlive(claimant)) {
      this.seat.wake(claimant);
      return true;
    }
    this.end(claimant);
    return false;
  }
}
