/**
 * The door to the payload of shared memory: plain copies, ordered by the atomic words beside them (see {@link Words}).
 * Tests put another class in its place that counts accesses and kills at one of them.
 */
export class Bytes {
  private readonly words: Uint32Array;

  constructor(readonly array: Uint8Array) {
    this.words = new Uint32Array(array.buffer, array.byteOffset, array.byteLength >>> 2);
  }

  /** A plain 32-bit word at a byte offset that is a multiple of 4. */
  word(offset: number): number {
    return this.words[offset >>> 2];
  }

  setWord(offset: number, value: number): void {
    this.words[offset >>> 2] = value;
  }

  /** Copies source[from…to) to `offset`. */
  copyIn(offset: number, source: Uint8Array, from: number, to: number): void {
    if (to - from < 128) {
      const target = this.array;
      for (let i = from, at = offset; i < to; i++, at++) target[at] = source[i];
    } else this.array.set(from === 0 && to === source.length ? source : source.subarray(from, to), offset);
  }

  /** Copies [from…to) to target[offset…]. */
  copyOut(from: number, to: number, target: Uint8Array, offset: number): void {
    if (to - from < 128) {
      const source = this.array;
      for (let i = from, at = offset; i < to; i++, at++) target[at] = source[i];
    } else target.set(this.array.subarray(from, to), offset);
  }
}
