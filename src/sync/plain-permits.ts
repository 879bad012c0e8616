/*
 * Plain permits: a counter that anybody counts up and anybody counts down, for signalling.
 *
 * Idea    One word, changed by compare-and-swap. Nobody owns a permit, so nothing comes back when somebody dies.
 * States  free: permits that are there
 * Order   giver: free, then claim, then watched     publishes: permits
 *         taker: free                               observes: permits
 *         waiter: ticket, watched, then free
 * Death   Each change is one step: it was done or not. A giver killed before the wake: the waiter looks again by itself.
 * Limits  A claim may come between a look at it and the step: then one more passes before the claimant.
 * Source  POSIX semaphores, as Python's `multiprocessing.Semaphore` has them.
 */
import { MOST_PERMITS, Permits } from "./permits.js";
import type { Seat } from "./seat.js";

export class PlainPermits extends Permits {
  constructor(
    seat: Seat,
    at: number,
    /** It never has more than it began with. */
    private readonly isBounded: boolean,
  ) {
    super(seat, at);
  }

  override tryTake(): boolean {
    const { words } = this;
    const isKept = this.claim.isOthers;
    for (;;) {
      const free = words.load(this.free);
      if (free <= (isKept ? 1 : 0)) return false;
      if (words.compareExchange(this.free, free, free - 1) !== free) continue; // observes: permits
      if (!isKept) this.claim.end();
      return true;
    }
  }

  override give(own: number, extra: number): boolean {
    const { words } = this;
    const most = this.isBounded ? words.load(this.total) : MOST_PERMITS;
    for (;;) {
      const free = words.load(this.free);
      if (own + extra > most - free) return false;
      if (words.compareExchange(this.free, free, free + own + extra) === free) break; // publishes: permits
    }
    this.wake();
    return true;
  }

  override settle(): void {
    // nobody owns anything
  }

  override holders(): readonly number[] {
    return [];
  }
}
