/*
 * Event word: set or clear, and whoever waits goes on when it is set, however soon it is cleared again.
 *
 * Idea    One word counts every set and every clear; odd is set. A waiter remembers the even number it began at and is
 *         done when the word is another one: a set that was cleared before the waiter looked is not missed.
 * States  even: clear      odd: set
 * Order   setter: turns, then watched, then the waiters     publishes: event
 *         waiter: ticket, watched, then turns               observes: event
 * Death   Setting is one compare-and-swap: done or not. A setter killed before it has woken everybody: the others look
 *         again by themselves (the parker's bound), and whoever sets again wakes those that it had not begun to wake.
 *         A killed waiter is nothing but a ticket that is skipped: setting waits for nobody.
 * Limits  A set that finds the word changed under it counts as done together with that change.
 *         Exactly 2^31 sets and clears between two looks of one waiter are not seen.
 * Source  Sequence counts; Windows' PulseEvent as the warning of what a plain flag misses.
 */
import { WAITS } from "../memory/object.layout.js";
import { eventHead, eventWaiters } from "./event-word.layout.js";
import type { Seat } from "./seat.js";
import type { Wait } from "./wait.js";
import { Waiters } from "./waiters.js";

export class EventWord {
  readonly waiters: Waiters;
  private readonly word: number;

  constructor(
    readonly seat: Seat,
    at: number,
  ) {
    this.word = at + eventHead.word.turns;
    this.waiters = new Waiters(seat, at + eventWaiters, WAITS.change);
  }

  /** Counts every set and clear. */
  get turns(): number {
    return this.seat.words.load(this.word); // observes: event
  }

  get isSet(): boolean {
    return (this.turns & 1) === 1;
  }

  set(): void {
    const found = this.turns;
    if ((found & 1) === 0) this.seat.words.compareExchange(this.word, found, (found + 1) | 0); // publishes: event
    this.waiters.wakeAll(); // also when it was set: its setter may have died before it woke them
  }

  clear(): void {
    const found = this.turns;
    if ((found & 1) === 1) this.seat.words.compareExchange(this.word, found, (found + 1) | 0);
  }
}

/** One call that waits for an event that is clear. */
export class EventWait implements Wait {
  constructor(
    private readonly event: EventWord,
    private readonly begun: number,
    public holdsLoop: boolean,
    private readonly done: () => void,
  ) {}

  attempt(): boolean {
    if (this.event.turns === this.begun) return false;
    this.done();
    return true;
  }

  arm(): void {
    this.event.waiters.arm(this);
  }

  disarm(): void {
    this.event.waiters.disarm(this);
  }

  recheck(): void {
    this.event.waiters.armAgain(this);
  }

  peers(): readonly number[] {
    return [];
  }
}
