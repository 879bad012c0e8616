/** Chunks up to this size are gathered: a peer that sends byte by byte must not cost an object for each. */
const SMALL = 1024;
const GATHERED = 16 * 1024;
/** So many chunks that were taken may stand before the others until they are dropped together. */
const MOST_TAKEN = 512;

/** Chunks of a stream, taken out again in other sizes. Each byte is copied once, on its way out; in small chunks also on its way in. */
export class ByteQueue {
  length = 0;
  private chunks: Uint8Array[] = [];
  /** The index of the first chunk that was not taken. */
  private first = 0;
  /** Bytes of the first chunk that were taken already. */
  private start = 0;
  /** Where small chunks are gathered, as far as it is the last chunk. */
  private gathering: Uint8Array | undefined;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.length += chunk.length;
    if (chunk.length <= SMALL && this.first < this.chunks.length) this.gather(chunk);
    else {
      this.chunks.push(chunk);
      this.gathering = undefined;
    }
  }

  /** The byte at an index. */
  at(index: number): number {
    const { chunks } = this;
    let from = index + this.start;
    for (let number = this.first; number < chunks.length; number++) {
      const chunk = chunks[number];
      if (from < chunk.length) return chunk[from];
      from -= chunk.length;
    }
    throw new RangeError(`byte ${index} of ${this.length}`);
  }

  /** Where a byte stands, from an index on; -1 when it is not there. Costs what lies behind the index, not what lies before it. */
  indexOf(byte: number, from: number): number {
    const { chunks, first } = this;
    let number = chunks.length;
    let before = this.length;
    while (number > first && before > from) before -= this.sizeOf(--number);
    for (; number < chunks.length; number++) {
      const skipped = number === first ? this.start : 0;
      const found = chunks[number].indexOf(byte, skipped + Math.max(from - before, 0));
      if (found >= 0) return before + found - skipped;
      before += chunks[number].length - skipped;
    }
    return -1;
  }

  /** Takes the first bytes, as a copy. */
  take(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const piece = this.chunks[this.first].subarray(this.start, this.start + length - at);
      bytes.set(piece, at);
      at += piece.length;
      this.advance(piece.length);
    }
    return bytes;
  }

  drop(length: number): void {
    for (let left = length; left > 0; ) {
      const step = Math.min(left, this.chunks[this.first].length - this.start);
      left -= step;
      this.advance(step);
    }
  }

  private sizeOf(number: number): number {
    return this.chunks[number].length - (number === this.first ? this.start : 0);
  }

  private gather(chunk: Uint8Array): void {
    const { chunks, gathering } = this;
    const last = chunks.length - 1;
    const filled = gathering ? chunks[last].length : GATHERED;
    if (gathering && filled + chunk.length <= GATHERED) {
      gathering.set(chunk, filled);
      chunks[last] = gathering.subarray(0, filled + chunk.length);
      return;
    }
    this.gathering = new Uint8Array(GATHERED);
    this.gathering.set(chunk);
    chunks.push(this.gathering.subarray(0, chunk.length));
  }

  private advance(bytes: number): void {
    this.length -= bytes;
    this.start += bytes;
    if (this.start < this.chunks[this.first].length) return;
    this.start = 0;
    this.first++;
    if (this.length === 0) {
      if (this.chunks.length === 1) this.chunks.pop();
      else this.chunks = [];
      this.first = 0;
      this.gathering = undefined;
    } else if (this.first > MOST_TAKEN && this.first * 2 > this.chunks.length) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }
}
