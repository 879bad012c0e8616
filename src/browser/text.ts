// What the codec does with text, without Node's Buffer. The functions are those of codec/text.ts, in whose place this stands.
const { fromCharCode } = String;
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });
const utf8 = new TextEncoder();
/** So many arguments a call takes in every engine. */
const MOST_ARGUMENTS = 4096;

const wide = /[^\0-\xff]/;

export function isWide(text: string): boolean {
  return wide.test(text);
}

export function writeLatin1(target: Uint8Array, text: string, position: number): void {
  for (let i = 0; i < text.length; i++) target[position + i] = text.charCodeAt(i);
}

export function writeUtf16(target: Uint8Array, text: string, position: number): void {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    target[position + 2 * i] = unit;
    target[position + 2 * i + 1] = unit >>> 8;
  }
}

export function writeHex(target: Uint8Array, digits: string, position: number): void {
  for (let i = 0; i < digits.length / 2; i++)
    target[position + i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
}

/** A text in UTF-8. */
export function utf8Of(text: string): Uint8Array {
  return utf8.encode(text);
}

export function readUtf16(bytes: Uint8Array, start: number, end: number): string {
  const text = utf16.decode(bytes.subarray(start, end));
  // the decoder replaces half pairs, which are text in JavaScript
  return text.includes("\ufffd") ? readUnits(bytes, start, end) : text;
}

export function readHex(bytes: Uint8Array, start: number, end: number): string {
  let digits = "";
  for (let at = start; at < end; at++) digits += bytes[at].toString(16).padStart(2, "0");
  return digits;
}

/** The string of the bytes[start…start + length); the caller has checked that they are there. */
export function readLatin1(bytes: Uint8Array, start: number, length: number): string {
  if (length <= MOST_ARGUMENTS) return fromCharCode.apply(null, bytes.subarray(start, start + length) as never);
  const pieces: string[] = [];
  for (let at = start; at < start + length; at += MOST_ARGUMENTS)
    pieces.push(readLatin1(bytes, at, Math.min(MOST_ARGUMENTS, start + length - at)));
  return pieces.join("");
}

function readUnits(bytes: Uint8Array, start: number, end: number): string {
  const units = new Uint16Array((end - start) >>> 1);
  for (let i = 0; i < units.length; i++) units[i] = bytes[start + 2 * i] | (bytes[start + 2 * i + 1] << 8);
  const pieces: string[] = [];
  for (let at = 0; at < units.length; at += MOST_ARGUMENTS)
    pieces.push(fromCharCode.apply(null, units.subarray(at, at + MOST_ARGUMENTS) as never));
  return pieces.join("");
}
