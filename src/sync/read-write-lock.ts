/*
 * Read-write lock: many read at once, or one writes, in the order in which they came.
 *
 * Idea    What each thread holds and what it waits for stands in its row (shares.ts); who writes, how many read and how
 *         many wait is kept beside the rows. A reader goes in when nobody writes and no writer waits that came before it;
 *         a writer when nobody holds it and nobody waits that came before it. So readers that come one after the other
 *         shut no writer out, nor writers a reader, and readers between two writers go in together.
 * States  writer 0, reads 0       free
 *         writer 0, reads > 0     being read
 *         writer = an owner       being written; dead: its row is settled by who looks next, and `abandoned` is 1
 * Order   holder: its row, then writer and reads, then the guard is free     publishes: access
 *         comer: the guard, then writer and reads                            observes: access
 *         waiter: its row, then its parker word, then writer and reads       releaser: those, then the parker words
 * Death   A holder or waiter: everybody who waits watches all others and is told; its row is given back. A writer's death
 *         sets `abandoned`, a reader's nothing: it has changed nothing.
 *         Inside the guard: the sums are worked out anew from the rows. A writer that had begun to take it counts as one
 *         that held it; one that had begun to give it back does not.
 *         Who is woken and killed before it went in: the next ones are told of that, too.
 * Limits  Nobody overtakes while others wait, so a lock that many write goes from sleeper to sleeper; that is fair and not
 *         fast. One before whom others wait and that does not come for DOUBT_MS, though it could (it may be stopped), is
 *         passed by.
 * Source  Courtois, Heymans and Parnas; task-fair queue locks (Mellor-Crummey and Scott 1991).
 */
import { now } from "../deadline.js";
import { WAITS } from "../memory/object.layout.js";
import type { Words } from "../memory/words.js";
import { Guard } from "./guard.js";
import { readWriteGuard, readWriteHead, readWriteRow, readWriteRows } from "./read-write-lock.layout.js";
import type { Seat } from "./seat.js";
import { Shares } from "./shares.js";
import type { Wait } from "./wait.js";

/** So long a turn is kept for who does not come: longer than a busy machine leaves a woken thread waiting. */
const DOUBT_MS = 1000;

const { reads: READS, writes: WRITES } = readWriteRow.word;

/** What a thread wants: how many of its functions wait for that, and with which ticket the first one. */
const LINES = {
  read: { count: readWriteRow.word.readers, first: readWriteRow.word.firstReader },
  write: { count: readWriteRow.word.writers, first: readWriteRow.word.firstWriter },
} as const;
export type Access = keyof typeof LINES;

const isBefore = (one: number, other: number): boolean => ((one - other) | 0) < 0;

export class ReadWriteLock {
  readonly shares: Shares;
  /** Of the take that succeeded last: whether a writer had died and none has released normally since. */
  wasAbandoned = false;
  private readonly guard: Guard;
  private readonly words: Words;
  private readonly writer: number;
  private readonly abandoned: number;
  private readonly reads: number;
  private readonly waiting: number;
  private readonly lastTicket: number;
  /** This thread's waits, the oldest first. */
  private readonly tickets = { read: new Set<number>(), write: new Set<number>() };
  /** Rows that others wait behind though they could go in, by the ticket that they show, and since when. */
  private readonly doubted = new Map<number, { ticket: number; since: number }>();
  /** Threads that are to be woken once the guard is free. */
  private readonly told = new Set<number>();

  constructor(
    readonly seat: Seat,
    at: number,
  ) {
    this.words = seat.words;
    this.writer = at + readWriteHead.word.writer;
    this.abandoned = at + readWriteHead.word.abandoned;
    this.reads = at + readWriteHead.word.reads;
    this.waiting = at + readWriteHead.word.waiting;
    this.lastTicket = at + readWriteHead.word.lastTicket;
    this.shares = new Shares(seat, at + readWriteRows, readWriteRow, {
      isEmpty: (row) => [READS, WRITES, LINES.read.count, LINES.write.count].every((word) => this.of(row, word) === 0),
      settle: (row) => this.settleRow(row),
    });
    this.guard = new Guard(
      seat,
      at + readWriteGuard,
      () => this.repair(),
      () => {
        for (const owner of this.shares.others()) seat.wake(owner);
      },
    );
  }

  /** The owner word of who writes, alive or dead; 0 when nobody does. */
  get heldBy(): number {
    return this.words.load(this.writer);
  }

  /** How often it is held for reading, the dead ones' not counted. */
  get readers(): number {
    this.settle();
    return this.words.load(this.reads);
  }

  /**
   * Takes it if it is free and nobody before this one waits; others are taken to be alive. `ticket`: of one that waits;
   * it is over then. `passes`: those who wait do not matter.
   */
  tryTake(access: Access, ticket?: number, passes = false): boolean {
    const { words } = this;
    if (!this.isFree(access) || !this.guard.tryEnter()) return false;
    const isOurs = this.isFree(access) && (passes || !this.isBehind(access, ticket)); // observes: access
    if (isOurs) {
      const row = this.shares.mine();
      if (access === "read") {
        words.store(row + READS, this.of(row, READS) + 1);
        words.store(this.reads, words.load(this.reads) + 1);
      } else {
        words.store(row + WRITES, 1);
        words.store(this.writer, this.seat.self); // publishes: access
      }
      this.wasAbandoned = words.load(this.abandoned) !== 0;
      if (ticket !== undefined) this.leaveLine(access, ticket);
    }
    this.leave();
    return isOurs;
  }

  /** The same, asking the kernel first who lives. */
  tryTakeOver(access: Access, passes = false): boolean {
    if (this.tryTake(access, undefined, passes)) return true;
    this.settle();
    return this.tryTake(access, undefined, passes);
  }

  /** Gives back what this thread holds, and wakes who is next. */
  release(access: Access): void {
    const { words } = this;
    this.guard.enter();
    const row = this.shares.mine();
    if (access === "read") {
      words.store(row + READS, this.of(row, READS) - 1);
      words.store(this.reads, words.load(this.reads) - 1); // publishes: access
    } else {
      words.store(this.abandoned, 0);
      words.store(row + WRITES, 0);
      words.store(this.writer, 0); // publishes: access
    }
    this.tellNext();
    this.leave();
  }

  /** A wait begins; gives its ticket. */
  begin(access: Access): number {
    const { words } = this;
    this.guard.enter();
    const row = this.shares.mine();
    const line = LINES[access];
    const ticket = (words.load(this.lastTicket) + 1) | 0;
    words.store(this.lastTicket, ticket);
    if (this.of(row, line.count) === 0) words.store(row + line.first, ticket);
    words.store(row + line.count, this.of(row, line.count) + 1);
    words.store(this.waiting, words.load(this.waiting) + 1);
    this.leave();
    this.tickets[access].add(ticket);
    return ticket;
  }

  /** A wait is given up. */
  cancel(access: Access, ticket: number): void {
    this.guard.enter();
    this.leaveLine(access, ticket);
    this.tellNext();
    this.leave();
  }

  /** Gives back what dead threads held, and their places in the line. */
  settle(): void {
    if (!(this.guard.isLeftByDead || this.shares.hasDead()) || !this.guard.tryEnter()) return;
    this.shares.settleDead();
    this.tellNext();
    this.leave();
  }

  /** It seems to be free, and others that came before do not come: who is slow is passed by from now on. */
  doubt(access: Access): void {
    if (!this.isFree(access)) return this.doubted.clear();
    const at = now();
    for (const row of this.shares.taken()) {
      const ticket = this.firstOf(row);
      const known = this.doubted.get(row);
      if (row === this.shares.own || ticket === undefined) this.doubted.delete(row);
      else if (known?.ticket !== ticket) this.doubted.set(row, { ticket, since: at });
    }
  }

  private isFree(access: Access): boolean {
    return this.words.load(this.writer) === 0 && (access === "read" || this.words.load(this.reads) === 0);
  }

  /** Whether somebody waits who comes before this one: writers, and before a writer everybody. */
  private isBehind(access: Access, ticket: number | undefined): boolean {
    if (this.words.load(this.waiting) === 0) return false;
    const lines = access === "read" ? [LINES.write] : [LINES.write, LINES.read];
    return this.shares
      .taken()
      .some((row) =>
        lines.some(
          ({ count, first }) =>
            this.of(row, count) > 0 &&
            (ticket === undefined || isBefore(this.of(row, first), ticket)) &&
            !this.isPassedBy(row),
        ),
      );
  }

  private isPassedBy(row: number): boolean {
    const known = this.doubted.get(row);
    return known !== undefined && known.ticket === this.firstOf(row) && now() - known.since >= DOUBT_MS;
  }

  /** The ticket of whoever of a row waits longest. */
  private firstOf(row: number): number | undefined {
    const { read, write } = LINES;
    const tickets = [read, write]
      .filter(({ count }) => this.of(row, count) > 0)
      .map(({ first }) => this.of(row, first));
    return tickets.length === 2 && isBefore(tickets[1], tickets[0]) ? tickets[1] : tickets[0];
  }

  /** Notes who can go in now: the readers before the first writer or, when there are none, that writer. */
  private tellNext(): void {
    const { words } = this;
    if (words.load(this.waiting) === 0 || words.load(this.writer) !== 0) return;
    const rows = this.shares.taken();
    const { read, write } = LINES;
    let first = -1;
    for (const row of rows)
      if (
        this.of(row, write.count) > 0 &&
        (first < 0 || isBefore(this.of(row, write.first), this.of(first, write.first)))
      )
        first = row;
    const readers = rows.filter(
      (row) =>
        this.of(row, read.count) > 0 && (first < 0 || isBefore(this.of(row, read.first), this.of(first, write.first))),
    );
    for (const row of readers) this.told.add(this.shares.ownerOf(row));
    if (readers.length === 0 && first >= 0 && words.load(this.reads) === 0) this.told.add(this.shares.ownerOf(first));
  }

  private leaveLine(access: Access, ticket: number): void {
    const { words } = this;
    const row = this.shares.own;
    const line = LINES[access];
    const tickets = this.tickets[access];
    tickets.delete(ticket);
    const [first = ticket] = tickets;
    words.store(row + line.first, first);
    words.store(row + line.count, this.of(row, line.count) - 1);
    words.store(this.waiting, words.load(this.waiting) - 1);
  }

  private settleRow(row: number): void {
    const { words } = this;
    if (this.of(row, WRITES) !== 0) {
      words.store(this.abandoned, 1);
      words.store(this.writer, 0); // publishes: access
      words.store(row + WRITES, 0);
    }
    words.store(this.reads, words.load(this.reads) - this.of(row, READS));
    words.store(row + READS, 0);
    for (const { count } of Object.values(LINES)) {
      words.store(this.waiting, words.load(this.waiting) - this.of(row, count));
      words.store(row + count, 0);
    }
  }

  private repair(): void {
    const { words } = this;
    let [writer, reads, waiting] = [0, 0, 0];
    for (const row of this.shares.taken()) {
      const owner = this.shares.ownerOf(row);
      if (!this.seat.isAlive(owner)) {
        if (this.of(row, WRITES) !== 0) words.store(this.abandoned, 1);
        for (const word of [WRITES, READS, LINES.read.count, LINES.write.count]) words.store(row + word, 0);
        continue;
      }
      if (this.of(row, WRITES) !== 0) writer = owner;
      reads += this.of(row, READS);
      waiting += this.of(row, LINES.read.count) + this.of(row, LINES.write.count);
    }
    words.store(this.writer, writer); // publishes: access
    words.store(this.reads, reads);
    words.store(this.waiting, waiting);
    this.tellNext();
  }

  private of(row: number, word: number): number {
    return this.words.load(row + word);
  }

  private leave(): void {
    this.guard.leave();
    if (this.told.size === 0) return;
    for (const owner of this.told) if (owner !== 0) this.seat.wake(owner);
    this.told.clear();
  }
}

/** One call that waits to read or to write. */
export class AccessWait implements Wait {
  private isArmed = false;

  constructor(
    private readonly lock: ReadWriteLock,
    readonly access: Access,
    readonly ticket: number,
    public holdsLoop: boolean,
    private readonly taken: () => void,
  ) {}

  attempt(): boolean {
    if (!this.lock.tryTake(this.access, this.ticket)) return false;
    this.taken();
    return true;
  }

  arm(): void {
    if (!this.isArmed) this.lock.seat.armed(WAITS.lock);
    this.isArmed = true;
  }

  disarm(): void {
    if (this.isArmed) this.lock.seat.disarmed();
    this.isArmed = false;
  }

  recheck(): void {
    this.lock.settle();
    this.lock.doubt(this.access);
  }

  peers(): readonly number[] {
    return this.lock.shares.others();
  }
}
