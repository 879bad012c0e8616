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
 * Limits  Orders in a line (item-line.ts) are modulo 2^32 and compared by difference: each item gets the order behind the
 *         last one given, or that next to its neighbour's where the former is far away, so that the differences stay small
 *         however long a queue is in use and never empty. Those in a heap
 *         (item-heap.ts) have 64 bits. Everything read from the words is checked before it is used as an index, so
 *         that a hostile or broken store is a ProtocolError and never a wild access or an endless loop.
 * Source  Slab allocation; the rebuilt free list is that of a log-structured file system after a crash.
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { BlockChains } from "./block-chains.js";
import { ItemHeap } from "./item-heap.js";
import { checkReady, ItemLine, type ItemOrder } from "./item-line.js";
import { ItemRows, type RowsPlace } from "./item-rows.js";
import { BLOCK, itemRow, STATES, storeHead } from "./item-store.layout.js";

const { word } = itemRow;
const { word: head } = storeHead;
/** More are not counted: a message that was taken so often says so ever after. */
const MOST_DELIVERIES = 2 ** 32 - 1;

/** Where a store lies in its segment. */
export interface StorePlace extends RowsPlace {
  readonly bytes: Bytes;
}

/** In which order ready items are taken. */
export type Discipline = "fifo" | "lifo" | "priority";

export class ItemStore {
  private readonly words: Words;
  private readonly head: number;
  private readonly rows: ItemRows;
  private readonly chains: BlockChains;
  private readonly order: ItemOrder;
  readonly blocks: number;

  constructor(place: StorePlace, discipline: Discipline) {
    this.words = place.words;
    this.head = place.head;
    this.blocks = place.blocks;
    this.rows = new ItemRows(place);
    this.chains = new BlockChains({
      words: place.words,
      links: place.rows + place.blocks * (itemRow.bytes / 4),
      free: place.head + head.free,
      cursor: place.head + head.cursor,
      blocks: place.blocks,
      bytes: place.bytes,
    });
    this.order = discipline === "priority" ? new ItemHeap(this.rows) : new ItemLine(this.rows, discipline === "lifo");
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

  get writing(): number {
    return this.words.load(this.head + head.writing);
  }

  /** Items that are there or on their way: ready, taken or being written. */
  get pending(): number {
    return this.ready + this.taken + this.writing;
  }

  /** Claims blocks for an item that is written outside of the guard, and then published. There must be so many. */
  begin(length: number, owner: number): number {
    const item = this.chains.allocate(length);
    this.rows.set(item, word.length, length);
    this.rows.set(item, word.owner, owner);
    this.rows.add(head.writing, 1);
    this.rows.turn(item, STATES.writing);
    return item;
  }

  /** Copies the bytes of an item that was begun in. */
  write(item: number, source: Uint8Array, from: number, length: number): void {
    this.chains.write(item, source, from, length);
  }

  /** Shows an item that was begun. */
  publish(item: number, flags: number, priority: number): void {
    this.rows.add(head.writing, -1);
    this.show(item, flags, priority);
  }

  /** Puts a short item whole. There must be room. */
  put(source: Uint8Array, from: number, length: number, flags: number, priority: number): void {
    const item = this.chains.allocate(length);
    this.rows.set(item, word.length, length);
    this.chains.write(item, source, from, length);
    this.show(item, flags, priority);
  }

  /** Drops an item that was begun. */
  abandon(item: number): void {
    const length = this.lengthOf(item);
    this.rows.turn(item, STATES.none); // publishes: end of item
    this.rows.add(head.writing, -1);
    this.chains.free(item, length);
  }

  /** Takes the next item, or gives -1. */
  take(owner: number): number {
    const first = this.order.first();
    if (first < 0) return -1;
    const item = checkReady(this.rows, first);
    this.rows.set(item, word.owner, owner);
    const deliveries = this.deliveriesOf(item);
    // before the state: it may come back out of order
    if (deliveries < MOST_DELIVERIES) this.rows.set(item, word.deliveries, deliveries + 1);
    this.rows.turn(item, STATES.taken); // publishes: item
    this.removeFirst();
    this.rows.add(head.taken, 1);
    this.rows.add(head.takes, 1);
    return item;
  }

  lengthOf(item: number): number {
    const length = this.rows.word(item, word.length);
    if (!(length >= 0 && length <= this.blocks * BLOCK))
      throw new ProtocolError(`an item says that it has ${length} bytes; at most ${this.blocks * BLOCK}`);
    return length;
  }

  flagsOf(item: number): number {
    return this.rows.word(item, word.flags);
  }

  deliveriesOf(item: number): number {
    return this.rows.word(item, word.deliveries) >>> 0;
  }

  /** Copies an item's bytes to target[at…]. */
  read(item: number, target: Uint8Array, at: number): void {
    this.chains.read(item, this.lengthOf(item), target, at);
  }

  /** A taken item is done with. */
  finish(item: number): void {
    const length = this.lengthOf(item);
    this.rows.turn(item, STATES.none); // publishes: end of item
    this.rows.add(head.taken, -1);
    this.chains.free(item, length);
  }

  /** A taken item is ready again, before all others (of its priority). */
  giveBack(item: number): void {
    this.order.placeBack(item);
    this.rows.turn(item, STATES.ready); // publishes: item
    this.rows.add(head.taken, -1);
    this.rows.add(head.ready, 1);
    this.order.add(item, true);
  }

  /** Drops all ready items, after `look` had a look at each. */
  dropReady(look: (item: number) => void): void {
    for (let first = this.order.first(); first >= 0; first = this.order.first()) {
      const item = checkReady(this.rows, first);
      const length = this.lengthOf(item);
      look(item);
      this.rows.turn(item, STATES.none); // publishes: end of item
      this.removeFirst();
      this.chains.free(item, length);
    }
  }

  /** Gives back what the dead had taken, and drops what they were writing. Gives how many items changed. */
  reclaim(isDead: (owner: number) => boolean): number {
    if (this.rows.get(head.taken) === 0 && this.rows.get(head.writing) === 0) return 0;
    const back: number[] = [];
    let changed = 0;
    for (let item = 0; item < this.blocks; item++) {
      const state = this.rows.word(item, word.state);
      if (state !== STATES.taken && state !== STATES.writing) continue;
      if (!isDead(this.rows.word(item, word.owner))) continue;
      changed++;
      if (state === STATES.writing) this.abandon(item);
      else back.push(item);
    }
    // the youngest first, so that the oldest ends in front
    back.sort((a, b) => this.order.compare(b, a));
    for (const item of back) this.giveBack(item);
    return changed;
  }

  /** The owner of each item that somebody writes or has taken. */
  *owners(): Generator<number> {
    for (let item = 0; item < this.blocks; item++) {
      const state = this.rows.word(item, word.state);
      if (state === STATES.taken || state === STATES.writing) yield this.rows.word(item, word.owner);
    }
  }

  /** Works everything out anew from the rows: somebody died in the middle of a change. */
  repair(): void {
    const used = new Uint8Array(this.blocks);
    const found: number[][] = [[], [], [], []];
    for (let item = 0; item < this.blocks; item++) {
      const state = this.rows.word(item, word.state); // observes: item, end of item
      if (state === STATES.none) continue;
      if (!(state in found)) throw new ProtocolError(`an item is in state ${state}; there are 0 to 3`);
      this.chains.mark(item, this.lengthOf(item), used);
      found[state].push(item);
    }
    this.chains.freeOthers(used);
    const ready = found[STATES.ready];
    this.rows.change(head.writing, found[STATES.writing].length);
    this.rows.change(head.taken, found[STATES.taken].length);
    this.rows.change(head.ready, ready.length);
    ready.sort((a, b) => this.order.compare(a, b));
    this.order.rebuild(ready);
  }

  private show(item: number, flags: number, priority: number): void {
    this.rows.set(item, word.flags, flags);
    this.rows.set(item, word.deliveries, 0);
    this.order.place(item, priority);
    this.rows.turn(item, STATES.ready); // publishes: item
    this.rows.add(head.ready, 1);
    this.rows.add(head.puts, 1);
    this.order.add(item, false);
  }

  /** The first item has left the line. */
  private removeFirst(): void {
    this.order.removeFirst();
    this.rows.add(head.ready, -1);
  }
}
