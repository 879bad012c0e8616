import { copyOf, freshBytes } from "../memory/copy-of.js";

/** Chunks shorter than that are copied together while they wait: many would weigh more than their bytes. */
const SHORT = 1024;
/** So long are the blocks that they are copied into. */
const BLOCK = 16 * 1024;

/** So many chunks that were taken may stand before the others until they are dropped together. */
const MOST_TAKEN = 512;

const NOTHING = new Uint8Array(0);

/** Bytes in one piece are allocated before they come: up to so many, or so many times those that are here. */
const FIRST_PIECE = 1024 * 1024;
const GROWTH = 4;

/** The same bytes, whatever kind of Uint8Array they come as: what is made of them is none of Node's Buffers. */
function plain(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}

/** Chunks of a stream, taken out again in other sizes. */
export class ByteQueue {
  length = 0;
  /** The first chunk, and how many of its bytes were taken already. */
  private head: Uint8Array = NOTHING;
  private start = 0;
  /** Those behind it, from the index `first` on. */
  private chunks: Uint8Array[] = [];
  private first = 0;
  /** What the last chunk is a part of, if it was made here: there is room behind it. */
  private block: Uint8Array | undefined;

  /** The first chunk is memory that is only lent. */
  private isLent = false;
  /** The first chunk in the memory that it will fill, while bytes are gathered in one piece. */
  private piece: Uint8Array | undefined;

  /** Takes a chunk, which nobody changes any more. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.room()) return this.push(this.absorb(chunk));
    if (this.length === 0) {
      this.head = plain(chunk);
      this.start = 0;
      this.block = undefined;
    } else if (chunk.length < SHORT) this.pushShort(chunk);
    else {
      this.chunks.push(plain(chunk));
      this.block = undefined;
    }
    this.length += chunk.length;
  }

  /** Puts what fits into the room, and gives the rest. */
  absorb(chunk: Uint8Array): Uint8Array {
    const room = this.room();
    if (!room) return chunk;
    const fitting = Math.min(room.length, chunk.length);
    room.set(chunk.subarray(0, fitting));
    this.filled(fitting);
    return chunk.subarray(fitting);
  }

  /** Takes a chunk whose memory is another's again once `keep` was called. */
  lend(chunk: Uint8Array): void {
    if (this.length > 0) return this.push(copyOf(chunk, 0, chunk.length));
    this.push(chunk);
    this.isLent = true;
  }

  /** What was lent and not taken is copied. */
  keep(): void {
    if (!this.isLent) return;
    this.isLent = false;
    if (this.piece) return; // it was copied there
    this.head = copyOf(this.head, this.start, this.head.length);
    this.start = 0;
  }

  /** Has all bytes lie in one piece, with room for those that are missing to a length, or for many of them. */
  gather(length: number): void {
    const here = this.length;
    if (this.room() || here >= length) return;
    const size = Math.min(length, Math.max(FIRST_PIECE, here * GROWTH));
    const piece = freshBytes(size);
    for (let at = 0; at < here; ) {
      const some = this.head.subarray(this.start);
      piece.set(some, at);
      at += some.length;
      this.advance(some.length);
    }
    this.piece = piece;
    this.block = undefined;
    this.head = new Uint8Array(piece.buffer, 0, here);
    this.start = 0;
    this.length = here;
  }

  /** Where the next bytes of those that are gathered belong, if there is room. */
  room(): Uint8Array | undefined {
    const { piece, head } = this;
    return piece && head.length < piece.length ? piece.subarray(head.length) : undefined;
  }

  /** So many bytes were put into the room. */
  filled(bytes: number): void {
    const { piece, head } = this;
    this.head = new Uint8Array((piece as Uint8Array).buffer as ArrayBuffer, 0, head.length + bytes);
    this.length += bytes;
  }

  /** The byte at an index. */
  at(index: number): number {
    const { head } = this;
    const from = index + this.start;
    if (from < head.length) return head[from];
    let left = from - head.length;
    for (let number = this.first; number < this.chunks.length; number++) {
      const chunk = this.chunks[number];
      if (left < chunk.length) return chunk[left];
      left -= chunk.length;
    }
    throw new RangeError(`byte ${index} of ${this.length}`);
  }

  /** The four bytes from an index on as a number, most significant first. */
  word(index: number): number {
    const { head } = this;
    const at = this.start + index;
    if (at + 4 <= head.length)
      return ((head[at] << 24) | (head[at + 1] << 16) | (head[at + 2] << 8) | head[at + 3]) >>> 0;
    return ((this.at(index) << 24) | (this.at(index + 1) << 16) | (this.at(index + 2) << 8) | this.at(index + 3)) >>> 0;
  }

  /** Where a byte stands, from an index on; -1 when it is not there. Costs what lies behind the index, not what lies before it. */
  indexOf(byte: number, from: number): number {
    const { chunks, first, head, start } = this;
    let number = chunks.length;
    let before = this.length;
    while (number > first && before > from) before -= chunks[--number].length;
    if (before > from) {
      const found = head.indexOf(byte, start + from);
      if (found >= 0) return found - start;
      before = head.length - start;
    }
    for (; number < chunks.length; number++) {
      const found = chunks[number].indexOf(byte, Math.max(from - before, 0));
      if (found >= 0) return before + found;
      before += chunks[number].length;
    }
    return -1;
  }

  /** Takes the first bytes, as a copy. */
  take(length: number): Uint8Array {
    const { head, start } = this;
    if (length > 0 && start + length <= head.length) {
      this.advance(length);
      return copyOf(head, start, start + length);
    }
    const bytes = freshBytes(length);
    for (let at = 0; at < length; ) {
      const piece = this.head.subarray(this.start, this.start + length - at);
      bytes.set(piece, at);
      at += piece.length;
      this.advance(piece.length);
    }
    return bytes;
  }

  /**
   * Takes the bytes behind the first `skipped`, which are dropped; unless they are to be the caller's own, where they lie,
   * if they lie together.
   */
  cut(length: number, isOwn: boolean, skipped = 0): Uint8Array {
    if (!isOwn) this.keep();
    const from = this.start + skipped;
    const end = from + length;
    if (this.piece && from === 0 && length === this.piece.length && length === this.head.length) {
      const { piece } = this;
      this.advance(length);
      return piece;
    }
    if (isOwn && length > 0 && end <= this.head.length) {
      const bytes = copyOf(this.head, from, end);
      this.advance(skipped + length);
      return bytes;
    }
    this.drop(skipped);
    const { head, start } = this;
    if (isOwn || length === 0 || start + length > head.length) return this.take(length);
    const bytes = new Uint8Array(head.buffer, head.byteOffset + start, length);
    this.advance(length);
    return bytes;
  }

  drop(length: number): void {
    for (let left = length; left > 0; ) {
      const step = Math.min(left, this.head.length - this.start);
      left -= step;
      this.advance(step);
    }
  }

  private advance(bytes: number): void {
    this.length -= bytes;
    this.start += bytes;
    if (this.start < this.head.length) return;
    this.start = 0;
    this.piece = undefined;
    const { chunks } = this;
    if (this.first === chunks.length) {
      this.head = NOTHING;
      return;
    }
    this.head = chunks[this.first];
    chunks[this.first++] = NOTHING;
    if (this.first === chunks.length) chunks.length = this.first = 0;
    else if (this.first > MOST_TAKEN && this.first * 2 > chunks.length) {
      this.chunks = chunks.slice(this.first);
      this.first = 0;
    }
  }

  private pushShort(chunk: Uint8Array): void {
    const { block, chunks } = this;
    const last = chunks.length > 0 ? chunks[chunks.length - 1] : this.head;
    const end = last.byteOffset + last.length;
    if (block && end + chunk.length <= block.length) {
      block.set(chunk, end);
      this.replaceLast(block.subarray(last.byteOffset, end + chunk.length));
      return;
    }
    this.block = undefined;
    chunks.push(plain(chunk));
    if (chunks.length < 2 || last.length >= SHORT) return; // one may well be the end of what is awaited
    chunks.pop();
    this.block = new Uint8Array(BLOCK);
    this.block.set(last);
    this.block.set(chunk, last.length);
    this.replaceLast(this.block.subarray(0, last.length + chunk.length));
  }

  private replaceLast(longer: Uint8Array): void {
    const { chunks } = this;
    if (chunks.length > 0) chunks[chunks.length - 1] = longer;
    else this.head = longer;
  }
}
