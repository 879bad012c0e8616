/*
 * The layout of Python's ShareableList in a block of shared memory. All numbers are little-endian.
 *
 * Idea    N values, each in a slot of its own whose room never changes; what is in a slot, a format of 8 characters
 *         (of Python's struct) and a code say, which change with the value.
 *
 *         offset            what
 *         0                 int64 N
 *         8                 int64 offset[0 … N] of each slot from the first one, offset[0] = 0; since Python 3.9
 *                           int64 room[0 … N - 1]; in Python 3.8
 *         D                 the slots, D = 8 (N + 2), or 8 (N + 1) in 3.8
 *         D + all rooms     N x 8 bytes: the formats, filled up with NULs
 *         behind them       N x int8: the codes
 *
 *         q      int64                 code 0        xxxxxxx?   a boolean in the last byte   code 0
 *         d      float64               code 0        xxxxxx?x   None                         code 3
 *         <n>s   n bytes, filled up with NULs; code 1: UTF-8, code 2: bytes
 *
 *         The second word tells the two apart: offset[0] is 0, and a room is 8 at least.
 * States  none: there is no lock, and no mark of a value that is half written.
 * Order   a value, then its format, then its code, and each number in one store. A reader of a slot whose kind changes
 *         may see the old kind's format over the new value's bytes; a reader of text may see some of both.
 * Death   killed while it writes, a slot has the old value, the new one, or what such a reader sees. The others are whole.
 * Limits  rooms and offsets are checked when the list is opened, and kept; formats and codes are checked at each read,
 *         because whoever else has the block can write anything at any time.
 * Source  multiprocessing/shared_memory.py of CPython.
 */
import { CodecError } from "../../errors.js";
import { CODES, checkRoom, FORMATS, type ShareableValue, type WrittenValue } from "./shareable-value.js";

const WORD = 8;
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How a slot without a value of a certain length is written: what it takes, and its room. */
export interface NewSlot {
  readonly written: WrittenValue;
  readonly room: number;
}

/** The slots of a list, over the bytes of its block. */
export class ShareableSlots {
  private readonly bytes: Uint8Array;
  private readonly integers: BigInt64Array;
  private readonly floats: Float64Array;

  private constructor(
    buffer: ArrayBuffer,
    /** Where each slot begins; behind the last one the formats do. */
    private readonly starts: readonly number[],
  ) {
    this.bytes = new Uint8Array(buffer);
    const words = Math.floor(buffer.byteLength / WORD);
    this.integers = new BigInt64Array(buffer, 0, words);
    this.floats = new Float64Array(buffer, 0, words);
  }

  /** Bytes of a block for such slots. */
  static sizeFor(slots: readonly NewSlot[]): number {
    return WORD * (slots.length + 2) + slots.reduce((sum, { room }) => sum + room, 0) + (WORD + 1) * slots.length;
  }

  /** Fills a block of zeros. */
  static fill(buffer: ArrayBuffer, slots: readonly NewSlot[]): void {
    const words = new BigInt64Array(buffer, 0, slots.length + 2);
    words[0] = BigInt(slots.length);
    const starts = [WORD * (slots.length + 2)];
    for (const [index, { room }] of slots.entries()) starts.push(starts[index] + room);
    for (const [index, start] of starts.entries()) words[index + 1] = BigInt(start - starts[0]);
    const own = new ShareableSlots(buffer, starts);
    for (const [index, { written }] of slots.entries()) own.write(index, written, "");
  }

  /** The slots of a block that somebody else has filled; what is wrong with it instead, if anything is. */
  static parse(buffer: ArrayBuffer): ShareableSlots | string {
    const words = new BigInt64Array(buffer, 0, Math.floor(buffer.byteLength / WORD));
    if (words.length === 0) return `has ${buffer.byteLength} bytes, and the shortest list 8`;
    const [count] = words;
    const most = Math.floor(buffer.byteLength / (3 * WORD + 1));
    if (count < 0n || count > BigInt(most)) return `says ${count} elements in ${buffer.byteLength} bytes`;
    const length = Number(count);
    if (length === 0 && buffer.byteLength > 2 * WORD) return "says no elements (its maker may not have filled it yet)";
    const starts = startsIn(words, length);
    if (typeof starts === "string") return starts;
    const end = starts[length] + (WORD + 1) * length;
    if (end > buffer.byteLength) return `has ${buffer.byteLength} bytes, and its ${length} slots need ${end}`;
    const slots = new ShareableSlots(buffer, starts);
    for (let index = 0; index < length; index++) {
      const wrong = slots.wrongWith(index, slots.formatOf(index), slots.codeOf(index));
      if (wrong) return `is no list: ${wrong}`;
    }
    return slots;
  }

  get length(): number {
    return this.starts.length - 1;
  }

  /** How Python's struct has a slot's value. */
  formatOf(index: number): string {
    const at = this.starts[this.length] + index * WORD;
    const characters = this.bytes.slice(at, at + WORD); // one look: another process may change it
    const end = characters.findLastIndex((one) => one !== 0) + 1;
    return String.fromCharCode(...characters.subarray(0, end));
  }

  /** @throws CodecError when there is no value in the slot that this layout knows */
  read(index: number, operation: string): ShareableValue {
    const format = this.formatOf(index);
    const code = this.codeOf(index);
    const wrong = this.wrongWith(index, format, code);
    if (wrong) throw new CodecError(`${operation}: ${wrong}`);
    const start = this.starts[index];
    switch (format) {
      case FORMATS.int: {
        const found = this.integers[start / WORD];
        const number = Number(found);
        return Number.isSafeInteger(number) ? number : found;
      }
      case FORMATS.float:
        return this.floats[start / WORD];
      case FORMATS.bool:
        return this.bytes[start + WORD - 1] !== 0;
      case FORMATS.none:
        return null;
    }
    const all = this.bytes.slice(start, start + Number.parseInt(format, 10));
    const bytes = all.subarray(0, all.findLastIndex((one) => one !== 0) + 1);
    if (code === CODES.bytes) return bytes.slice();
    try {
      return text.decode(bytes);
    } catch (cause) {
      throw new CodecError(
        `${operation}: the ${bytes.length} bytes of slot ${index} are no UTF-8 text (Python counts characters where it ` +
          "should count bytes, and cuts what is longer)",
        { cause, undelivered: bytes },
      );
    }
  }

  /** Replaces a value. @throws UsageError when the slot has not so much room; then the old value is still there */
  write(index: number, written: WrittenValue, operation: string): void {
    const start = this.starts[index];
    const room = this.starts[index + 1] - start;
    switch (written.kind) {
      case "int":
        this.integers[start / WORD] = written.value;
        return this.describe(index, FORMATS.int, CODES.plain);
      case "float":
        this.floats[start / WORD] = written.value;
        return this.describe(index, FORMATS.float, CODES.plain);
      case "bool":
        this.integers[start / WORD] = written.value ? 1n << 56n : 0n;
        return this.describe(index, FORMATS.bool, CODES.plain);
      case "none":
        this.integers[start / WORD] = 0n;
        return this.describe(index, FORMATS.none, CODES.none);
    }
    checkRoom(written.value.length, room, operation);
    this.bytes.set(written.value, start);
    this.bytes.fill(0, start + written.value.length, start + room);
    this.describe(index, `${room}s`, CODES[written.kind]);
  }

  private codeOf(index: number): number {
    return this.bytes[this.starts[this.length] + WORD * this.length + index];
  }

  private describe(index: number, format: string, code: number): void {
    const at = this.starts[this.length] + index * WORD;
    this.integers[at / WORD] = Buffer.from(format.padEnd(WORD, "\0"), "latin1").readBigInt64LE();
    this.bytes[this.starts[this.length] + WORD * this.length + index] = code;
  }

  /** What is wrong with a slot's description. */
  private wrongWith(index: number, format: string, code: number): string | undefined {
    const room = this.starts[index + 1] - this.starts[index];
    const isText = /^[1-9]\d{0,6}s$/.test(format);
    if (isText && Number.parseInt(format, 10) > room)
      return `slot ${index} has the format ${format} and room for ${room} bytes`;
    const known = Object.values<string>(FORMATS).includes(format);
    if (!isText && !known) return `slot ${index} has the unknown format ${JSON.stringify(format)}`;
    const codes: readonly number[] = isText
      ? [CODES.str, CODES.bytes]
      : [format === FORMATS.none ? CODES.none : CODES.plain];
    return codes.includes(code) ? undefined : `slot ${index} has the format ${format} and the code ${code}`;
  }
}

/** Where the slots begin, and the last one ends; what is wrong instead, if anything is. */
function startsIn(words: BigInt64Array, length: number): number[] | string {
  const hasOffsets = words.length > 1 && words[1] === 0n;
  const starts = [WORD * (length + (hasOffsets ? 2 : 1))];
  const most = BigInt(words.length * WORD);
  for (let index = 0; index < length; index++) {
    const room = hasOffsets ? words[index + 2] - words[index + 1] : words[index + 1];
    if (room < 8n || room % 8n !== 0n || room > most) return `says that slot ${index} has room for ${room} bytes`;
    starts.push(starts[index] + Number(room));
  }
  return starts;
}
