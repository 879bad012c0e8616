import { isAscii } from "node:buffer";
import { CodecError } from "../../errors.js";
import { readLatin1 } from "../text.js";

const EMPTY = new Uint8Array(0);
/** Up to this length a loop over the characters is cheaper than a call into the engine. */
const LOOP_LIMIT = 20;
const LINE_END = 10;

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** The bytes of one pickle, from the first to the last; whatever is missing is a CodecError. */
export class PickleInput {
  bytes: Uint8Array = EMPTY;
  position = 0;

  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.position = 0;
  }

  end(): void {
    this.bytes = EMPTY;
  }

  broken(what: string, cause?: unknown): CodecError {
    return new CodecError(
      `decode: ${what}, at byte ${this.position} of the pickle`,
      cause === undefined ? {} : { cause },
    );
  }

  /** Where the next `length` bytes begin; they are passed. */
  skip(length: number): number {
    const at = this.position;
    if (!(length <= this.bytes.length - at))
      throw this.broken(`the pickle ends too early: ${length} bytes are announced, ${this.bytes.length - at} are left`);
    this.position = at + length;
    return at;
  }

  byte(): number {
    if (this.position >= this.bytes.length) throw this.broken("the pickle ends too early");
    return this.bytes[this.position++];
  }

  uint16(): number {
    const at = this.skip(2);
    return this.bytes[at] | (this.bytes[at + 1] << 8);
  }

  int32(): number {
    const { bytes } = this;
    const at = this.skip(4);
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  uint64(): number {
    const low = this.uint32();
    return low + this.uint32() * 2 ** 32;
  }

  /** An i32 that is a length. */
  length32(): number {
    const length = this.int32();
    if (length < 0) throw this.broken(`a length of ${length}`);
    return length;
  }

  float(): number {
    const at = this.skip(8);
    const { bytes } = this;
    for (let i = 0; i < 8; i++) scratchBytes[i] = bytes[at + i];
    return scratch.getFloat64(0);
  }

  /** An int of `length` bytes, two's complement, lowest byte first. */
  integer(length: number): number | bigint {
    const { bytes } = this;
    const at = this.skip(length);
    if (length === 0) return 0;
    const isNegative = bytes[at + length - 1] >= 0x80;
    if (length <= 6) {
      let value = 0;
      for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
      return isNegative ? value - 256 ** length : value;
    }
    const big = bigInteger(bytes, at, length, isNegative);
    if (big === undefined) throw this.broken(`an int of ${length} bytes, more than a bigint can have`);
    return fromBig(big);
  }

  /** UTF-8 where lone surrogates have three bytes. */
  string(length: number): string {
    const { bytes } = this;
    const at = this.skip(length);
    if (length < LOOP_LIMIT) {
      let all = 0;
      for (let i = at; i < at + length; i++) all |= bytes[i];
      if (all < 0x80) return readLatin1(bytes, at, length);
    }
    const part = bytes.subarray(at, at + length);
    if (length >= LOOP_LIMIT && isAscii(part)) return readLatin1(bytes, at, length);
    try {
      return text.decode(part);
    } catch (cause) {
      return this.withSurrogates(part, cause);
    }
  }

  /** One character a byte. */
  latin1(length: number): string {
    return readLatin1(this.bytes, this.skip(length), length);
  }

  /** A copy of the next `length` bytes. */
  binary(length: number): Uint8Array {
    const at = this.skip(length);
    return new Uint8Array(this.bytes.subarray(at, at + length));
  }

  /** One character a byte, up to the line's end, which is passed. */
  line(): string {
    const end = this.bytes.indexOf(LINE_END, this.position);
    if (end < 0) throw this.broken("a line has no end");
    const line = readLatin1(this.bytes, this.position, end - this.position);
    this.position = end + 1;
    return line;
  }

  /** A line that is the name of a module, or of something in one. */
  name(): string {
    const end = this.bytes.indexOf(LINE_END, this.position);
    if (end < 0) throw this.broken("a line has no end");
    const name = this.string(end - this.position);
    this.position = end + 1;
    return name;
  }

  /** A surrogate is ED A0…BF xx, and nothing else that a strict decoder refuses is allowed. */
  private withSurrogates(part: Uint8Array, cause: unknown): string {
    const pieces: string[] = [];
    let from = 0;
    try {
      for (let at = part.indexOf(0xed); at >= 0; at = part.indexOf(0xed, at + 1)) {
        if (!(part[at + 1] >= 0xa0 && part[at + 1] < 0xc0 && part[at + 2] >= 0x80 && part[at + 2] < 0xc0)) continue;
        pieces.push(text.decode(part.subarray(from, at)));
        pieces.push(String.fromCharCode(0xd000 | ((part[at + 1] & 0x3f) << 6) | (part[at + 2] & 0x3f)));
        from = at + 3;
        at += 2;
      }
      if (from === 0) throw cause;
      pieces.push(text.decode(part.subarray(from)));
    } catch {
      throw this.broken("a str is no UTF-8", cause);
    }
    return pieces.join("");
  }
}

/** A number within 2^53 - 1, and a bigint beyond. */
export function fromBig(value: bigint): number | bigint {
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

/** Undefined when it is larger than the engine's limit. */
function bigInteger(bytes: Uint8Array, at: number, length: number, isNegative: boolean): bigint | undefined {
  const reversed = Buffer.from(bytes.subarray(at, at + length)).reverse();
  try {
    const value = BigInt(`0x${reversed.toString("hex")}`);
    return isNegative ? value - (1n << BigInt(length * 8)) : value;
  } catch {
    return undefined;
  }
}
