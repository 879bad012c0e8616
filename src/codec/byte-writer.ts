import { CodecError } from "../errors.js";
import { TAG } from "./structured.layout.js";
import { isWide, writeLatin1, writeUtf16 } from "./text.js";

// constants of this module, and not properties of TAG: the engine then has the numbers in the code
const {
  uint8: UINT8,
  uint16: UINT16,
  float64: FLOAT64,
  int32: INT32,
  negative8: NEGATIVE8,
  latin1: LATIN1,
  utf16: UTF16,
  bigint64: BIGINT64,
  shortLatin1: SHORT_LATIN1,
} = TAG;

const EMPTY = new Uint8Array(0);
const FIRST_SCRATCH_BYTES = 4096;
/** Scratch memory that a large message made is given back after it. */
const KEPT_SCRATCH_BYTES = 4 * 1024 * 1024;
/** So many floats of one message are written bytewise before a DataView (70 ns to make) pays. */
const FLOATS_BEFORE_VIEW = 12;

/** A float and its tag. */
export const FLOAT_BYTES = 9;

const LONGEST_VARINT = 8;

/** What {@link ByteWriter} throws when the target is too small; it has no stack, so that it costs little. */
export const doesNotFit = Symbol("the message does not fit");

const scratch64 = new Float64Array(1);
const scratchBig = new BigInt64Array(scratch64.buffer);
const scratchBytes = new Uint8Array(scratch64.buffer);

/**
 * Bytes into a target with a limit, or into scratch memory of its own that grows. Positions are passed in and handed
 * back, so that they live in registers; `target` may be another array after each call that writes.
 */
export class ByteWriter {
  target: Uint8Array = EMPTY;
  limit = 0;
  /** Where the message begins in the target. */
  start = 0;

  private scratch: Uint8Array = EMPTY;
  private grows = false;
  private view: DataView | undefined;
  private floats = 0;

  /** Writes go to target[start…limit) from now on. */
  aimAt(target: Uint8Array, start: number, limit: number): void {
    this.target = target;
    this.start = start;
    this.limit = limit;
    this.grows = false;
  }

  /** Writes go to scratch memory, which grows as needed, from now on. */
  aimAtScratch(): void {
    if (this.scratch.length === 0) this.scratch = new Uint8Array(FIRST_SCRATCH_BYTES);
    this.aimAt(this.scratch, 0, this.scratch.length);
    this.grows = true;
  }

  /** Lets go of the target, so that nothing here keeps its memory alive. */
  letGo(): void {
    this.target = EMPTY;
    this.limit = 0;
    this.floats = 0;
    this.view = undefined;
    if (this.scratch.length > KEPT_SCRATCH_BYTES) this.scratch = EMPTY;
  }

  /** Makes room for `bytes` more at `position`, or gives the message up. */
  room(position: number, bytes: number): void {
    const needed = position + bytes;
    if (needed <= this.limit) return;
    if (!this.grows) throw doesNotFit;
    let larger: Uint8Array;
    try {
      larger = new Uint8Array(Math.max(needed, this.scratch.length * 2));
    } catch (cause) {
      throw new CodecError(`encode: no memory for a message of ${needed.toLocaleString("en")} bytes or more`, {
        cause,
      });
    }
    larger.set(this.scratch.subarray(0, position));
    this.scratch = this.target = larger;
    this.limit = larger.length;
    this.view = undefined;
  }

  /** Gives the message up if so many bytes of it can never fit. */
  refuse(bytes: number): void {
    if (!this.grows && this.start + bytes > this.limit) throw doesNotFit;
  }

  byte(byte: number, position: number): number {
    if (position >= this.limit) this.room(position, 1);
    this.target[position] = byte;
    return position + 1;
  }

  /** Seven bits a byte, lowest first; the high bit says that more follow. */
  varint(value: number, position: number): number {
    if (position + LONGEST_VARINT > this.limit) this.room(position, varintBytes(value));
    const { target } = this;
    let at = position;
    let rest = value;
    while (rest >= 0x80) {
      target[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    target[at++] = rest;
    return at;
  }

  tagged(tag: number, value: number, position: number): number {
    return this.varint(value, this.byte(tag, position));
  }

  number(value: number, position: number): number {
    if (value === (value | 0) && (value !== 0 || 1 / value > 0)) return this.integer(value, position);
    return this.float(FLOAT64, value, position);
  }

  string(value: string, position: number): number {
    const { length } = value;
    const end = position + 1 + length;
    if (length >= 32) return this.longString(value, position);
    if (end > this.limit) this.room(position, 1 + length);
    const { target } = this;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      all |= code;
      target[position + 1 + i] = code;
    }
    if (all > 0xff) return this.utf16(value, position);
    target[position] = SHORT_LATIN1 + length;
    return end;
  }

  float(tag: number, value: number, position: number): number {
    if (position + 9 > this.limit) this.room(position, 9);
    const { target } = this;
    target[position] = tag;
    if (this.view === undefined && ++this.floats < FLOATS_BEFORE_VIEW) {
      scratch64[0] = value;
      this.eightBytes(position + 1);
    } else {
      this.view ??= new DataView(target.buffer, target.byteOffset, target.byteLength);
      this.view.setFloat64(position + 1, value, true);
    }
    return position + 9;
  }

  /** The run of numbers that are no int32 at array[from…]: FLOAT_BYTES each. */
  floatsOf(array: readonly unknown[], from: number, position: number): number {
    const { length } = array;
    let at = position;
    for (let index = from; index < length; index++) {
      const value = array[index];
      if (typeof value !== "number" || value === (value | 0)) break;
      at = this.float(FLOAT64, value, at);
    }
    return at;
  }

  bigint64(value: bigint, position: number): number {
    if (position + 9 > this.limit) this.room(position, 9);
    this.target[position] = BIGINT64;
    scratchBig[0] = value;
    this.eightBytes(position + 1);
    return position + 9;
  }

  private integer(value: number, position: number): number {
    if (position + 5 > this.limit) this.room(position, integerBytes(value));
    const { target } = this;
    if (value >= 0) {
      if (value < 64) {
        target[position] = value;
        return position + 1;
      }
      if (value <= 0xff) {
        target[position] = UINT8;
        target[position + 1] = value;
        return position + 2;
      }
      if (value <= 0xffff) {
        target[position] = UINT16;
        target[position + 1] = value;
        target[position + 2] = value >> 8;
        return position + 3;
      }
    } else if (value >= -0x100) {
      target[position] = NEGATIVE8;
      target[position + 1] = -1 - value;
      return position + 2;
    }
    target[position] = INT32;
    target[position + 1] = value;
    target[position + 2] = value >> 8;
    target[position + 3] = value >> 16;
    target[position + 4] = value >> 24;
    return position + 5;
  }

  private longString(value: string, position: number): number {
    if (isWide(value)) return this.utf16(value, position);
    const at = this.tagged(LATIN1, value.length, position);
    if (at + value.length > this.limit) this.room(at, value.length);
    writeLatin1(this.target, value, at);
    return at + value.length;
  }

  /** The code units begin at an even byte of the message: the engine copies them faster then. */
  private utf16(value: string, position: number): number {
    const bytes = value.length * 2;
    let at = this.tagged(UTF16, value.length, position);
    if (((at - this.start) & 1) === 1) at = this.byte(0, at);
    if (at + bytes > this.limit) this.room(at, bytes);
    writeUtf16(this.target, value, at);
    return at + bytes;
  }

  private eightBytes(position: number): void {
    const { target } = this;
    target[position] = scratchBytes[0];
    target[position + 1] = scratchBytes[1];
    target[position + 2] = scratchBytes[2];
    target[position + 3] = scratchBytes[3];
    target[position + 4] = scratchBytes[4];
    target[position + 5] = scratchBytes[5];
    target[position + 6] = scratchBytes[6];
    target[position + 7] = scratchBytes[7];
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

function integerBytes(value: number): number {
  if (value >= 0) return value < 64 ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : 5;
  return value >= -0x100 ? 2 : 5;
}
