/*
 * Broadcast reader: reads a broadcast ring (broadcast-ring.ts) that writers write over meanwhile. Never waits.
 *
 * Idea    Copy first, ask afterwards: what lies between its position and the head is copied to the reader's own buffer,
 *         many messages at once, and counts only if the tail has not passed the position by then. All that is read before
 *         that answer may be nonsense, and is used for nothing but how much to copy.
 * States  of a message: in the ring -> copied -> given out      in the ring -> overwritten: counted as missed
 * Order   head, then message                                observes: message
 *         the copy, then a full barrier, then tail          observes: overwriting
 *         Plain reads before an atomic load may come after it on ARM64; the barrier is an exchange of the reader's own
 *         cursor word, which nobody else writes.
 * Death   It writes nothing but its cursor, which says up to where it has read: a writer of a lossless ring waits for that.
 * Limits  A message that names what lies elsewhere ("lasting") comes alone, and the cursor passes it only when its user
 *         says so: until then a lossless ring keeps it. In another ring it may be gone; then it counts as missed.
 *         A reader that is overtaken again and again while it looks where to go on leaves that to its next look. What it
 *         sees and no overtaking explains is a ProtocolError.
 * Source  A seqlock's reader; Agrona's CopyBroadcastReceiver.
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { type BroadcastPlace, bodyOffset, readRing, sequenceAt, unitsOf } from "./broadcast-ring.js";
import { broadcastHead, broadcastRecord, KEY_SHIFT, UNIT } from "./broadcast-ring.layout.js";

const { word } = broadcastHead;
const { offset: field, bytes: HEADER } = broadcastRecord;
/** So often a reader that was overtaken looks for where to go on before it leaves that to its next look. */
const JUMPS = 8;
/** A reader is given so many bytes at once, or one message. */
const MOST_BYTES = 64 * 1024;

const nothing = new Uint8Array(0);

/** A message as a reader has it: in the reader's own buffer. */
export interface BroadcastMessage {
  readonly sequence: number;
  /** Where its key begins, and its bytes, in `buffer`. */
  readonly keyAt: number;
  readonly keyBytes: number;
  readonly at: number;
  readonly length: number;
  readonly flags: number;
}

/** One reader of a broadcast ring. */
export class BroadcastReader {
  /** Bytes of messages that were read and not given out yet, and the memory for them. */
  buffer: Uint8Array = nothing;
  /** Its cursor has moved since somebody set this to false. */
  hasMoved = false;
  private at = 0;
  private end = 0;
  /** Where the message begins that was left in the ring. */
  private left = 0;
  private readonly words: Words;
  private readonly head: number;
  private readonly bytes: Bytes;
  private readonly units: number;
  /** The next message to be copied: its position; the number of the next one to be given out. */
  private position = 0;
  private era = 0;
  private expected = 0;

  constructor(
    { words, head, bytes, units }: BroadcastPlace,
    /** Word index of this reader's cursor. */
    private readonly cursor: number,
    /** Messages with one of these flags are left where they are until they are given out. */
    private readonly lasting: number,
  ) {
    this.words = words;
    this.head = head;
    this.bytes = bytes;
    this.units = units;
  }

  /** Begins behind the newest message; while no writer is at work. */
  start(sequence: number): void {
    this.position = this.load(word.head);
    this.era = this.load(word.era);
    this.expected = sequence;
    this.words.store(this.cursor, this.position | 0);
  }

  /** The number of the next message to be given out. */
  get sequence(): number {
    return this.expected;
  }

  /** Whether there is anything to give out. One or two loads. */
  get hasNext(): boolean {
    return this.at < this.end || this.load(word.head) !== this.position;
  }

  /**
   * The next message, or undefined. Its bytes are valid until the next call; `missed` is told of those that were
   * overwritten before they could be read. What is to last goes on being there until `pass`.
   */
  next(missed: (count: number) => void): BroadcastMessage | undefined {
    for (let tries = 0; this.at >= this.end; tries++) {
      const copied = this.copy();
      if (copied === 0 || (copied < 0 && (tries === JUMPS || !this.jump()))) return undefined;
    }
    const { buffer, at: start } = this;
    const length = wordIn(buffer, start + field.bytes);
    const flags = wordIn(buffer, start + field.flags);
    const sequence = wordIn(buffer, start + field.sequenceHigh) * 2 ** 32 + wordIn(buffer, start + field.sequenceLow);
    const keyBytes = (flags >>> KEY_SHIFT) & 0xff;
    const keyAt = start + HEADER;
    this.at += unitsOf(keyBytes, length) * UNIT;
    const gap = sequence - this.expected;
    if (gap < 0) throw new ProtocolError(`broadcast message ${sequence} comes; ${this.expected} is next`);
    this.expected = sequence + 1;
    if (gap > 0) missed(gap);
    return { sequence, keyAt, keyBytes, at: keyAt + bodyOffset(keyBytes), length, flags };
  }

  /** The message that was given out last was only looked at: the next call gives it again. Not after `pass`. */
  giveAgain({ sequence, keyAt }: BroadcastMessage): void {
    this.at = keyAt - HEADER;
    this.expected = sequence;
  }

  /** The message that was given out last is done with, where it was left in the ring until now. */
  pass(): void {
    this.words.store(this.cursor, this.position | 0);
    this.hasMoved = true;
  }

  /** Whether the message that was left in the ring has been overwritten. */
  get wasOverwritten(): boolean {
    return ((this.left - this.load(word.tail)) | 0) < 0;
  }

  /** Copies what is there next to the buffer: how many bytes, or -1 when the writer was faster. */
  private copy(): number {
    const era = this.load(word.era);
    if ((era - this.era) >>> 0 > 1) return -1;
    const head = this.load(word.head); // observes: message
    const there = (head - this.position) >>> 0;
    if (there === 0) {
      this.era = era;
      return 0;
    }
    if (there > this.units) return this.overtaken(there, this.units);
    if (this.isPast(this.load(word.tail))) return -1;
    const start = (this.position % this.units) * UNIT;
    const first = unitsAt(this.bytes, start);
    if (first > there) return this.overtaken(first, there);
    const length = Math.max(first * UNIT, Math.min(there * UNIT, MOST_BYTES));
    if (this.buffer.length < length) this.buffer = new Uint8Array(Math.max(length, MOST_BYTES));
    readRing(this.bytes, this.units * UNIT, start, length, this.buffer, 0);
    this.words.exchange(this.cursor, this.position | 0); // a full barrier; observes: overwriting
    const tail = this.load(word.tail);
    const eraNow = this.load(word.era);
    if ((eraNow - this.era) >>> 0 > 1 || this.isPast(tail)) return -1;
    this.era = eraNow;
    return this.keep(length);
  }

  /** -1: it was overtaken, and nothing else explains that it sees so many units where so many can be. */
  private overtaken(units: number, most: number): number {
    this.words.exchange(this.cursor, this.position | 0); // a full barrier; observes: overwriting
    if (this.isPast(this.load(word.tail)) || (this.load(word.era) - this.era) >>> 0 > 1) return -1;
    throw new ProtocolError(`a broadcast ring shows ${units} units to a reader; ${most} can be there`);
  }

  /** Keeps the whole messages of what was copied, up to the first that is to last: that one comes alone. */
  private keep(length: number): number {
    const { buffer } = this;
    let end = 0;
    let isAlone = false;
    while (end + HEADER <= length && !isAlone) {
      const flags = wordIn(buffer, end + field.flags);
      const lasts = (flags & this.lasting) !== 0;
      if (lasts && end > 0) break;
      isAlone = lasts;
      const bytes = unitsOf((flags >>> KEY_SHIFT) & 0xff, wordIn(buffer, end + field.bytes)) * UNIT;
      if (bytes > length - end) {
        if (end === 0) throw new ProtocolError(`a broadcast message says that it takes ${bytes} bytes of ${length}`);
        break;
      }
      end += bytes;
    }
    this.at = 0;
    this.end = end;
    this.left = this.position;
    this.position = (this.position + end / UNIT) >>> 0;
    if (!isAlone) this.pass();
    return end;
  }

  /** Goes on at the message that the writers keep for those who were overtaken. False: to be tried again. */
  private jump(): boolean {
    for (let tries = 0; tries < JUMPS; tries++) {
      const era = this.load(word.era);
      const resume = this.load(word.resume);
      const sequence = sequenceAt(this.bytes, (resume % this.units) * UNIT);
      this.words.exchange(this.cursor, resume | 0); // a full barrier; observes: overwriting
      this.position = resume;
      if (this.isPast(this.load(word.tail)) || (this.load(word.era) - era) >>> 0 > 1) continue;
      this.era = era;
      if (sequence >= this.expected) return true;
      throw new ProtocolError(`a broadcast ring goes on at message ${sequence}; ${this.expected} is next`);
    }
    this.era = (this.load(word.era) - 2) | 0; // as overtaken as before
    return false;
  }

  /** Whether the tail has passed the next message. */
  private isPast(tail: number): boolean {
    return ((this.position - tail) | 0) < 0;
  }

  private load(which: number): number {
    return this.words.load(this.head + which) >>> 0;
  }
}

/** Units of the message whose header begins at a place in the ring, as far as can be believed. */
function unitsAt(bytes: Bytes, start: number): number {
  const keyBytes = (bytes.word(start + field.flags) >>> KEY_SHIFT) & 0xff;
  return unitsOf(keyBytes, bytes.word(start + field.bytes) >>> 0);
}

/** A little-endian word of the reader's own copy. */
const wordIn = (buffer: Uint8Array, at: number): number =>
  (buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24)) >>> 0;
