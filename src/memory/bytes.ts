/** Up to here a loop is faster than the call of a built-in copy. */
const LITTLE = 256;

/**
 * The door to the payload of shared memory: plain copies, ordered by the atomic words beside them (see {@link Words}).
 * Tests put another class in its place that counts accesses and kills at one of them.
 */
export class Bytes {
  private readonly words: Uint32Array;
  private lastSource: Uint8Array | undefined;
  private lastWords: Uint32Array = new Uint32Array(0);

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
    const length = to - from;
    if (length > LITTLE)
      this.array.set(from === 0 && to === source.length ? source : source.subarray(from, to), offset);
    else if (length >= 16 && ((source.byteOffset + from) & 3) === 0 && (offset & 3) === 0) {
      const { words } = this;
      const sourceWords = this.wordsOf(source);
      const whole = length >>> 2;
      const first = offset >>> 2;
      const shift = (from + (source.byteOffset & 3)) >>> 2;
      for (let i = 0; i < whole; i++) words[first + i] = sourceWords[shift + i];
      for (let i = whole << 2; i < length; i++) this.array[offset + i] = source[from + i];
    } else for (let i = 0; i < length; i++) this.array[offset + i] = source[from + i];
  }

  /** Copies [from…to) to target[offset…]. */
  copyOut(from: number, to: number, target: Uint8Array, offset: number): void {
    const length = to - from;
    if (length > LITTLE) target.set(this.array.subarray(from, to), offset);
    else for (let i = 0; i < length; i++) target[offset + i] = this.array[from + i];
  }

  /** A buffer that is sent again and again is looked at as words once. */
  private wordsOf(source: Uint8Array): Uint32Array {
    if (source !== this.lastSource) {
      this.lastSource = source;
      this.lastWords = new Uint32Array(
        source.buffer,
        source.byteOffset & ~3,
        ((source.byteOffset & 3) + source.length) >>> 2,
      );
    }
    return this.lastWords;
  }
}
