import { CodecError } from "../../errors.js";
import { isWide, writeLatin1 } from "../text.js";
import { OP } from "./pickle.layout.js";

interface NativeUtf8 {
  utf8Write(this: Uint8Array, text: string, offset: number, length: number): number;
}

const { utf8Write } = Buffer.prototype as unknown as NativeUtf8;

const FIRST_BYTES = 4096;
/** A pickle of this length or more is handed out with its memory, and not copied. */
const HANDED_OUT = 65_536;
/** Up to this length a loop over the characters is cheaper than a call into the engine. */
const LOOP_LIMIT = 24;

const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/** The bytes of a pickle while it is written: memory that grows. */
export class PickleOutput {
  private target = new Uint8Array(FIRST_BYTES);
  private length = 0;

  begin(): void {
    this.length = 0;
  }

  /** What was written, in memory of its own. */
  finish(): Uint8Array {
    const { target, length } = this;
    this.length = 0;
    if (length < HANDED_OUT) return target.slice(0, length);
    this.target = new Uint8Array(FIRST_BYTES);
    return target.subarray(0, length);
  }

  byte(byte: number): void {
    if (this.length === this.target.length) this.room(1);
    this.target[this.length++] = byte;
  }

  two(first: number, second: number): void {
    const { length } = this;
    if (length + 2 > this.target.length) this.room(2);
    this.target[length] = first;
    this.target[length + 1] = second;
    this.length = length + 2;
  }

  /** An instruction with an i32 or u32. */
  withInt32(op: number, value: number): void {
    const at = this.length;
    if (at + 5 > this.target.length) this.room(5);
    const { target } = this;
    target[at] = op;
    target[at + 1] = value;
    target[at + 2] = value >> 8;
    target[at + 3] = value >> 16;
    target[at + 4] = value >> 24;
    this.length = at + 5;
  }

  number(value: number): void {
    if (value === (value | 0)) {
      if (value === 0 && Object.is(value, -0)) this.float(value);
      else if (value >= 0 && value <= 0xff) this.two(OP.BININT1, value);
      else if (value >= 0 && value <= 0xffff) {
        this.two(OP.BININT2, value);
        this.byte(value >> 8);
      } else this.withInt32(OP.BININT, value);
    } else if (Number.isSafeInteger(value)) this.longNumber(value);
    else this.float(value);
  }

  bigint(value: bigint): void {
    const near = Number(value);
    if (Number.isSafeInteger(near)) return this.number(near);
    const isNegative = value < 0n;
    const hex = (isNegative ? -1n - value : value).toString(16);
    const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
    const bytes = Buffer.from(digits, "hex").reverse();
    const extra = bytes[bytes.length - 1] >= 0x80 ? 1 : 0;
    const length = bytes.length + extra;
    if (length > 0x7fffffff)
      throw new CodecError(`encode: a bigint of ${length} bytes; a pickle has room for 2^31 - 1`);
    if (length <= 0xff) this.two(OP.LONG1, length);
    else this.withInt32(OP.LONG4, length);
    if (isNegative) for (let i = 0; i < bytes.length; i++) bytes[i] ^= 0xff;
    this.raw(bytes);
    if (extra === 1) this.byte(isNegative ? 0xff : 0);
  }

  string(text: string): void {
    const { length } = text;
    if (length > LOOP_LIMIT) return this.longString(text);
    const at = this.length;
    if (at + 2 + length > this.target.length) this.room(2 + length);
    const { target } = this;
    let all = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      all |= code;
      target[at + 2 + i] = code;
    }
    if (all > 0x7f) return this.longString(text);
    target[at] = OP.SHORT_BINUNICODE;
    target[at + 1] = length;
    this.length = at + 2 + length;
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length <= 0xff) this.two(OP.SHORT_BINBYTES, bytes.length);
    else this.header(OP.BINBYTES, OP.BINBYTES8, bytes.length);
    this.raw(bytes);
  }

  float(value: number): void {
    scratch.setFloat64(0, value);
    const at = this.length;
    if (at + 9 > this.target.length) this.room(9);
    this.target[at] = OP.BINFLOAT;
    for (let i = 0; i < 8; i++) this.target[at + 1 + i] = scratchBytes[i];
    this.length = at + 9;
  }

  private raw(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.target.length) this.room(bytes.length);
    this.target.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Two's complement, as few bytes as it needs. */
  private longNumber(value: number): void {
    const bytes: number[] = [];
    let rest = value;
    do {
      const low = ((rest % 256) + 256) % 256;
      bytes.push(low);
      rest = (rest - low) / 256;
    } while (!((rest === 0 && bytes[bytes.length - 1] < 0x80) || (rest === -1 && bytes[bytes.length - 1] >= 0x80)));
    this.two(OP.LONG1, bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  private longString(text: string): void {
    if (!isWide(text) && Buffer.byteLength(text) === text.length) {
      this.stringHeader(text.length);
      if (this.length + text.length > this.target.length) this.room(text.length);
      writeLatin1(this.target, text, this.length);
      this.length += text.length;
      return;
    }
    // a lone surrogate counts three bytes, as the replacement character does
    const bytes = Buffer.byteLength(text);
    this.stringHeader(bytes);
    if (this.length + bytes > this.target.length) this.room(bytes);
    utf8Write.call(this.target, text, this.length, bytes);
    if (!text.isWellFormed()) this.surrogates(text);
    this.length += bytes;
  }

  private stringHeader(bytes: number): void {
    if (bytes <= 0xff) this.two(OP.SHORT_BINUNICODE, bytes);
    else this.header(OP.BINUNICODE, OP.BINUNICODE8, bytes);
  }

  private header(short: number, long: number, length: number): void {
    if (length <= 0xffffffff) return this.withInt32(short, length);
    this.byte(long);
    for (let rest = length, i = 0; i < 8; i++, rest = Math.floor(rest / 256)) this.byte(rest % 256);
  }

  /** Puts lone surrogates where the engine has written the replacement character. */
  private surrogates(text: string): void {
    let at = this.length;
    for (const character of text) {
      const code = character.codePointAt(0) as number;
      if (code >= 0xd800 && code < 0xe000) {
        this.target[at] = 0xed;
        this.target[at + 1] = 0x80 | ((code >> 6) & 0x3f);
        this.target[at + 2] = 0x80 | (code & 0x3f);
      }
      at += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
  }

  /** Makes room for `bytes` more. */
  private room(bytes: number): void {
    const needed = this.length + bytes;
    let larger: Uint8Array<ArrayBuffer>;
    try {
      // not zeroed: all that is handed out is written first
      larger = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(needed, this.target.length * 2)).buffer);
    } catch (cause) {
      throw new CodecError(`encode: no memory for a pickle of ${needed.toLocaleString("en")} bytes or more`, { cause });
    }
    larger.set(this.target.subarray(0, this.length));
    this.target = larger;
  }
}
