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
 * Limits  Orders are modulo 2^32 and compared by difference, and only where they matter: among ready items of the same
 *         priority, each of which gets the order next to its neighbour's, so that the differences stay small however long
 *         a queue is in use and never empty. Everything read from the words is checked before it is used as an index, so
 *         that a hostile or broken store is a ProtocolError and never a wild access or an endless loop.
 * Source  Slab allocation; the rebuilt free list is that of a log-structured file system after a crash.
 */
import { ProtocolError } from "../errors.js";
import type { Words } from "../memory/words.js";
import { BlockChains, type StorePlace } from "./block-chains.js";
import { BLOCK, itemRow, STATES, storeHead } from "./item-store.layout.js";

const ROW = itemRow.bytes / 4;
const { word } = itemRow;
const { word: head } = storeHead;
/** Orders further apart than that are not of neighbours. */
const FAR = 2 ** 24;

/** In which order ready items are taken. */
export type Discipline = "fifo" | "lifo" | "priority";

export class ItemStore {
  private readonly words: Words;
  private readonly head: number;
  private readonly rows: number;
  private readonly floats: Float64Array;
  private readonly chains: BlockChains;
  readonly blocks: number;

  constructor(
    place: StorePlace,
    private readonly discipline: Discipline,
  ) {
    const { array } = place.words;
    this.words = place.words;
    this.head = place.head;
    this.rows = place.rows;
    this.blocks = place.blocks;
    this.chains = new BlockChains(place);
    this.floats = new Float64Array(array.buffer, array.byteOffset, array.length >>> 1);
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
    this.set(item, word.length, length);
    this.set(item, word.owner, owner);
    this.add(head.writing, 1);
    this.turn(item, STATES.writing);
    return item;
  }

  /** Copies the bytes of an item that was begun in. */
  write(item: number, source: Uint8Array, from: number, length: number): void {
    this.chains.write(item, source, from, length);
  }

  /** Shows an item that was begun. */
  publish(item: number, flags: number, priority: number): void {
    this.add(head.writing, -1);
    this.show(item, flags, priority);
  }

  /** Puts a short item whole. There must be room. */
  put(source: Uint8Array, from: number, length: number, flags: number, priority: number): void {
    const item = this.chains.allocate(length);
    this.set(item, word.length, length);
    this.chains.write(item, source, from, length);
    this.show(item, flags, priority);
  }

  /** Drops an item that was begun. */
  abandon(item: number): void {
    const length = this.lengthOf(item);
    this.turn(item, STATES.none); // publishes: end of item
    this.add(head.writing, -1);
    this.chains.free(item, length);
  }

  /** Takes the next item, or gives -1. */
  take(owner: number): number {
    if (this.get(head.first) === 0) return -1;
    const item = this.firstReady();
    this.set(item, word.owner, owner);
    this.set(item, word.deliveries, this.word(item, word.deliveries) + 1); // before the state: it may come back out of order
    this.turn(item, STATES.taken); // publishes: item
    this.unlinkFirst(item);
    this.add(head.taken, 1);
    this.add(head.takes, 1);
    return item;
  }

  lengthOf(item: number): number {
    const length = this.word(item, word.length);
    if (!(length >= 0 && length <= this.blocks * BLOCK))
      throw new ProtocolError(`an item says that it has ${length} bytes; at most ${this.blocks * BLOCK}`);
    return length;
  }

  flagsOf(item: number): number {
    return this.word(item, word.flags);
  }

  deliveriesOf(item: number): number {
    return this.word(item, word.deliveries);
  }

  /** Copies an item's bytes to target[at…]. */
  read(item: number, target: Uint8Array, at: number): void {
    this.chains.read(item, this.lengthOf(item), target, at);
  }

  /** A taken item is done with. */
  finish(item: number): void {
    const length = this.lengthOf(item);
    this.turn(item, STATES.none); // publishes: end of item
    this.add(head.taken, -1);
    this.chains.free(item, length);
  }

  /** A taken item is ready again, before all others (of its priority). */
  giveBack(item: number): void {
    const before = this.discipline === "priority" ? this.lastBelow(this.priorityOf(item)) : -1;
    const first = this.get(head.first);
    const behind = before < 0 ? first - 1 : this.word(before, word.link) - 1;
    this.set(item, word.order, this.orderBefore(item, behind));
    this.turn(item, STATES.ready); // publishes: item
    this.add(head.taken, -1);
    this.add(head.ready, 1);
    this.enlist(item, before);
  }

  /** Drops all ready items, after `look` had a look at each. */
  dropReady(look: (item: number) => void): void {
    while (this.get(head.first) !== 0) {
      const item = this.firstReady();
      const length = this.lengthOf(item);
      look(item);
      this.turn(item, STATES.none); // publishes: end of item
      this.unlinkFirst(item);
      this.chains.free(item, length);
    }
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
    const found: number[][] = [[], [], [], []];
    for (let item = 0; item < this.blocks; item++) {
      const state = this.word(item, word.state); // observes: item, end of item
      if (state === STATES.none) continue;
      if (!(state in found)) throw new ProtocolError(`an item is in state ${state}; there are 0 to 3`);
      this.chains.mark(item, this.lengthOf(item), used);
      found[state].push(item);
    }
    this.chains.freeOthers(used);
    const ready = found[STATES.ready];
    this.change(head.writing, found[STATES.writing].length);
    this.change(head.taken, found[STATES.taken].length);
    this.change(head.ready, ready.length);
    ready.sort((a, b) => this.compare(a, b));
    this.change(head.first, ready.length > 0 ? ready[0] + 1 : 0);
    this.change(head.last, ready.length > 0 ? ready[ready.length - 1] + 1 : 0);
    for (const [i, item] of ready.entries()) this.set(item, word.link, i + 1 < ready.length ? ready[i + 1] + 1 : 0);
  }

  private show(item: number, flags: number, priority: number): void {
    this.set(item, word.flags, flags);
    this.set(item, word.deliveries, 0);
    const order = (this.get(head.lastOrder) + (this.discipline === "lifo" ? -1 : 1)) | 0;
    this.change(head.lastOrder, order);
    let before = -1;
    if (this.discipline === "lifo") this.set(item, word.order, this.orderInFront(order));
    else {
      if (this.discipline === "priority") this.setPriority(item, priority);
      before = this.discipline === "fifo" ? this.get(head.last) - 1 : this.lastBelow(priority, true);
      this.set(item, word.order, this.orderBehind(before, order, priority));
    }
    this.turn(item, STATES.ready); // publishes: item
    this.add(head.ready, 1);
    this.add(head.puts, 1);
    this.enlist(item, before);
  }

  /** The order of an item that is put in front of all. */
  private orderInFront(order: number): number {
    const first = this.get(head.first);
    return first === 0 ? order : (this.word(this.chains.checked(first - 1), word.order) - 1) | 0;
  }

  /** The order of an item that is put behind `before`; `order` where nothing there is to be compared with it. */
  private orderBehind(before: number, order: number, priority: number): number {
    if (before < 0) return order;
    if (this.discipline === "priority" && this.priorityOf(this.chains.checked(before)) !== priority) return order;
    return (this.word(this.chains.checked(before), word.order) + 1) | 0;
  }

  /** The order of a taken item that goes in front of `behind`; its own, if that is so. */
  private orderBefore(item: number, behind: number): number {
    const own = this.word(item, word.order);
    if (behind >= 0) this.chains.checked(behind);
    if (behind < 0 || (this.discipline === "priority" && this.priorityOf(behind) !== this.priorityOf(item))) {
      const last = this.get(head.lastOrder);
      if (Math.abs((last - own) | 0) < FAR) return own;
      const order = (last + (this.discipline === "lifo" ? -1 : 1)) | 0;
      this.change(head.lastOrder, order);
      return order;
    }
    const next = this.word(behind, word.order);
    const distance = (next - own) | 0;
    return distance > 0 && distance < FAR ? own : (next - 1) | 0;
  }

  /** The last ready item of a smaller priority (`orEqual`: or of the same), or -1. */
  private lastBelow(priority: number, orEqual = false): number {
    const goesBefore = (item: number): boolean => {
      const other = this.priorityOf(this.chains.checked(item));
      return other < priority || (orEqual && other === priority);
    };
    const last = this.get(head.last) - 1;
    if (last < 0 || goesBefore(last)) return last;
    let before = -1;
    for (let next = this.get(head.first) - 1, steps = 0; goesBefore(next); steps++) {
      if (steps > this.blocks) throw new ProtocolError("the line of items goes round in circles");
      before = next;
      next = this.word(next, word.link) - 1;
    }
    return before;
  }

  /** Puts a ready item into the line behind `before`, in front of all when that is -1. */
  private enlist(item: number, before: number): void {
    const at = before < 0 ? this.head + head.first : this.rowOf(this.chains.checked(before)) + word.link;
    const behind = this.words.peek(at);
    this.set(item, word.link, behind);
    this.words.poke(at, item + 1);
    if (behind === 0) this.change(head.last, item + 1);
  }

  private firstReady(): number {
    const item = this.chains.checked(this.get(head.first) - 1);
    const state = this.word(item, word.state);
    if (state !== STATES.ready) throw new ProtocolError(`the item that is taken next is in state ${state}; it is 2`);
    return item;
  }

  /** The first item has left the line. */
  private unlinkFirst(item: number): void {
    const link = this.word(item, word.link);
    this.change(head.first, link);
    if (link === 0) this.change(head.last, 0);
    this.add(head.ready, -1);
  }

  private compare(a: number, b: number): number {
    if (this.discipline === "priority") {
      const difference = this.priorityOf(a) - this.priorityOf(b);
      if (difference !== 0) return difference;
    }
    return (this.word(a, word.order) - this.word(b, word.order)) | 0;
  }

  private priorityOf(item: number): number {
    return this.floats[(this.rowOf(item) + word.priority) >>> 1];
  }

  private setPriority(item: number, priority: number): void {
    this.floats[(this.rowOf(item) + word.priority) >>> 1] = priority;
  }

  private rowOf(item: number): number {
    return this.rows + item * ROW;
  }

  private word(item: number, which: number): number {
    return this.words.peek(this.rows + item * ROW + which);
  }

  private set(item: number, which: number, value: number): void {
    this.words.poke(this.rows + item * ROW + which, value);
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

  /** Changes an item's state, by one store after all that was written before. */
  private turn(item: number, state: number): void {
    this.words.store(this.rows + item * ROW + word.state, state);
  }
}
