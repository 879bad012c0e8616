/*
 * Record ring: one writer, one reader, whole records in order. Never waits.
 *
 * Idea    A tail that only the writer moves and a head that only the reader moves. A record is written behind the tail
 *         and published by moving the tail over it with one store; it is given back by moving the head over it with
 *         one store. The memory is mapped twice in a row, so a record that begins near the end runs on into the second
 *         mapping, which is the ring's start: no record is ever split or padded.
 * States  tail = head            empty
 *         tail - head = capacity full
 *         any bytes behind tail  being written, or left by a writer that was killed: never looked at
 * Order   record, then tail      publishes: record     tail, then record   observes: record
 *         reads, then head       publishes: space      head, then writes   observes: space
 * Death   A writer killed before its tail moves: the record was never there. A reader killed before its head moves: the
 *         record is still there for the next holder of the end. Nothing to repair in either case.
 * Limits  Positions are modulo 2^32, compared by difference only; capacities are powers of two up to 2^30. Every value
 *         from the other side is checked against this side's own numbers before it is used: what contradicts them is a
 *         ProtocolError, and no index leaves the ring.
 * Source  Lamport's single-producer queue; cached counterparts from FastForward and Rigtorp's SPSCQueue; the double
 *         mapping is the "magic ring buffer" of the Virtual Ring Buffer (Vitillo and others).
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { RING_LINE, recordHeader, ringReaderLine, ringWriterLine } from "./record-ring.layout.js";

export const RECORD_HEADER = recordHeader.bytes;
const align = (bytes: number): number => (bytes + 7) & ~7;

/** Where a ring lies in its segment. */
export interface RingPlace {
  readonly words: Words;
  /** Word index of the ring's control words. */
  readonly control: number;
  readonly bytes: Bytes;
  /** Offset of the ring's first byte in `bytes`; twice the capacity follows. */
  readonly base: number;
  readonly capacity: number;
}

function checkDistance(distance: number, most: number, which: string): void {
  if (distance < 0 || distance > most || (distance & 7) !== 0)
    throw new ProtocolError(`a ring's ${which} is ${distance} bytes off; allowed: 0 to ${most} in steps of 8`);
}

/** A position that this side goes on from; whoever held the end before may have left anything. */
function startingPosition(position: number, which: string): number {
  if ((position & 7) !== 0) throw new ProtocolError(`a ring's ${which} is ${position >>> 0}; allowed: multiples of 8`);
  return position;
}

export class RingWriter {
  private readonly words: Words;
  private readonly bytes: Bytes;
  private readonly tailWord: number;
  private readonly headWord: number;
  private readonly base: number;
  private readonly mask: number;
  readonly capacity: number;
  private tail: number;
  /** The head as it was when last looked at: at least this much is free. */
  private head: number;

  constructor({ words, control, bytes, base, capacity }: RingPlace) {
    this.words = words;
    this.bytes = bytes;
    this.tailWord = control + ringWriterLine.word.tail;
    this.headWord = control + RING_LINE / 4 + ringReaderLine.word.head;
    this.base = base;
    this.mask = capacity - 1;
    this.capacity = capacity;
    this.tail = startingPosition(words.load(this.tailWord), "tail");
    this.head = (this.tail - capacity) | 0;
    this.look();
  }

  /** Payload bytes that one record could hold now, as far as this side knows; negative when not even its header fits. */
  get room(): number {
    return this.capacity - ((this.tail - this.head) | 0) - RECORD_HEADER;
  }

  /** Looks where the reader is; true when there is more room than was known. */
  look(): boolean {
    const head = this.words.load(this.headWord); // observes: space
    if (head === this.head) return false;
    checkDistance((this.tail - head) | 0, (this.tail - this.head) | 0, "head"); // it never goes back
    this.head = head;
    return true;
  }

  /** The offset at which the next record's payload goes, if `length` bytes fit; else -1. */
  reserve(length: number): number {
    if (length > this.room && !(this.look() && length <= this.room)) return -1;
    return this.offset;
  }

  /** Offset of the next record's payload. */
  get offset(): number {
    return this.base + (this.tail & this.mask) + RECORD_HEADER;
  }

  /** Publishes the record whose payload was written at {@link offset}. */
  commit(length: number, flags: number): void {
    this.stage(length, flags);
    this.publish();
  }

  /** Ends a record without showing it yet: the next one goes behind it, and {@link publish} shows them together. */
  stage(length: number, flags: number): void {
    const at = this.base + (this.tail & this.mask);
    this.bytes.setWord(at, length);
    this.bytes.setWord(at + 4, flags);
    this.tail = (this.tail + RECORD_HEADER + align(length)) | 0;
  }

  /** Shows the reader what was staged. */
  publish(): void {
    this.words.store(this.tailWord, this.tail); // publishes: record
  }

  /** Whether the reader has read everything. */
  get isDrained(): boolean {
    this.look();
    return this.tail === this.head;
  }
}

export class RingReader {
  private readonly words: Words;
  private readonly bytes: Bytes;
  private readonly tailWord: number;
  private readonly headWord: number;
  private readonly base: number;
  private readonly mask: number;
  readonly capacity: number;
  private head: number;
  /** The tail as it was when last looked at: records up to here are there. */
  private tail: number;
  /** The record that {@link peek} found: where its payload lies, how long it is, its flags. */
  offset = 0;
  length = 0;
  flags = 0;

  constructor({ words, control, bytes, base, capacity }: RingPlace) {
    this.words = words;
    this.bytes = bytes;
    this.tailWord = control + ringWriterLine.word.tail;
    this.headWord = control + RING_LINE / 4 + ringReaderLine.word.head;
    this.base = base;
    this.mask = capacity - 1;
    this.capacity = capacity;
    this.head = startingPosition(words.load(this.headWord), "head");
    this.tail = this.head;
  }

  /** Finds the next record; false when there is none. */
  peek(): boolean {
    if (this.head === this.tail) {
      const tail = this.words.load(this.tailWord); // observes: record
      if (tail === this.head) return false;
      checkDistance((tail - this.head) | 0, this.capacity, "tail");
      this.tail = tail;
    }
    const at = this.base + (this.head & this.mask);
    const length = this.bytes.word(at);
    if (length > ((this.tail - this.head) | 0) - RECORD_HEADER)
      throw new ProtocolError(`a record says ${length} bytes and ${(this.tail - this.head) | 0} are there`);
    this.offset = at + RECORD_HEADER;
    this.length = length;
    this.flags = this.bytes.word(at + 4);
    return true;
  }

  /** Whether the next record is there; nothing else is looked at. */
  look(): boolean {
    return this.head !== this.tail || this.words.load(this.tailWord) !== this.head;
  }

  /** Gives the found record's bytes back to the writer. */
  advance(): void {
    this.skip();
    this.release();
  }

  /** Goes on to the next record without giving this one's bytes back yet; {@link release} gives them back together. */
  skip(): void {
    this.head = (this.head + RECORD_HEADER + align(this.length)) | 0;
  }

  /** Gives the writer back what was skipped. */
  release(): void {
    this.words.store(this.headWord, this.head); // publishes: space
  }

  /** Bytes free for the writer as far as this side knows. */
  get free(): number {
    return this.capacity - ((this.tail - this.head) | 0);
  }
}
