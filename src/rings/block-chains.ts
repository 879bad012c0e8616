import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { BLOCK, FREE, LAST } from "./item-store.layout.js";

/** Where the chains of a store lie in its segment. */
export interface ChainsPlace {
  readonly words: Words;
  /** Word index of the first block's word. */
  readonly links: number;
  /** Word index of how many blocks are free. */
  readonly free: number;
  /** Word index of where the next free block is looked for. */
  readonly cursor: number;
  readonly blocks: number;
  readonly bytes: Bytes;
}

/** Blocks that an item of so many bytes takes. */
export const blocksFor = (length: number): number => (length <= BLOCK ? 1 : Math.ceil(length / BLOCK));

/**
 * The memory of a store, in blocks: which block follows which, and which belong to no item. The first block's number is
 * the item's. Who may change what, and what a death leaves, is the store's matter (item-store.ts, map-store.ts).
 */
export class BlockChains {
  private readonly words: Words;
  private readonly links: number;
  private readonly freeWord: number;
  private readonly cursor: number;
  private readonly bytes: Bytes;
  private readonly blocks: number;

  constructor({ words, links, free, cursor, blocks, bytes }: ChainsPlace) {
    this.words = words;
    this.links = links;
    this.freeWord = free;
    this.cursor = cursor;
    this.blocks = blocks;
    this.bytes = bytes;
  }

  /** Chains free blocks, from the cursor on, so that they lie in one run where they can. Gives the first. */
  allocate(length: number): number {
    const wanted = blocksFor(length);
    let first = -1;
    let last = -1;
    let left = wanted;
    let block = (this.words.peek(this.cursor) >>> 0) % this.blocks;
    for (let looked = 0; left > 0; looked++) {
      if (looked >= this.blocks) throw new ProtocolError(`${wanted} blocks were said to be free and are not`);
      if (this.next(block) === FREE) {
        if (last >= 0) this.setNext(last, block + 1);
        else first = block;
        this.setNext(block, LAST);
        last = block;
        left--;
      }
      if (++block === this.blocks) block = 0;
    }
    this.words.poke(this.cursor, block);
    this.addFree(-wanted);
    return first;
  }

  /** Gives an item's blocks back. */
  free(first: number, length: number): void {
    let block = first;
    let freed = 0;
    for (let left = blocksFor(length); left > 0; left--) {
      const next = this.next(block);
      this.setNext(block, FREE);
      freed++;
      if (left > 1) block = this.checked(next - 1);
    }
    this.addFree(freed);
  }

  /** Notes an item's blocks in `used`. @throws ProtocolError when another item has one of them */
  mark(first: number, length: number, used: Uint8Array): void {
    let block = first;
    for (let left = blocksFor(length); ; left--) {
      if (used[block] === 1) throw new ProtocolError(`two items share block ${block}`);
      used[block] = 1;
      if (left === 1) return;
      block = this.checked(this.next(block) - 1);
    }
  }

  /** All blocks that are not in `used` are free. */
  freeOthers(used: Uint8Array): void {
    let free = 0;
    for (let block = 0; block < this.blocks; block++) {
      if (used[block] === 1) continue;
      free++;
      this.setNext(block, FREE);
    }
    this.words.poke(this.freeWord, free);
  }

  /** Copies source[from…from + length) into an item's blocks. */
  write(first: number, source: Uint8Array, from: number, length: number): void {
    if (length <= BLOCK) return this.bytes.copyIn(first * BLOCK, source, from, from + length);
    this.eachRun(first, length, (offset, at, bytes) => this.bytes.copyIn(offset, source, from + at, from + at + bytes));
  }

  /** Copies an item's bytes to target[at…]. */
  read(first: number, length: number, target: Uint8Array, at: number): void {
    if (length <= BLOCK) return this.bytes.copyOut(first * BLOCK, first * BLOCK + length, target, at);
    this.eachRun(first, length, (offset, from, bytes) => this.bytes.copyOut(offset, offset + bytes, target, at + from));
  }

  /** Calls `copy` for each run of blocks next to each other. */
  private eachRun(first: number, length: number, copy: (offset: number, at: number, bytes: number) => void): void {
    let block = first;
    for (let at = 0; at < length; ) {
      const start = block;
      let bytes = BLOCK;
      let next = this.next(block);
      while (at + bytes < length && next === block + 2) {
        block = this.checked(block + 1);
        bytes += BLOCK;
        next = this.next(block);
      }
      copy(start * BLOCK, at, Math.min(bytes, length - at));
      at += bytes;
      if (at < length) block = this.checked(next - 1);
    }
  }

  private next(block: number): number {
    return this.words.peek(this.links + block);
  }

  private setNext(block: number, next: number): void {
    this.words.poke(this.links + block, next);
  }

  private addFree(blocks: number): void {
    this.words.poke(this.freeWord, this.words.peek(this.freeWord) + blocks);
  }

  /** A block's number, unless there is no such block: then the memory is broken. */
  private checked(block: number): number {
    if (!(block >= 0 && block < this.blocks)) throw new ProtocolError(`a block is ${block} of ${this.blocks}`);
    return block;
  }
}
