/*
 * Waiters: who waits for one thing, in the order in which they came, and whom to wake.
 *
 * Idea    Every attachment has a ticket word here; a thread that begins to wait draws a ticket, and the lowest one has
 *         waited longest. One word, `watched`, stands for all tickets, so that a change costs one load when nobody waits.
 * States  ticket 0: that thread does not wait here      watched 0: nobody waits      1: somebody may
 * Order   waiter: ticket and bit, then watched, then its parker word, then the thing   publishes: waiting
 *         changer: the thing, then watched, then tickets, then a waiter's parker word   observes: waiting
 *         All sequentially consistent: a waiter whose last look misses the change has been seen by its changer. Who finds
 *         watched 1 and no ticket sets it 0 and looks again; for a ticket that came meanwhile it is set 1 once more.
 * Death   Whoever wakes does not ask whether the other lives: that would cost a system call a wake. A killed waiter's
 *         successor watches it, is told, and passes its ticket over before it looks, so that it takes nobody's turn.
 *         A killed changer, or one between watched 0 and its second look, leaves waiters asleep until they look again
 *         by themselves (the parker's bound) and announce themselves anew.
 *         Who is woken alone and killed before it took the thing: the next in line watches it, and is told of its end; one
 *         that fell asleep before the other's ticket was written looks again by itself.
 *         Who sits down in a dead one's seat takes that one's ticket out a few accesses later. Whoever wakes the oldest in
 *         between may take that ticket for its turn; then those who wait look again by themselves.
 * Limits  Tickets are modulo 2^32 and compared by difference. A thread has one ticket however many of its functions wait:
 *         among those it is first come, first served.
 * Source  The line of a bakery (Lamport), as woken one by one by futex-based semaphores; ZooKeeper's lock recipe for
 *         watching one's predecessor.
 */
import { isOwner } from "../memory/owner.js";
import type { Words } from "../memory/words.js";
import type { Seat } from "./seat.js";
import { waitersHead } from "./waiters.layout.js";

export class Waiters {
  private readonly tickets = new Map<object, number>();
  private readonly watched: number;
  private readonly lastTicket: number;
  private readonly table: number;
  private readonly words: Words;

  constructor(
    private readonly seat: Seat,
    /** Word index of `waitersHead`. */
    at: number,
    /** What the inspector shows of who waits here. */
    private readonly waitsFor: number,
  ) {
    this.words = seat.words;
    this.watched = at + waitersHead.word.watched;
    this.lastTicket = at + waitersHead.word.lastTicket;
    this.table = at + waitersHead.bytes / 4;
    seat.words.store(this.table + seat.index, 0); // what this entry's last owner, killed, has left
  }

  /** This thread waits from now on; again for what it is armed for already: it is announced anew. */
  arm(wait: object): void {
    const { seat } = this;
    if (!this.tickets.has(wait)) {
      this.tickets.set(wait, this.draw());
      seat.armed(this.waitsFor);
    } else seat.announce();
    this.show();
    seat.words.store(this.watched, 1); // publishes: waiting
  }

  /**
   * Announces anew what is armed, since a killed changer may have taken `watched` back; and passes over the dead who stand
   * right before this thread. Asks the kernel about them.
   */
  armAgain(wait: object): void {
    if (!this.tickets.has(wait)) return;
    for (let index = this.before(); index >= 0; index = this.before()) {
      const owner = this.seat.ownerAt(index);
      if (isOwner(owner) && this.seat.isAlive(owner)) break;
      this.passOver(index, this.words.load(this.table + index), owner);
    }
    this.arm(wait);
  }

  disarm(wait: object): void {
    if (!this.tickets.delete(wait)) return;
    this.show();
    this.seat.disarmed();
  }

  /** Whether somebody may wait here. */
  get areWatched(): boolean {
    return this.words.load(this.watched) !== 0; // observes: waiting
  }

  /** Wakes all that wait. One load when nobody does. */
  wakeAll(): void {
    const { seat } = this;
    if (seat.words.load(this.watched) === 0) return; // observes: waiting
    let found = false;
    for (let index = this.next(0); index >= 0; index = this.next(index + 1)) {
      if (seat.words.load(this.table + index) === 0) continue;
      found = true;
      const owner = seat.ownerAt(index);
      if (isOwner(owner)) seat.wake(owner);
    }
    if (found) return;
    seat.words.store(this.watched, 0);
    if (this.oldest() < 0) return;
    seat.words.store(this.watched, 1);
    this.wakeAll();
  }

  /** Wakes the one that has waited longest. One load when nobody waits; asks the kernel nothing. */
  wakeOldest(): void {
    const { seat } = this;
    const { words } = seat;
    if (words.load(this.watched) === 0) return; // observes: waiting
    for (;;) {
      const index = this.oldest();
      if (index < 0) {
        words.store(this.watched, 0);
        if (this.oldest() < 0) return;
        words.store(this.watched, 1);
        continue;
      }
      const ticket = words.load(this.table + index);
      const owner = seat.ownerAt(index);
      if (isOwner(owner) && seat.wake(owner)) return;
      this.passOver(index, ticket, owner);
    }
  }

  /** The owner whose ticket comes right before this thread's; 0 when there is none. */
  predecessor(): number {
    const index = this.before();
    const owner = index < 0 ? 0 : this.seat.ownerAt(index);
    return isOwner(owner) ? owner : 0;
  }

  /** Whether a function of this thread waits here. */
  get areWaitingHere(): boolean {
    return this.tickets.size > 0;
  }

  /** Whether the thread of an entry waits here. */
  isWaiting(index: number): boolean {
    return this.words.load(this.table + index) !== 0;
  }

  /** Whether `isSo` is true of the owner of some waiting thread. */
  someAre(isSo: (owner: number) => boolean): boolean {
    for (let index = this.next(0); index >= 0; index = this.next(index + 1))
      if (this.isWaiting(index) && isSo(this.seat.ownerAt(index))) return true;
    return false;
  }

  /** How many threads wait here, as far as one look tells. */
  get count(): number {
    let count = 0;
    for (let index = this.next(0); index >= 0; index = this.next(index + 1))
      if (this.seat.words.load(this.table + index) !== 0) count++;
    return count;
  }

  /** The entry whose ticket comes right before this thread's, or -1. */
  private before(): number {
    const { words, index: own } = this.seat;
    const mine = words.load(this.table + own);
    let best = 0;
    let found = -1;
    for (let index = this.next(0); index >= 0; index = this.next(index + 1)) {
      const ticket = words.load(this.table + index);
      if (ticket === 0 || index === own || ((ticket - mine) | 0) >= 0) continue;
      if (found >= 0 && ((ticket - best) | 0) <= 0) continue;
      best = ticket;
      found = index;
    }
    return found;
  }

  /** A dead one's ticket takes nobody's turn any more. */
  private passOver(index: number, ticket: number, owner: number): void {
    this.words.compareExchange(this.table + index, ticket, 0);
    this.seat.clearWaiting(index, owner);
  }

  private draw(): number {
    const ticket = (this.seat.words.add(this.lastTicket, 1) + 1) | 0;
    return ticket === 0 ? this.draw() : ticket;
  }

  /** Writes this thread's oldest ticket: waits are armed in the order in which they came. */
  private show(): void {
    const [oldest = 0] = this.tickets.values();
    this.seat.words.store(this.table + this.seat.index, oldest);
  }

  /** The entry with the lowest ticket, or -1. */
  private oldest(): number {
    const { words } = this.seat;
    let best = 0;
    let found = -1;
    for (let index = this.next(0); index >= 0; index = this.next(index + 1)) {
      const ticket = words.load(this.table + index);
      if (ticket === 0 || (found >= 0 && ((ticket - best) | 0) >= 0)) continue;
      best = ticket;
      found = index;
    }
    return found;
  }

  /** The first entry from `index` on whose bit is set, or -1. */
  private next(index: number): number {
    const { maxAttached } = this.seat;
    while (index < maxAttached) {
      const bits = this.seat.waitingBits(index >>> 5) & (-1 << (index & 31));
      if (bits !== 0) return (index & ~31) + 31 - Math.clz32(bits & -bits);
      index = (index & ~31) + 32;
    }
    return -1;
  }
}
