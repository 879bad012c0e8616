/*
 * Item store: messages of any length in blocks of shared memory, each with a state and an owner. Never waits.
 *
 * Idea    The memory is cut into blocks of 128 bytes with a row of words each. An item takes as many blocks as it needs,
 *         next to each other where they are free, else chained; its row is that of its first block. The row says all that
 *         matters: state, owner, length, order. All else (the chain of ready items, how many blocks are free, every
 *         count) only saves time, and is worked out anew from the rows after a death in the middle of a change.
 *         So any producer can use the whole memory, and one that is idle takes none.
 * States  none -> writing -> ready -> taken -> none: an item's life; taken -> ready: given back, in front of the line
 *         none -> ready: a short item, written inside one entry of the guard
 * Order   Whoever changes the store is alone (guard.ts), except that the writer of an item in state writing fills its
 *         blocks, and the taker of a taken one reads them, outside. An item changes state by one store, after all else in
 *         its row and its bytes (publishes: item), and by one store leaves, before its blocks are free (publishes: end of
 *         item). Whoever repairs sees each item whole or not at all (observes: item, observes: end of item).
 * Death   Of a writer: the item was never there, its blocks come back. Of a taker: the item is ready again, in front, and
 *         its count of deliveries tells that somebody had it. In the middle of a change: `repair`.
 * Limits  Orders are modulo 2^32 and compared by difference. Everything read from the words is checked before it is used
 *         as an index, so that a hostile or broken store is a ProtocolError and never a wild access.
 * Source  Slab allocation; the rebuilt free list is that of a log-structured file system after a crash.
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { BLOCK, itemRow, STATES, storeHead } from "./item-store.layout.js";

const ROW = itemRow.bytes / 4;
const { word } = itemRow;
const { word: head } = storeHead;

/** In which order ready items are taken. */
export type Discipline = "fifo" | "lifo" | "priority";

/** Where a store lies in its segment. */
export interface StorePlace {
  readonly words: Words;
  /** Word index of `storeHead`. */
  readonly head: number;
  /** Word index of the first row. */
  readonly rows: number;
  readonly bytes: Bytes;
  readonly blocks: number;
}

export class ItemStore {
  private readonly words: Words;
  private readonly head: number;
  private readonly rows: number;
  private readonly bytes: Bytes;
  readonly blocks: number;

  constructor(
    { words, head, rows, bytes, blocks }: StorePlace,
    private readonly discipline: Discipline,
  ) {
    this.words = words;
    this.head = head;
    this.rows = rows;
    this.bytes = bytes;
    this.blocks = blocks;
  }

  /** Blocks that an item of so many bytes takes. */
  static blocksFor(length: number): number {
    return length <= BLOCK ? 1 : Math.ceil(length / BLOCK);
  }

  /** Free blocks. This and the next ones may be read by anybody; after a death in a change they are wrong until `repair`. */
  get free(): number {
    return this.words.load(this.head + head.free);
  }

  get ready(): number {
    return this.words.load(this.head + head.ready);
  }

  get taken(): number {
    return this.words.load(this.head + head.taken);
  }

  /** Items that are there or on their way: ready, taken or being written. */
  get pending(): number {
    return this.ready + this.taken + this.words.load(this.head + head.writing);
  }

  /** Claims blocks for an item that is written outside of the guard, and then published. There must be so many. */
  begin(length: number, owner: number): number {
    const item = this.allocate(length);
    this.set(item, word.length, length);
    this.set(item, word.owner, owner);
    this.add(head.writing, 1);
    this.turn(item, STATES.writing);
    return item;
  }

  /** Copies [from…from + length) of an item's bytes in. */
  write(item: number, source: Uint8Array, from: number, length: number): void {
    if (length <= BLOCK) return this.bytes.copyIn(item * BLOCK, source, from, from + length);
    this.eachRun(item, length, (offset, at, bytes) => this.bytes.copyIn(offset, source, from + at, from + at + bytes));
  }

  /** Shows an item that was begun. */
  publish(item: number, flags: number, priority: number): void {
    this.add(head.writing, -1);
    this.show(item, flags, priority);
  }

  /** Puts a short item whole. There must be room. */
  put(source: Uint8Array, from: number, length: number, flags: number, priority: number): void {
    const item = this.allocate(length);
    this.set(item, word.length, length);
    this.write(item, source, from, length);
    this.show(item, flags, priority);
  }

  /** Drops an item that was begun. */
  abandon(item: number): void {
    this.turn(item, STATES.none); // publishes: end of item
    this.add(head.writing, -1);
    this.freeChain(item);
  }

  /** Takes the next item, or gives -1. */
  take(owner: number): number {
    const first = this.get(head.first);
    if (first === 0) return -1;
    const item = this.checked(first - 1);
    this.set(item, word.owner, owner);
    this.turn(item, STATES.taken); // publishes: item
    this.set(item, word.deliveries, this.word(item, word.deliveries) + 1);
    const link = this.word(item, word.link);
    this.change(head.first, link);
    if (link === 0) this.change(head.last, 0);
    this.add(head.ready, -1);
    this.add(head.taken, 1);
    this.add(head.takes, 1);
    return item;
  }

  lengthOf(item: number): number {
    const length = this.word(item, word.length);
    if (length > this.blocks * BLOCK) throw new ProtocolError(`an item says that it has ${length} bytes`);
    return length;
  }

  flagsOf(item: number): number {
    return this.word(item, word.flags);
  }

  deliveriesOf(item: number): number {
    return this.word(item, word.deliveries);
  }

  priorityOf(item: number): number {
    const at = (this.rows + item * ROW) * 4 + itemRow.offset.priority;
    return new Float64Array(this.words.array.buffer, this.words.array.byteOffset + at, 1)[0];
  }

  /** Copies an item's bytes to target[at…]. */
  read(item: number, target: Uint8Array, at: number): void {
    const length = this.lengthOf(item);
    if (length <= BLOCK) return this.bytes.copyOut(item * BLOCK, item * BLOCK + length, target, at);
    this.eachRun(item, length, (offset, from, bytes) => this.bytes.copyOut(offset, offset + bytes, target, at + from));
  }

  /** Where an item's bytes lie, if that is in one run: they can be read there while the item is taken. */
  offsetOf(item: number): number {
    const blocks = ItemStore.blocksFor(this.lengthOf(item));
    for (let i = 0; i < blocks - 1; i++) if (this.word(item + i, word.next) !== item + i + 2) return -1;
    return item * BLOCK;
  }

  /** A taken item is done with. */
  finish(item: number): void {
    this.turn(item, STATES.none); // publishes: end of item
    this.add(head.taken, -1);
    this.freeChain(item);
  }

  /** A taken item is ready again, before all others. */
  giveBack(item: number): void {
    this.set(item, word.order, this.get(head.firstOrder) - 1);
    this.turn(item, STATES.ready); // publishes: item
    this.change(head.firstOrder, this.get(head.firstOrder) - 1);
    this.add(head.taken, -1);
    this.add(head.ready, 1);
    this.enlist(item);
  }

  /** Drops all ready items, after `look` had a look at each. */
  dropReady(look: (item: number) => void): void {
    for (let first = this.get(head.first); first !== 0; first = this.get(head.first)) {
      const item = this.checked(first - 1);
      look(item);
      this.change(head.first, this.word(item, word.link));
      this.turn(item, STATES.none); // publishes: end of item
      this.add(head.ready, -1);
      this.freeChain(item);
    }
    this.change(head.last, 0);
  }

  /** Gives back what the dead had taken, and drops what they were writing. Gives how many items changed. */
  reclaim(isDead: (owner: number) => boolean): number {
    if (this.get(head.taken) === 0 && this.get(head.writing) === 0) return 0;
    const back: number[] = [];
    let changed = 0;
    for (let item = 0; item < this.blocks; item++) {
      const state = this.word(item, word.state);
      if (state !== STATES.taken && state !== STATES.writing) continue;
      if (!isDead(this.word(item, word.owner))) continue;
      changed++;
      if (state === STATES.writing) this.abandon(item);
      else back.push(item);
    }
    // the youngest first, so that the oldest ends in front
    back.sort((a, b) => (this.word(b, word.order) - this.word(a, word.order)) | 0);
    for (const item of back) this.giveBack(item);
    return changed;
  }

  /** The owner of each item that somebody writes or has taken. */
  *owners(): Generator<number> {
    for (let item = 0; item < this.blocks; item++) {
      const state = this.word(item, word.state);
      if (state === STATES.taken || state === STATES.writing) yield this.word(item, word.owner);
    }
  }

  /** Works everything out anew from the rows: somebody died in the middle of a change. */
  repair(): void {
    const used = new Uint8Array(this.blocks);
    const ready: number[] = [];
    let writing = 0;
    let taken = 0;
    for (let item = 0; item < this.blocks; item++) {
      const state = this.word(item, word.state); // observes: item   observes: end of item
      if (state === STATES.none) continue;
      this.mark(item, used);
      if (state === STATES.ready) ready.push(item);
      else if (state === STATES.taken) taken++;
      else writing++;
    }
    let free = 0;
    for (let block = 0; block < this.blocks; block++) {
      if (used[block] === 1) continue;
      free++;
      this.setNext(block, FREE);
    }
    this.change(head.free, free);
    this.change(head.writing, writing);
    this.change(head.taken, taken);
    this.change(head.ready, ready.length);
    this.relist(ready);
  }

  private mark(item: number, used: Uint8Array): void {
    let block = item;
    for (let left = ItemStore.blocksFor(this.lengthOf(item)); ; left--) {
      if (used[block] === 1) throw new ProtocolError("two items share a block");
      used[block] = 1;
      if (left <= 1) return;
      block = this.checked(this.word(block, word.next) - 1);
    }
  }

  private relist(ready: number[]): void {
    if (ready.length > 0) {
      const base = this.word(ready[0], word.order);
      const orders = ready.map((item) => (this.word(item, word.order) - base) | 0);
      this.change(head.firstOrder, base + orders.reduce((a, b) => Math.min(a, b)));
      const last = base + orders.reduce((a, b) => Math.max(a, b));
      if (((last - this.get(head.lastOrder)) | 0) > 0) this.change(head.lastOrder, last);
    }
    ready.sort((a, b) => (this.goesBefore(a, b) ? -1 : 1));
    this.change(head.first, ready.length > 0 ? ready[0] + 1 : 0);
    this.change(head.last, ready.length > 0 ? ready[ready.length - 1] + 1 : 0);
    for (const [i, item] of ready.entries()) this.set(item, word.link, i + 1 < ready.length ? ready[i + 1] + 1 : 0);
  }

  private show(item: number, flags: number, priority: number): void {
    this.set(item, word.flags, flags);
    this.set(item, word.deliveries, 0);
    if (this.discipline === "priority") this.setPriority(item, priority);
    const front = this.discipline === "lifo";
    const order = front ? this.get(head.firstOrder) - 1 : this.get(head.lastOrder) + 1;
    this.set(item, word.order, order);
    this.turn(item, STATES.ready); // publishes: item
    this.change(front ? head.firstOrder : head.lastOrder, order);
    if (!front && this.get(head.ready) === 0) this.change(head.firstOrder, order);
    this.add(head.ready, 1);
    this.add(head.puts, 1);
    this.enlist(item);
  }

  /** Puts a ready item into the line. */
  private enlist(item: number): void {
    const first = this.get(head.first);
    if (first === 0) {
      this.set(item, word.link, 0);
      this.change(head.first, item + 1);
      this.change(head.last, item + 1);
      return;
    }
    const last = this.checked(this.get(head.last) - 1);
    if (!this.goesBefore(item, last)) {
      this.set(item, word.link, 0);
      this.set(last, word.link, item + 1);
      this.change(head.last, item + 1);
      return;
    }
    let before = -1;
    let behind = this.checked(first - 1);
    for (let steps = 0; !this.goesBefore(item, behind); steps++) {
      if (steps > this.blocks) throw new ProtocolError("the line of items goes round in circles");
      before = behind;
      behind = this.checked(this.word(behind, word.link) - 1);
    }
    this.set(item, word.link, behind + 1);
    if (before < 0) this.change(head.first, item + 1);
    else this.set(before, word.link, item + 1);
  }

  private goesBefore(a: number, b: number): boolean {
    if (this.discipline === "priority") {
      const difference = this.priorityOf(a) - this.priorityOf(b);
      if (difference !== 0) return difference < 0;
    }
    return ((this.word(a, word.order) - this.word(b, word.order)) | 0) < 0;
  }

  /** Chains free blocks, from the cursor on, so that they lie in one run where they can. */
  private allocate(length: number): number {
    const wanted = ItemStore.blocksFor(length);
    const from = this.get(head.cursor) % this.blocks;
    let first = -1;
    let last = -1;
    let left = wanted;
    let block = from;
    for (let looked = 0; left > 0; looked++) {
      if (looked >= this.blocks) throw new ProtocolError(`${wanted} blocks were said to be free and are not`);
      if (this.word(block, word.next) === FREE) {
        if (last >= 0) this.setNext(last, block + 1);
        else first = block;
        this.setNext(block, 0);
        last = block;
        left--;
      }
      if (++block === this.blocks) block = 0;
    }
    this.change(head.cursor, block);
    this.add(head.free, -wanted);
    return first;
  }

  private freeChain(item: number): void {
    let block = item;
    let freed = 0;
    for (let left = ItemStore.blocksFor(this.lengthOf(item)); left > 0; left--) {
      const next = this.word(block, word.next);
      this.setNext(block, FREE);
      freed++;
      if (left === 1) break;
      block = this.checked(next - 1);
    }
    this.add(head.free, freed);
  }

  /** Calls `copy` for each run of blocks next to each other that holds the item's bytes. */
  private eachRun(item: number, length: number, copy: (offset: number, at: number, bytes: number) => void): void {
    let block = item;
    for (let at = 0; at < length; ) {
      const start = block;
      let bytes = BLOCK;
      let next = this.word(block, word.next);
      while (at + bytes < length && next === block + 2) {
        block++;
        bytes += BLOCK;
        next = this.word(block, word.next);
      }
      copy(start * BLOCK, at, Math.min(bytes, length - at));
      at += bytes;
      if (at < length) block = this.checked(next - 1);
    }
  }

  private checked(block: number): number {
    if (block < 0 || block >= this.blocks) throw new ProtocolError(`an item's block is ${block} of ${this.blocks}`);
    return block;
  }

  private get(which: number): number {
    return this.words.peek(this.head + which);
  }

  private change(which: number, value: number): void {
    this.words.poke(this.head + which, value);
  }

  private add(which: number, value: number): void {
    this.change(which, this.get(which) + value);
  }

  private word(item: number, which: number): number {
    return this.words.peek(this.rows + item * ROW + which);
  }

  private set(item: number, which: number, value: number): void {
    this.words.poke(this.rows + item * ROW + which, value);
  }

  /** Changes an item's state, by one store after all that was written before. */
  private turn(item: number, state: number): void {
    this.words.store(this.rows + item * ROW + word.state, state);
  }

  private setNext(block: number, next: number): void {
    this.set(block, word.next, next);
  }

  private setPriority(item: number, priority: number): void {
    const at = (this.rows + item * ROW) * 4 + itemRow.offset.priority;
    new Float64Array(this.words.array.buffer, this.words.array.byteOffset + at, 1)[0] = priority;
  }
}

/** What stands in `next` of a block that belongs to no item. */
export const FREE = -1;
