/*
 * Guard: several words of an object change together, in some hundred nanoseconds, and a death in between is repaired.
 *
 * Idea    An owner word, taken by compare-and-swap around a few plain steps that never wait and never call out. What
 *         stands in the object can be worked out anew from words that each say who owns them; who finds the guard's
 *         owner dead takes its place, and repairs before anything else.
 * States  owner 0             the words are in order
 *         owner = living      they are being changed
 *         owner = dead        they may be half changed: the next one repairs
 *         wanted 1            somebody waits for the guard itself
 * Order   words, then owner 0         publishes: guarded words      owner taken, then words   observes: guarded words
 *         leaver: owner 0, then wanted     comer: wanted, then owner     so that one of them sees the other.
 * Death   Inside: see above; a repair is a pure function of the owned words, and can be killed and begun again.
 *         Between owner 0 and the wake: those who wait look again by themselves (the parker's bound).
 * Limits  A call that may wait gives up after a short look, and is woken when the guard is free: an event loop never
 *         stands still because somebody was stopped inside. A call that cannot wait (release, notify) sleeps for a
 *         millisecond at a time until it is in.
 * Source  An owner-word lock like owner-lock.ts, without its line; the rebuilding is SQLite's hot journal in small.
 */
import { now } from "../deadline.js";
import { addon } from "../native/addon.js";
import { guardHead } from "./guard.layout.js";
import type { Seat } from "./seat.js";

/** Looks at a taken guard before its owner's life is asked for: about 12 µs, as long as a batch of a queue is inside. */
const LOOKS = 2000;
const NAP_MS = 1;

export class Guard {
  private readonly owner: number;
  private readonly wanted: number;

  constructor(
    private readonly seat: Seat,
    at: number,
    /** Brings the words in order after a death inside. */
    private readonly repair: () => void,
    /** Wakes whoever waits at the object: the guard is free. */
    private readonly wakeAll: () => void,
    private readonly looks = LOOKS,
  ) {
    this.owner = at + guardHead.word.owner;
    this.wanted = at + guardHead.word.wanted;
  }

  /** Enters unless somebody living is inside for longer than a short look; then it wakes this thread when it is free. */
  tryEnter(): boolean {
    const { words, self } = this.seat;
    for (let look = 0; look < this.looks; look++)
      if (words.load(this.owner) === 0 && words.compareExchange(this.owner, 0, self) === 0) return true; // observes: guarded words
    const found = words.load(this.owner);
    if (found !== 0 && !this.seat.isAlive(found) && words.compareExchange(this.owner, found, self) === found) {
      this.repairFor(found);
      return true;
    }
    words.store(this.wanted, 1);
    return words.compareExchange(this.owner, 0, self) === 0; // observes: guarded words
  }

  /** The same for so long, where nobody may wait but somebody may only have been put aside inside. */
  tryEnterWithin(ms: number): boolean {
    if (this.tryEnter()) return true;
    for (const end = now() + ms; now() < end; ) {
      this.nap();
      if (this.tryEnter()) return true;
    }
    return false;
  }

  /** What cannot be repaired stays the dead one's, so that everybody is told and nobody waits for this thread. */
  private repairFor(dead: number): void {
    try {
      this.repair();
    } catch (error) {
      this.seat.words.store(this.owner, dead);
      throw error;
    }
  }

  /** Whether who was inside has died, so that the words are still to be repaired. Asks the kernel if somebody is. */
  get isLeftByDead(): boolean {
    const found = this.seat.words.load(this.owner);
    return found !== 0 && !this.seat.isAlive(found);
  }

  /** Enters, however long that takes. */
  enter(): void {
    while (!this.tryEnter()) this.nap();
  }

  /** The words are in order again. */
  leave(): void {
    const { words } = this.seat;
    words.store(this.owner, 0); // publishes: guarded words
    if (words.load(this.wanted) === 0) return;
    words.store(this.wanted, 0);
    this.wakeAll();
  }

  /** Runs a few steps inside, however long it takes to get in. */
  with<T>(steps: () => T): T {
    this.enter();
    try {
      return steps();
    } finally {
      this.leave();
    }
  }

  /** Sleeps until it may be free, for a millisecond at most. */
  nap(): void {
    const { words } = this.seat;
    const found = words.load(this.owner);
    if (found !== 0) addon().futexWait(words.array.buffer as ArrayBuffer, this.owner * 4, found, NAP_MS);
  }
}
