import { SystemError } from "../../errors.js";
import { isOwner } from "../../memory/owner.js";
import type { Words } from "../../memory/words.js";
import type { Seat } from "../../sync/seat.js";
import { subscriberRow, topicHead } from "./topic.layout.js";

const ROW = subscriberRow.bytes / 4;
const { owner: OWNER, cursor: CURSOR, missed: MISSED } = subscriberRow.word;
const { word } = topicHead;

/**
 * Who has subscribed to a topic, and how far each has read. A row is its owner's, and only whoever is alone (see guard.ts)
 * gives rows out and takes them back; what is only read may be read by anybody.
 */
export class SubscriberRows {
  private readonly words: Words;
  readonly most: number;

  constructor(
    private readonly seat: Seat,
    /** Word indexes of `topicHead` and of the first row. */
    private readonly head: number,
    private readonly rows: number,
  ) {
    this.words = seat.words;
    this.most = this.words.load(head + word.maxSubscribers) >>> 0;
  }

  /** Rows that are taken. One load. */
  get count(): number {
    return this.words.load(this.head + word.subscribers);
  }

  /** Takes a row for this thread, reading from a position on. Gives its number. @throws SystemError when all are taken */
  take(position: number): number {
    const { words, seat } = this;
    let row = 0;
    while (row < this.most && this.ownerOf(row) !== 0) row++;
    if (row === this.most)
      throw new SystemError(`subscribe() with ${this.most} living subscribers; at most ${this.most} (maxSubscribers)`);
    words.store(this.at(row) + CURSOR, position | 0);
    words.store(this.at(row) + MISSED, 0);
    if (row >= this.used) words.store(this.head + word.rowsUsed, row + 1);
    words.store(this.at(row) + OWNER, seat.self);
    this.recount();
    return row;
  }

  /** Gives a row back. */
  leave(row: number): void {
    this.words.store(this.at(row) + OWNER, 0);
    this.recount();
  }

  /** Forgets the dead. Asks the kernel about each owner. */
  forgetDead(): void {
    for (const row of this.taken()) if (this.isGone(this.ownerOf(row))) this.words.store(this.at(row) + OWNER, 0);
    this.recount();
  }

  /** Works the counts out anew. */
  recount(): void {
    let count = 0;
    for (let row = 0; row < this.used; row++) if (this.ownerOf(row) !== 0) count++;
    this.words.store(this.head + word.subscribers, count);
  }

  /** How far the slowest is behind a position. */
  lag(position: number): number {
    let most = 0;
    for (let row = 0; row < this.used; row++)
      if (this.ownerOf(row) !== 0) most = Math.max(most, this.behind(row, position));
    return most;
  }

  /** The owners of those that are further behind a position than that. */
  slowerThan(lag: number, position: number): number[] {
    const owners = new Set<number>();
    for (const row of this.taken()) if (this.behind(row, position) > lag) owners.add(this.ownerOf(row));
    return [...owners];
  }

  /** How many belong to the living. Asks the kernel. */
  living(): number {
    let count = 0;
    for (const row of this.taken()) if (!this.isGone(this.ownerOf(row))) count++;
    return count;
  }

  cursorOf(row: number): number {
    return this.at(row) + CURSOR;
  }

  countMissed(row: number, count: number): void {
    this.words.add(this.at(row) + MISSED, count | 0);
  }

  private behind(row: number, position: number): number {
    return (position - this.words.load(this.at(row) + CURSOR)) >>> 0;
  }

  private *taken(): Generator<number> {
    for (let row = 0; row < this.used; row++) if (this.ownerOf(row) !== 0) yield row;
  }

  private get used(): number {
    return Math.min(this.words.load(this.head + word.rowsUsed) >>> 0, this.most);
  }

  private ownerOf(row: number): number {
    return this.words.load(this.at(row) + OWNER);
  }

  private at(row: number): number {
    return this.rows + row * ROW;
  }

  private isGone(owner: number): boolean {
    return !isOwner(owner) || !this.seat.isAlive(owner);
  }
}
