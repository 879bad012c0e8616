import { ProtocolError } from "../errors.js";
import type { Words } from "../memory/words.js";
import { itemRow, type storeHead } from "./item-store.layout.js";

const ROW = itemRow.bytes / 4;
const { word } = itemRow;

/** Where a store's words lie. */
export interface RowsPlace {
  readonly words: Words;
  /** Word index of `storeHead`. */
  readonly head: number;
  /** Word index of the first row. */
  readonly rows: number;
  readonly blocks: number;
}

type HeadWord = (typeof storeHead.word)[keyof typeof storeHead.word];
type RowWord = (typeof itemRow.word)[keyof typeof itemRow.word];

/** The words of an item store by their names: its head's, and each item's. Whoever changes them is alone (see guard.ts). */
export class ItemRows {
  readonly words: Words;
  private readonly head: number;
  private readonly rows: number;
  readonly blocks: number;
  /** A priority as the two words that it takes. */
  private readonly halves = new Int32Array(2);
  private readonly whole: Float64Array = new Float64Array(this.halves.buffer);

  constructor({ words, head, rows, blocks }: RowsPlace) {
    this.words = words;
    this.head = head;
    this.rows = rows;
    this.blocks = blocks;
  }

  get(which: HeadWord): number {
    return this.words.peek(this.head + which);
  }

  change(which: HeadWord, value: number): void {
    this.words.poke(this.head + which, value);
  }

  add(which: HeadWord, value: number): void {
    this.change(which, this.get(which) + value);
  }

  word(item: number, which: RowWord): number {
    return this.words.peek(this.rows + item * ROW + which);
  }

  set(item: number, which: RowWord, value: number): void {
    this.words.poke(this.rows + item * ROW + which, value);
  }

  /** Changes an item's state, by one store after all that was written before. */
  turn(item: number, state: number): void {
    this.words.store(this.rows + item * ROW + word.state, state);
  }

  priorityOf(item: number): number {
    this.halves[0] = this.word(item, word.priority);
    this.halves[1] = this.word(item, word.priority + 1);
    return this.whole[0];
  }

  setPriority(item: number, priority: number): void {
    this.whole[0] = priority;
    this.set(item, word.priority, this.halves[0]);
    this.set(item, word.priority + 1, this.halves[1]);
  }

  /** A block's number, unless there is no such block: then the memory is broken. */
  checked(block: number): number {
    if (!(block >= 0 && block < this.blocks)) throw new ProtocolError(`a block is ${block} of ${this.blocks}`);
    return block;
  }
}
