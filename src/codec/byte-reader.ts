import { CodecError } from "../errors.js";

const EMPTY = new Uint8Array(0);
/** So many floats of one message are put together from bytes before a DataView (70 ns to make) pays. */
const FLOATS_BEFORE_VIEW = 8;
/** No varint is longer: 2^53 has been reached. */
const LONGEST_VARINT = 8;

const scratch64 = new Float64Array(1);
const scratchBig = new BigInt64Array(scratch64.buffer);
const scratchBytes = new Uint8Array(scratch64.buffer);

/**
 * Bytes from bytes[position…end). It never reads outside, and each byte once: the memory may be shared with a process
 * that changes it meanwhile.
 */
export class ByteReader {
  bytes: Uint8Array = EMPTY;
  position = 0;
  end = 0;
  /** Where the message begins; errors count from here. */
  start = 0;

  private view: DataView | undefined;
  private floats = 0;

  readFrom(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = this.position = start;
    this.end = end;
  }

  /** Lets go of the bytes, so that nothing here keeps their memory alive. */
  letGo(): void {
    this.bytes = EMPTY;
    this.position = this.end = 0;
    this.view = undefined;
    this.floats = 0;
  }

  byte(): number {
    const { position } = this;
    if (position >= this.end) throw this.truncated();
    this.position = position + 1;
    return this.bytes[position];
  }

  varint(): number {
    const { position } = this;
    if (position >= this.end) throw this.truncated();
    const first = this.bytes[position];
    this.position = position + 1;
    return first < 0x80 ? first : this.longVarint(first & 0x7f);
  }

  /** A count of things that take at least `least` bytes each: more than there is room for is refused. */
  count(least: number): number {
    const count = this.varint();
    if (count * least > this.end - this.position) throw this.truncated();
    return count;
  }

  /** Steps over so many bytes; gives where they begin. */
  skip(length: number): number {
    const { position } = this;
    if (length > this.end - position) throw this.truncated();
    this.position = position + length;
    return position;
  }

  uint16(): number {
    const at = this.skip(2);
    const { bytes } = this;
    return bytes[at] | (bytes[at + 1] << 8);
  }

  int32(): number {
    const at = this.skip(4);
    const { bytes } = this;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  float64(): number {
    const at = this.skip(8);
    if (this.view === undefined) {
      if (++this.floats < FLOATS_BEFORE_VIEW) {
        this.eightBytes(at);
        return scratch64[0];
      }
      const { bytes } = this;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    return this.view.getFloat64(at, true);
  }

  bigint64(): bigint {
    this.eightBytes(this.skip(8));
    return scratchBig[0];
  }

  /** A CodecError that says where in the message. */
  broken(what: string, cause?: unknown): CodecError {
    return new CodecError(`decode: ${what}, at byte ${this.position - this.start} of the message`, { cause });
  }

  truncated(): CodecError {
    return this.broken("the message ends too early");
  }

  private longVarint(low: number): number {
    let value = low;
    let scale = 0x80;
    for (let length = 2; length <= LONGEST_VARINT; length++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw this.broken("a number is too large to be a length");
  }

  private eightBytes(at: number): void {
    const { bytes } = this;
    scratchBytes[0] = bytes[at];
    scratchBytes[1] = bytes[at + 1];
    scratchBytes[2] = bytes[at + 2];
    scratchBytes[3] = bytes[at + 3];
    scratchBytes[4] = bytes[at + 4];
    scratchBytes[5] = bytes[at + 5];
    scratchBytes[6] = bytes[at + 6];
    scratchBytes[7] = bytes[at + 7];
  }
}
