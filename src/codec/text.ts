/** Methods of Buffer that move a whole string at once. They work on any Uint8Array, so none has to become a Buffer. */
interface NativeText {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  ucs2Slice(this: Uint8Array, start: number, end: number): string;
  hexSlice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, offset: number, length: number): number;
  ucs2Write(this: Uint8Array, text: string, offset: number, length: number): number;
  hexWrite(this: Uint8Array, text: string, offset: number, length: number): number;
}

const { latin1Slice, ucs2Slice, hexSlice, latin1Write, ucs2Write, hexWrite } =
  Buffer.prototype as unknown as NativeText;
const { fromCharCode } = String;

/** From this length on, one call into the engine is cheaper than a loop over the characters. */
const LOOP_READ_LIMIT = 20;

/** One list of each length, so that `apply` has nothing to allocate. */
const codes: readonly number[][] = Array.from({ length: LOOP_READ_LIMIT }, (_, length) => new Array(length).fill(0));

/**
 * True when a character is U+0100 or above. V8 keeps strings without such characters in one byte a character, and its
 * regular expressions know that they cannot match in those: the answer then costs nothing, whatever the length.
 */
const wide = /[^\0-\xff]/;

export function isWide(text: string): boolean {
  return wide.test(text);
}

export function writeLatin1(target: Uint8Array, text: string, position: number): void {
  latin1Write.call(target, text, position, text.length);
}

export function writeUtf16(target: Uint8Array, text: string, position: number): void {
  ucs2Write.call(target, text, position, text.length * 2);
}

export function writeHex(target: Uint8Array, digits: string, position: number): void {
  hexWrite.call(target, digits, position, digits.length / 2);
}

/** A text in UTF-8. */
export function utf8Of(text: string): Uint8Array {
  return Buffer.from(text);
}

export function readUtf16(bytes: Uint8Array, start: number, end: number): string {
  return ucs2Slice.call(bytes, start, end);
}

export function readHex(bytes: Uint8Array, start: number, end: number): string {
  return hexSlice.call(bytes, start, end);
}

/** The string of the bytes[start…start + length); the caller has checked that they are there. */
export function readLatin1(b: Uint8Array, start: number, length: number): string {
  let p = start;
  switch (length) {
    case 0:
      return "";
    case 1:
      return fromCharCode(b[p]);
    case 2:
      return fromCharCode(b[p++], b[p]);
    case 3:
      return fromCharCode(b[p++], b[p++], b[p]);
    case 4:
      return fromCharCode(b[p++], b[p++], b[p++], b[p]);
    case 5:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p]);
    case 6:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p++], b[p]);
    case 7:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p]);
    case 8:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p]);
    case 9:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p]);
    case 10:
      return fromCharCode(b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p++], b[p]);
    default:
      return length < LOOP_READ_LIMIT ? readMedium(b, start, length) : latin1Slice.call(b, start, start + length);
  }
}

function readMedium(b: Uint8Array, start: number, length: number): string {
  const list = codes[length];
  for (let i = 0; i < length; i++) list[i] = b[start + i];
  return fromCharCode.apply(null, list);
}
