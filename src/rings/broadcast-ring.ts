/*
 * Broadcast ring: every reader sees every message, and none holds up the writer unless it is asked to. Never waits.
 *
 * Idea    Messages stand one behind the other in a ring of bytes. A writer that needs room moves the tail past the oldest
 *         ones first, then writes over them; a reader copies what it wants and looks afterwards whether the tail has
 *         passed it meanwhile. Then it was overtaken: what it copied is thrown away, and it goes on at `resume`, a
 *         message about a third of the ring behind the head, whose number tells how many were missed.
 * States  [tail, head) holds whole messages; what lies before or behind is nobody's
 * Order   message, then head                                publishes: message
 *         tail, then the bytes over the old ones            publishes: overwriting
 *         Plain writes after an atomic store may come before it on ARM64, so the tail is moved by an exchange. The other
 *         ends of both are the reader's (broadcast-reader.ts).
 * Death   Of a writer: what lies behind the head was never there; old messages it made room over are gone, as they would
 *         have been. The next message's number may lag, and `repair` reads it off the last one. The era may be one ahead:
 *         it never goes back, and does not advance again before the head has followed. Of a reader: nothing.
 * Limits  Positions are modulo 2^32 and compared by difference. A reader that slept while the head went around tells by
 *         the era, which advances with each 2^29 units: two eras on, it was overtaken for certain; less, and differences
 *         are unambiguous. Numbers have 64 bits, exact up to 2^53. A message takes at most a quarter of the ring, so that
 *         `resume`, at most half of the ring and one message behind the head, is never overwritten by the next one.
 * Source  Agrona's broadcast transmitter and receiver (tail intent, lapped receivers); the check afterwards is a seqlock.
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { broadcastHead, broadcastRecord, ERA_SHIFT, KEY_SHIFT, UNIT } from "./broadcast-ring.layout.js";

const { word } = broadcastHead;
const { offset: field, bytes: HEADER } = broadcastRecord;
const HIGH = 2 ** 32;

/** Where a broadcast ring lies in its segment. */
export interface BroadcastPlace {
  readonly words: Words;
  /** Word index of `broadcastHead`. */
  readonly head: number;
  readonly bytes: Bytes;
  readonly units: number;
}

/** Units of a message with a key. */
export const unitsOf = (keyBytes: number, bytes: number): number =>
  Math.ceil((HEADER + bodyOffset(keyBytes) + bytes) / UNIT);

/** Where the bytes begin behind a header, after a key of that length. */
export const bodyOffset = (keyBytes: number): number => (keyBytes + 3) & ~3;

/** Told of a message that is about to be overwritten: its place in the ring, as `read` takes it. */
export type Dropped = (at: number, bytes: number, flags: number) => void;

/** The writers' side; all of it for whoever is alone. */
export class BroadcastRing {
  private readonly words: Words;
  private readonly at: number;
  private readonly bytes: Bytes;
  readonly units: number;

  constructor({ words, head, bytes, units }: BroadcastPlace) {
    this.words = words;
    this.at = head;
    this.bytes = bytes;
    this.units = units;
  }

  /** Position behind the newest message. */
  get head(): number {
    return this.words.load(this.at + word.head) >>> 0;
  }

  /** Counts up with each 2^29 units. */
  get era(): number {
    return this.words.load(this.at + word.era);
  }

  /** The number of the next message. */
  get sequence(): number {
    const { words, at } = this;
    return words.load(at + word.sequenceHigh) * HIGH + (words.load(at + word.sequenceLow) >>> 0);
  }

  /** Publishes one message over the oldest ones; it must be no longer than a quarter of the ring. */
  publish(key: Uint8Array, source: Uint8Array, length: number, flags: number, dropped: Dropped): void {
    const { words, at } = this;
    const units = unitsOf(key.length, length);
    const { head } = this;
    this.makeRoom(head, units, dropped);
    this.moveMarks(head);
    const { sequence } = this;
    const start = (head % this.units) * UNIT;
    this.setWord(start + field.bytes, length);
    this.setWord(start + field.flags, flags | (key.length << KEY_SHIFT));
    this.setWord(start + field.sequenceLow, sequence | 0);
    this.setWord(start + field.sequenceHigh, Math.floor(sequence / HIGH));
    if (key.length > 0) this.write(start + HEADER, key, key.length);
    this.write(start + HEADER + bodyOffset(key.length), source, length);
    const after = (head + units) >>> 0;
    const { era } = this;
    // not where it is ahead already, since somebody was killed right here
    if ((((after >>> ERA_SHIFT) - era) & 7) === 1) words.store(at + word.era, era + 1);
    words.store(at + word.head, after | 0); // publishes: message
    this.setSequence(sequence + 1);
  }

  /** Brings the next message's number in order after a death in the middle of `publish`. */
  repair(): void {
    const { head } = this;
    let last = -1;
    for (let position = this.tailBehind(head); position !== head; ) {
      last = position;
      const start = (position % this.units) * UNIT;
      const keyBytes = (this.bytes.word(start + field.flags) >>> KEY_SHIFT) & 0xff;
      position = after(position, unitsOf(keyBytes, this.bytes.word(start + field.bytes)), head);
    }
    if (last >= 0) this.setSequence(sequenceAt(this.bytes, (last % this.units) * UNIT) + 1);
  }

  /** Copies [at…at + length) of the ring to `target`. */
  read(at: number, length: number, target: Uint8Array): void {
    readRing(this.bytes, this.units * UNIT, at, length, target, 0);
  }

  /** The tail, which is at most a whole ring behind the head. */
  private tailBehind(head: number): number {
    const tail = this.words.load(this.at + word.tail) >>> 0;
    const there = (head - tail) >>> 0;
    if (there > this.units)
      throw new ProtocolError(`a broadcast ring of ${this.units} units says that ${there} are there`);
    return tail;
  }

  /** Moves the tail past what the next message is written over. */
  private makeRoom(head: number, units: number, dropped: Dropped): void {
    const before = this.tailBehind(head);
    let tail = before;
    while ((head + units - tail) >>> 0 > this.units) {
      const start = (tail % this.units) * UNIT;
      const flags = this.bytes.word(start + field.flags);
      const bytes = this.bytes.word(start + field.bytes);
      const keyBytes = (flags >>> KEY_SHIFT) & 0xff;
      tail = after(tail, unitsOf(keyBytes, bytes), head);
      dropped(start + HEADER + bodyOffset(keyBytes), bytes, flags);
    }
    if (tail !== before) this.words.exchange(this.at + word.tail, tail | 0); // publishes: overwriting
  }

  /** Marks this message as one from which readers go on later. */
  private moveMarks(head: number): void {
    const { words, at } = this;
    const next = words.load(at + word.nextResume);
    if (((head - next) >>> 0) * 8 < this.units) return;
    words.store(at + word.resume, next);
    words.store(at + word.nextResume, head | 0);
  }

  private setSequence(sequence: number): void {
    this.words.store(this.at + word.sequenceLow, sequence | 0);
    this.words.store(this.at + word.sequenceHigh, Math.floor(sequence / HIGH));
  }

  private setWord(offset: number, value: number): void {
    this.bytes.setWord(offset, value);
  }

  /** Copies in, around the ring's end. */
  private write(at: number, source: Uint8Array, length: number): void {
    const size = this.units * UNIT;
    const start = at % size;
    const first = Math.min(length, size - start);
    this.bytes.copyIn(start, source, 0, first);
    if (first < length) this.bytes.copyIn(0, source, first, length);
  }
}

/** The position behind a message of so many units. */
function after(position: number, units: number, head: number): number {
  const there = (head - position) >>> 0;
  if (units > there) throw new ProtocolError(`a broadcast message says that it has ${units} units; ${there} are there`);
  return (position + units) >>> 0;
}

/** A message's number, read from its header. */
export function sequenceAt(bytes: Bytes, start: number): number {
  return (bytes.word(start + field.sequenceHigh) >>> 0) * HIGH + (bytes.word(start + field.sequenceLow) >>> 0);
}

/** Copies [at…at + length) of a ring of `size` bytes to target[to…], around the ring's end. */
export function readRing(bytes: Bytes, size: number, at: number, length: number, target: Uint8Array, to: number): void {
  const start = at % size;
  const first = Math.min(length, size - start);
  bytes.copyOut(start, start + first, target, to);
  if (first < length) bytes.copyOut(0, length - first, target, to + first);
}
