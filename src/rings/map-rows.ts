import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { bucketsFor, MAP_ROW, mapEntry, type mapHead } from "./map-store.layout.js";

/** Where a map's store lies in its segment. */
export interface MapPlace {
  readonly words: Words;
  /** Word index of `mapHead`. */
  readonly head: number;
  /** Word index of the first row. */
  readonly rows: number;
  readonly blocks: number;
  readonly bytes: Bytes;
}

type HeadWord = (typeof mapHead.word)[keyof typeof mapHead.word];
type EntryWord = (typeof mapEntry.word)[keyof typeof mapEntry.word];

/** The words of a map's store by their names. Numbers of entries are those of their first blocks. */
export class MapRows {
  readonly words: Words;
  readonly blocks: number;
  readonly buckets: number;
  /** Word index of the first block's chain word. */
  readonly links: number;
  private readonly head: number;
  private readonly rows: number;
  private readonly bucketsAt: number;
  private readonly halves = new Int32Array(2);
  private readonly whole: Float64Array = new Float64Array(this.halves.buffer);

  constructor({ words, head, rows, blocks }: MapPlace) {
    this.words = words;
    this.head = head;
    this.rows = rows;
    this.blocks = blocks;
    this.buckets = bucketsFor(blocks);
    this.links = rows + blocks * MAP_ROW;
    this.bucketsAt = this.links + blocks;
  }

  headWord(which: HeadWord): number {
    return this.head + which;
  }

  /** Word index of the bucket of a hash: it holds the first entry, counted from 1. */
  bucket(hash: number): number {
    return this.bucketsAt + (hash & (this.buckets - 1));
  }

  /** Word index of an entry's word. */
  at(entry: number, which: EntryWord): number {
    return this.rows + entry * MAP_ROW + which;
  }

  peek(entry: number, which: EntryWord): number {
    return this.words.peek(this.rows + entry * MAP_ROW + which);
  }

  poke(entry: number, which: EntryWord, value: number): void {
    this.words.poke(this.rows + entry * MAP_ROW + which, value);
  }

  sequence(entry: number): number {
    return this.words.load(this.rows + entry * MAP_ROW + mapEntry.word.sequence);
  }

  /** Two words as the number that they are. */
  number(at: number): number {
    this.halves[0] = this.words.peek(at);
    this.halves[1] = this.words.peek(at + 1);
    return this.whole[0];
  }

  setNumber(at: number, value: number): void {
    this.whole[0] = value;
    this.words.poke(at, this.halves[0]);
    this.words.poke(at + 1, this.halves[1]);
  }
}
