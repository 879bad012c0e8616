/*
 * Shares: what each thread has of one object, in a row with its owner word, so that a dead one's share comes back.
 *
 * Idea    A count that a kill makes lie cannot be put right; a row that says whose count it is can. Every attachment has
 *         a row: an owner word and a few counts. A row counts only while its owner lives.
 * States  owner 0         nobody's row
 *         owner living    its counts are what that thread has
 *         owner dead      what it had is to be given back (`settle`), then the row is nobody's
 * Order   All under the object's guard. A row is settled, its counts 0, before its owner word changes.
 * Death   In the middle of settling: the counts that are left are settled by the next one.
 * Limits  Whether an owner lives is asked of the kernel (0.2 µs a row that is not empty), so only by who is blocked.
 *         A row goes with its attachment: who takes over an entry settles what stands in it, whoever wrote that.
 * Source  Hazard pointers and epoch tables keep one record a thread; here the record is also the thread's testament.
 */
import type { Layout } from "../layout.js";
import type { Words } from "../memory/words.js";
import type { Seat } from "./seat.js";

export interface ShareRules {
  /** Whether a row has nothing that could be given back. */
  isEmpty(row: number): boolean;
  /** Gives back what a row has; its counts are 0 then. */
  settle(row: number): void;
}

export class Shares {
  /** Word index of this thread's row; {@link mine} makes it this thread's. */
  readonly own: number;
  private isMine = false;
  private readonly words: Words;
  private readonly rowWords: number;

  constructor(
    private readonly seat: Seat,
    private readonly at: number,
    /** The layout of a row; its first word is the owner word. */
    row: Layout<"owner">,
    private readonly rules: ShareRules,
  ) {
    this.words = seat.words;
    this.rowWords = row.bytes / 4;
    this.own = at + seat.index * this.rowWords;
  }

  /** This thread's row. Under the guard. */
  mine(): number {
    if (!this.isMine) this.claim();
    return this.own;
  }

  /** The owner word of a row, alive or dead; 0 when it is nobody's. */
  ownerOf(row: number): number {
    return this.words.load(row);
  }

  /** The rows that are somebody's and not empty. */
  taken(): number[] {
    const rows: number[] = [];
    const end = this.at + this.seat.maxAttached * this.rowWords;
    for (let row = this.at; row < end; row += this.rowWords)
      if (this.words.load(row) !== 0 && !this.rules.isEmpty(row)) rows.push(row);
    return rows;
  }

  /** The owners, other than this thread, of rows that are not empty. */
  others(): number[] {
    const { self } = this.seat;
    return this.taken()
      .map((row) => this.words.load(row))
      .filter((owner) => owner !== self && owner !== 0);
  }

  /** Whether a dead thread has left something. */
  hasDead(): boolean {
    return this.taken().some((row) => this.isDead(row));
  }

  /** Gives back what dead threads have left. Under the guard. */
  settleDead(): void {
    const { seat } = this;
    for (const row of this.taken()) {
      if (!this.isDead(row)) continue;
      const index = (row - this.at) / this.rowWords;
      const owner = this.words.load(row);
      this.settle(row);
      if (seat.ownerAt(index) === owner) seat.clearWaiting(index, owner); // it does not wait any more
    }
  }

  /** Gives back what one row has; it is nobody's then. Under the guard. */
  settle(row: number): void {
    this.rules.settle(row);
    this.words.store(row, 0);
  }

  private isDead(row: number): boolean {
    const owner = this.words.load(row);
    return owner !== 0 && !this.seat.isAlive(owner);
  }

  private claim(): void {
    const { words, own } = this;
    const { self } = this.seat;
    const found = words.load(own);
    if (found !== self) {
      if (found !== 0) this.settle(own);
      words.store(own, self);
    }
    this.isMine = true;
  }
}
