/*
 * Notices: threads that wait to be notified, and who of them was.
 *
 * Idea    Whoever begins to wait draws a ticket and counts up `waiting` in its thread's row (shares.ts), while it still
 *         holds the lock. Notifying is granting: `granted` counts up in the rows of living threads with the oldest
 *         tickets, and their threads are woken; nobody waits until they are awake. A waiter goes on by counting both
 *         down. A grant is only for tickets that had been drawn by then (`upTo`), so that no wait is ended by a notice
 *         that came before it began.
 * States  waiting > granted: somebody waits      granted > 0: somebody may go on and has not looked yet
 *         In a living row granted is never more than the waits whose tickets are up to `upTo`.
 * Order   notifier: upTo, then granted, then the guard is free, then the waiter's parker word    publishes: notice
 *         waiter: its row, then its parker word, then granted                                    observes: notice
 * Death   A waiter: its row is passed over, and what was granted to it and not taken goes to the oldest of those who
 *         waited by then; the next in line watches it, and is told. Whoever passes a grant on and is killed before it
 *         is taken from the dead row has it passed on twice: a wait then ends for nothing, none is lost.
 *         A notifier in between: some of those it meant were told. Who repairs wakes them all.
 * Limits  A thread shows the tickets of its first and its last wait only. Of a thread with several waits, of which some
 *         began after the notice, a dead one's grant goes to the first or to none.
 *         A wait that is given up when it was granted already has ended by that.
 * Source  Birrell's condition variables with a queue of waiters; tickets as in the bakery.
 */
import { WAITS } from "../memory/object.layout.js";
import type { Words } from "../memory/words.js";
import { Guard } from "./guard.js";
import { noticeRow, noticeRows, noticesGuard, noticesHead } from "./notices.layout.js";
import type { Seat } from "./seat.js";
import { Shares } from "./shares.js";
import type { Wait } from "./wait.js";

const { waiting: WAITING, granted: GRANTED, oldest: OLDEST, newest: NEWEST, upTo: UP_TO } = noticeRow.word;

const isUpTo = (ticket: number, last: number): boolean => ((ticket - last) | 0) <= 0;

export class Notices {
  readonly shares: Shares;
  private readonly guard: Guard;
  private readonly words: Words;
  private readonly lastTicket: number;
  /** Of this thread's waits, the oldest first. */
  private readonly tickets = new Set<number>();
  /** Threads that are to be woken once the guard is free. */
  private readonly told = new Set<number>();

  constructor(
    readonly seat: Seat,
    at: number,
  ) {
    this.words = seat.words;
    this.lastTicket = at + noticesHead.word.lastTicket;
    this.shares = new Shares(seat, at + noticeRows, noticeRow, {
      isEmpty: (row) => this.words.load(row + WAITING) === 0 && this.words.load(row + GRANTED) === 0,
      settle: (row) => this.settleRow(row),
    });
    const tellAll = (): void => {
      for (const owner of this.shares.others()) this.told.add(owner);
    };
    this.guard = new Guard(seat, at + noticesGuard, tellAll, () => {
      for (const owner of this.shares.others()) seat.wake(owner);
    });
  }

  /** A wait begins, while its lock is held; gives its ticket. */
  begin(): number {
    const { words } = this;
    this.guard.enter();
    const row = this.shares.mine();
    const ticket = (words.load(this.lastTicket) + 1) | 0;
    words.store(this.lastTicket, ticket);
    if (this.tickets.size === 0) {
      words.store(row + OLDEST, ticket);
      words.store(row + UP_TO, (ticket - 1) | 0);
    }
    words.store(row + NEWEST, ticket);
    words.store(row + WAITING, words.load(row + WAITING) + 1);
    this.leave();
    this.tickets.add(ticket);
    return ticket;
  }

  /** Goes on if that was granted. */
  take(ticket: number): boolean {
    const { words } = this;
    const row = this.shares.own;
    if (words.load(row + GRANTED) === 0 || !this.guard.tryEnter()) return false; // observes: notice
    const isMine = words.load(row + GRANTED) > 0 && isUpTo(ticket, words.load(row + UP_TO));
    if (isMine) this.end(ticket, true);
    this.leave();
    return isMine;
  }

  /** A wait is given up; true when it was granted already. `isClosing`: then somebody else gets that. */
  cancel(ticket: number, isClosing: boolean): boolean {
    const { words } = this;
    this.guard.enter();
    const row = this.shares.own;
    const upTo = words.load(row + UP_TO);
    let meant = 0;
    for (const one of this.tickets) if (isUpTo(one, upTo)) meant++;
    const isGranted = isUpTo(ticket, upTo) && words.load(row + GRANTED) >= meant;
    if (isGranted && isClosing) this.pass(row, upTo);
    this.end(ticket, isGranted);
    this.leave();
    return isGranted;
  }

  /** Has the `count` that have waited longest go on. */
  notify(count: number): void {
    this.guard.enter();
    const upTo = this.words.load(this.lastTicket);
    for (let left = count; left > 0; ) {
      const row = this.longest(() => true);
      if (row < 0) break;
      if (!this.seat.isAlive(this.shares.ownerOf(row))) this.shares.settle(row);
      else {
        this.grant(row, upTo);
        left--;
      }
    }
    this.leave();
  }

  /** Has all that wait go on. */
  notifyAll(): void {
    const { words } = this;
    this.guard.enter();
    const upTo = words.load(this.lastTicket);
    for (const row of this.shares.taken())
      for (let left = words.load(row + WAITING) - words.load(row + GRANTED); left > 0; left--) this.grant(row, upTo);
    this.leave();
  }

  /** Passes on what was granted to threads that have died. */
  settle(): void {
    if (!(this.guard.isLeftByDead || this.shares.hasDead()) || !this.guard.tryEnter()) return;
    this.shares.settleDead();
    this.leave();
  }

  /** Whom a waiter watches: who has a grant that it may leave behind, and who stands right before it. */
  watchedBy(ticket: number): number[] {
    const { words, shares } = this;
    const watched = new Set<number>();
    let before = -1;
    for (const row of shares.taken()) {
      if (row === shares.own) continue;
      if (words.load(row + GRANTED) > 0) watched.add(shares.ownerOf(row));
      const oldest = words.load(row + OLDEST);
      if (!isUpTo(oldest, ticket)) continue;
      if (before < 0 || isUpTo(words.load(before + OLDEST), oldest)) before = row;
    }
    if (before >= 0) watched.add(shares.ownerOf(before));
    return [...watched].filter((owner) => owner !== 0);
  }

  /** The row of whoever has waited longest for its next grant, of those that are `wanted`; -1 when there is none. */
  private longest(wanted: (row: number) => boolean): number {
    const { words } = this;
    let found = -1;
    for (const row of this.shares.taken()) {
      if (words.load(row + WAITING) <= words.load(row + GRANTED) || !wanted(row)) continue;
      if (found < 0 || this.isBefore(row, found)) found = row;
    }
    return found;
  }

  /** A row to which nothing is granted comes first: of the others nobody knows how long their next one has waited. */
  private isBefore(one: number, other: number): boolean {
    const { words } = this;
    const isFirst = words.load(one + GRANTED) === 0;
    if (isFirst !== (words.load(other + GRANTED) === 0)) return isFirst;
    return isUpTo(words.load(one + OLDEST), words.load(other + OLDEST));
  }

  private grant(row: number, upTo: number): void {
    const { words } = this;
    if (isUpTo(words.load(row + UP_TO), upTo)) words.store(row + UP_TO, upTo);
    words.store(row + GRANTED, words.load(row + GRANTED) + 1); // publishes: notice
    this.told.add(this.shares.ownerOf(row));
  }

  /** Gives one grant for tickets up to `upTo` to somebody living who waited by then, if there is anybody. */
  private pass(from: number, upTo: number): void {
    const { words } = this;
    const row = this.longest((one) => {
      if (one === from || !isUpTo(words.load(one + OLDEST), upTo)) return false;
      if (words.load(one + GRANTED) > 0 && !isUpTo(words.load(one + NEWEST), upTo)) return false;
      return this.seat.isAlive(this.shares.ownerOf(one));
    });
    if (row >= 0) this.grant(row, upTo);
  }

  private settleRow(row: number): void {
    const { words } = this;
    const upTo = words.load(row + UP_TO);
    words.store(row + WAITING, 0);
    for (let left = words.load(row + GRANTED); left > 0; left--) {
      this.pass(row, upTo);
      words.store(row + GRANTED, left - 1);
    }
  }

  /** One of this thread's waits is over. */
  private end(ticket: number, wasGranted: boolean): void {
    const { words } = this;
    const row = this.shares.own;
    this.tickets.delete(ticket);
    if (wasGranted) words.store(row + GRANTED, words.load(row + GRANTED) - 1);
    const [oldest = ticket] = this.tickets;
    words.store(row + OLDEST, oldest);
    words.store(row + WAITING, words.load(row + WAITING) - 1);
  }

  private leave(): void {
    this.guard.leave();
    for (const owner of this.told) this.seat.wake(owner);
    this.told.clear();
  }
}

/** One call that waits to be notified. */
export class NoticeWait implements Wait {
  private isArmed = false;

  constructor(
    private readonly notices: Notices,
    readonly ticket: number,
    public holdsLoop: boolean,
    private readonly done: () => void,
  ) {}

  attempt(): boolean {
    if (!this.notices.take(this.ticket)) return false;
    this.done();
    return true;
  }

  arm(): void {
    if (!this.isArmed) this.notices.seat.armed(WAITS.change);
    this.isArmed = true;
  }

  disarm(): void {
    if (this.isArmed) this.notices.seat.disarmed();
    this.isArmed = false;
  }

  recheck(): void {
    this.notices.settle();
  }

  peers(): readonly number[] {
    return this.notices.watchedBy(this.ticket);
  }
}
