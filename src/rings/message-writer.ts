import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { RECORD_HEADER, type RingPlace, RingWriter } from "./record-ring.js";
import { FIRST, LAST, RING_LINE, ringWriterLine, TOTAL_BYTES } from "./record-ring.layout.js";

/** A message that is written piece by piece. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** Format and handles bit. */
  readonly flags: number;
  /** Bytes already in the ring. */
  written: number;
  begun: boolean;
}

/**
 * Writes messages of any length to a record ring. What fits a quarter of the ring is one record; longer ones go in
 * pieces, the reader taking the first while the last are not written yet. A message that is given up in the middle is
 * void: the reader drops its pieces when the next first piece comes, or with the end of file.
 */
export class MessageWriter {
  readonly ring: RingWriter;
  /** The longest payload that goes in one record. */
  readonly wholeLimit: number;
  private readonly bytes: Bytes;
  private readonly counters: Float64Array;
  private readonly words: Words;
  private readonly wantedWord: number;

  constructor(place: RingPlace) {
    this.ring = new RingWriter(place);
    this.bytes = place.bytes;
    this.words = place.words;
    this.wantedWord = place.control + ringWriterLine.word.wanted;
    this.wholeLimit = place.capacity / 4 - RECORD_HEADER;
    const { array } = place.words;
    const at = array.byteOffset + place.control * 4 + ringWriterLine.offset.messages;
    this.counters = new Float64Array(array.buffer, at, 2);
  }

  /** Where the payload of a whole message goes if it fits now, else -1. The caller fills it and calls {@link commit}. */
  reserve(length: number): number {
    return this.ring.reserve(length);
  }

  /** Copies a small message's bytes to where {@link reserve} said. */
  fill(offset: number, bytes: Uint8Array): void {
    this.bytes.copyIn(offset, bytes, 0, bytes.length);
  }

  commit(length: number, flags: number): void {
    this.stage(length, flags);
    this.ring.publish();
  }

  /** Ends a whole message without showing it yet; `ring.publish()` shows all that were staged. */
  stage(length: number, flags: number): void {
    this.ring.stage(length, flags | FIRST | LAST);
    this.counters[0]++;
    this.counters[1] += length;
  }

  /** Whether the whole message could be written now. */
  fits(length: number): boolean {
    const needed = this.neededFor(length);
    if (needed <= this.ring.room + RECORD_HEADER) return true;
    this.ring.look();
    return needed <= this.ring.room + RECORD_HEADER;
  }

  /** Writes as much as fits; true when the message is whole in the ring. */
  push(message: Outgoing): boolean {
    const { ring, bytes } = this;
    const { length } = message.bytes;
    if (!message.begun && length <= this.wholeLimit) {
      const offset = ring.reserve(length);
      if (offset < 0) return false;
      bytes.copyIn(offset, message.bytes, 0, length);
      this.commit(length, message.flags);
      return true;
    }
    while (!message.begun || message.written < length) {
      const prefix = message.begun ? 0 : TOTAL_BYTES;
      const piece = Math.min(this.wholeLimit - prefix, length - message.written);
      const offset = ring.reserve(prefix + piece);
      if (offset < 0) return false;
      if (prefix) {
        bytes.setWord(offset, length);
        bytes.setWord(offset + 4, 0);
      }
      bytes.copyIn(offset + prefix, message.bytes, message.written, message.written + piece);
      const isLast = message.written + piece === length;
      ring.commit(prefix + piece, message.flags | (message.begun ? 0 : FIRST) | (isLast ? LAST : 0));
      message.begun = true;
      message.written += piece;
    }
    this.counters[0]++;
    this.counters[1] += length;
    return true;
  }

  /** Says how much room the writer waits for, so that the reader does not wake it for less. */
  want(message: Outgoing | undefined, room = 0): void {
    const rest = message ? message.bytes.length - message.written : room;
    this.words.store(this.wantedWord, Math.min(rest, this.wholeLimit) + RECORD_HEADER + TOTAL_BYTES);
  }

  private neededFor(length: number): number {
    if (length <= this.wholeLimit) return length + RECORD_HEADER;
    const pieces = Math.ceil((length + TOTAL_BYTES) / this.wholeLimit);
    return length + TOTAL_BYTES + pieces * RECORD_HEADER;
  }
}

/** The word index (in the ring's control words) where a waiting writer says how much it waits for. */
export const wantedWord = (control: number): number => control + ringWriterLine.word.wanted;
export const readerLine = (control: number): number => control + RING_LINE / 4;
