/** Chunks of a stream, taken out again in other sizes. Each byte is copied once, on its way out. */
export class ByteQueue {
  length = 0;
  private readonly chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that were taken already. */
  private start = 0;

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** The byte at an index. */
  at(index: number): number {
    let from = index + this.start;
    for (const chunk of this.chunks) {
      if (from < chunk.length) return chunk[from];
      from -= chunk.length;
    }
    throw new RangeError(`byte ${index} of ${this.length}`);
  }

  /** Where a byte stands, from an index on; -1 when it is not there. */
  indexOf(byte: number, from: number): number {
    let before = -this.start;
    for (const chunk of this.chunks) {
      if (before + chunk.length > from) {
        const found = chunk.indexOf(byte, Math.max(from - before, 0));
        if (found >= 0) return before + found;
      }
      before += chunk.length;
    }
    return -1;
  }

  /** Takes the first bytes, as a copy. */
  take(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const [chunk] = this.chunks;
      const piece = chunk.subarray(this.start, this.start + length - at);
      bytes.set(piece, at);
      at += piece.length;
      this.advance(piece.length);
    }
    return bytes;
  }

  drop(length: number): void {
    for (let left = length; left > 0; ) {
      const step = Math.min(left, this.chunks[0].length - this.start);
      left -= step;
      this.advance(step);
    }
  }

  private advance(bytes: number): void {
    this.length -= bytes;
    this.start += bytes;
    if (this.start < this.chunks[0].length) return;
    this.start = 0;
    this.chunks.shift();
  }
}
