import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import { freshBytes } from "../memory/copy-of.js";
import { spareMemory } from "../memory/spare-memory.js";
import { readerLine } from "./message-writer.js";
import { RECORD_HEADER, type RingPlace, RingReader } from "./record-ring.js";
import { FIRST, FORMAT_MASK, FORMATS, HANDLES, LAST, ringReaderLine, TOTAL_BYTES } from "./record-ring.layout.js";

/** Up to this length a message's memory is taken at once; beyond, it grows as the bytes really come. */
const TRUSTED_BYTES = 16 * 1024 * 1024;

/**
 * Reads messages from a record ring: a whole record is shown where it lies, a message in pieces is put together in
 * memory of its own. Never waits: {@link next} says whether a whole message is there.
 *
 * A reader that is killed leaves each message in one record, and each in pieces of which it took none, to the next one.
 * The message that it was putting together goes with it, since its first pieces' room was given back: the next reader
 * finds a piece without a beginning, which is a ProtocolError. {@link partial} and {@link resume} hand such a one over.
 */
export class MessageReader {
  readonly ring: RingReader;
  /** The message that {@link next} found is bytes[start…end). */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  format = 0;
  hasHandles = false;
  /** Pieces were taken in, so that the writer has more room, since this was last set to false. */
  tookPieces = false;
  /** The message lies in the ring, and its bytes are overwritten once it was finished. */
  inRing = false;

  private readonly source: Bytes;
  private readonly counters: Float64Array;
  /** How many records the ring can hold at once. */
  private readonly mostRecords: number;
  private found = false;
  private pieces: Uint8Array | undefined;
  private filled = 0;
  private total = 0;
  private flags = 0;
  private target: Uint8Array | undefined;

  constructor(
    place: RingPlace,
    private readonly maxMessage: number,
  ) {
    this.ring = new RingReader(place);
    this.source = place.bytes;
    this.bytes = place.bytes.array;
    this.mostRecords = place.capacity / RECORD_HEADER;
    const { array } = place.words;
    const at = array.byteOffset + readerLine(place.control) * 4 + ringReaderLine.offset.messages;
    this.counters = new Float64Array(array.buffer, at, 2);
  }

  /** The length of the next message as far as it is known: of a long one from its first piece on; -1 when none came. */
  get nextLength(): number {
    if (this.next()) return this.end - this.start;
    return this.pieces ? this.total : -1;
  }

  /** Whether {@link next} has found a message that was not finished yet. */
  get isFound(): boolean {
    return this.found;
  }

  /**
   * Finds the next whole message, taking in what pieces are there. It stays found until {@link finish}. False says that
   * no whole one was there when it was called: what a busy writer adds meanwhile may be left to the next call.
   */
  next(): boolean {
    if (this.found) return true;
    const { ring } = this;
    // bounded, or a peer that writes pieces without end would keep this thread here for ever
    for (let left = this.mostRecords; left > 0 && ring.peek(); left--) {
      const { flags } = ring;
      if ((flags & (FIRST | LAST)) === (FIRST | LAST)) {
        this.checkTotal(ring.length);
        this.drop();
        this.bytes = this.source.array;
        this.start = ring.offset;
        this.end = ring.offset + ring.length;
        this.inRing = true;
        return this.show(flags);
      }
      if (this.take(flags)) return this.show(this.flags);
    }
    return false;
  }

  /** The found message was read: its place is the writer's again. */
  finish(): void {
    this.skip();
    this.ring.release();
  }

  /** The found message was read; `ring.release()` gives its place back together with others. */
  skip(): void {
    this.found = false;
    this.counters[0]++;
    this.counters[1] += this.end - this.start;
    if (this.inRing) this.ring.skip();
    else this.drop();
  }

  /** The found message was copied out of where it lies, and nobody has a view of it: its memory may serve another one. */
  spare(): void {
    const { bytes } = this;
    if (this.inRing || bytes === this.target) return;
    this.bytes = this.source.array;
    this.pieces = undefined;
    spareMemory.give(bytes);
  }

  /** Pieces of the next long message go straight to `target` if it is long enough. */
  assembleInto(target: Uint8Array | undefined): void {
    if (target === undefined && this.pieces !== undefined && this.pieces === this.target) {
      const own = freshBytes(this.total); // given up: the buffer is its owner's again
      own.set(this.pieces.subarray(0, this.filled));
      this.pieces = own;
      if (this.found && !this.inRing) this.bytes = own;
    }
    this.target = target;
  }

  /** What came of a message that is not whole yet; it goes along when the end is handed over. */
  partial(): { bytes: Uint8Array; total: number; flags: number } | undefined {
    this.next();
    if (this.found && !this.inRing)
      return { bytes: this.bytes.slice(this.start, this.end), total: this.total, flags: this.flags };
    if (!this.pieces) return undefined;
    return { bytes: this.pieces.slice(0, this.filled), total: this.total, flags: this.flags };
  }

  /**
   * Goes on with what a former holder of the end had taken in.
   * @throws ProtocolError when it contradicts itself: it came in a message, which may say anything
   */
  resume(partial: { bytes: Uint8Array; total: number; flags: number }): void {
    const { bytes, total, flags } = partial;
    if (!(bytes instanceof Uint8Array) || !Number.isInteger(total) || !Number.isInteger(flags) || bytes.length > total)
      throw new ProtocolError("a pipe's end came with a part of a message that is longer than the message");
    this.begin(total, flags);
    this.room(bytes.length).set(bytes);
    this.filled = bytes.length;
    if (this.filled === this.total) this.complete();
  }

  /** True once the message is whole. */
  private take(flags: number): boolean {
    const { ring } = this;
    let from = ring.offset;
    const to = ring.offset + ring.length;
    if (flags & FIRST) {
      if (ring.length < TOTAL_BYTES || this.source.word(from + 4) !== 0)
        throw new ProtocolError("a message's first piece does not say its length");
      this.begin(this.source.word(from), flags & (FORMAT_MASK | HANDLES));
      from += TOTAL_BYTES;
    } else if (!this.pieces) throw new ProtocolError("a piece of a message came without its first one");
    if (this.filled + (to - from) > this.total || ((flags & LAST) !== 0) !== (this.filled + (to - from) === this.total))
      throw new ProtocolError(`a message of ${this.total} bytes came in pieces of ${this.filled + (to - from)}`);
    this.source.copyOut(from, to, this.room(to - from), this.filled);
    this.filled += to - from;
    ring.advance();
    this.tookPieces = true;
    return flags & LAST ? this.complete() : false;
  }

  private begin(total: number, flags: number): void {
    this.drop();
    this.checkTotal(total);
    const { target } = this;
    this.pieces = target && target.length >= total ? target : memoryFor(total, flags);
    this.total = total;
    this.flags = flags;
    this.filled = 0;
  }

  private checkTotal(total: number): void {
    if (total <= this.maxMessage) return;
    const most = this.maxMessage.toLocaleString("en");
    throw new ProtocolError(`a message of ${total.toLocaleString("en")} bytes came; at most ${most} (maxMessage)`);
  }

  /** The pieces' memory, with room for `length` bytes more. */
  private room(length: number): Uint8Array {
    const pieces = this.pieces as Uint8Array;
    const needed = this.filled + length;
    if (needed <= pieces.length) return pieces;
    const larger = freshBytes(Math.min(this.total, Math.max(pieces.length * 2, needed)));
    larger.set(pieces.subarray(0, this.filled));
    this.pieces = larger;
    return larger;
  }

  private complete(): boolean {
    this.bytes = this.pieces as Uint8Array;
    this.start = 0;
    this.end = this.total;
    this.inRing = false;
    this.found = true;
    this.format = this.flags & FORMAT_MASK;
    this.hasHandles = (this.flags & HANDLES) !== 0;
    return true;
  }

  private show(flags: number): true {
    this.format = flags & FORMAT_MASK;
    this.hasHandles = (flags & HANDLES) !== 0;
    this.found = true;
    return true;
  }

  private drop(): void {
    this.pieces = undefined;
    this.filled = 0;
  }
}

/** Values are copied out of it; bytes may become the receiver's own as they are. */
function memoryFor(total: number, flags: number): Uint8Array {
  const isCopied = (flags & (FORMAT_MASK | HANDLES)) === FORMATS.structured;
  const length = Math.min(total, TRUSTED_BYTES);
  return isCopied ? spareMemory.take(length) : freshBytes(length);
}
