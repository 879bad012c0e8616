/** What {@link letterOf} says of a byte that begins or continues a character beyond ASCII. */
export const BEYOND_ASCII = 0x80;

/** For each byte: a letter's lower-case form, {@link BEYOND_ASCII}, or 0 for what separates words. */
export const letterOf: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return BEYOND_ASCII;
  return /[A-Za-z]/.test(String.fromCharCode(byte)) ? byte | 0x20 : 0;
});

/** A code point and the bytes that it took; what is no valid UTF-8 is -1 in one byte. */
export interface CodePoint {
  value: number;
  bytes: number;
}

/** Reads the code point at `at` into `into`. The bytes from `end` on are not looked at. */
export function readCodePoint(bytes: Uint8Array, at: number, end: number, into: CodePoint): void {
  const first = bytes[at];
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  into.value = length === 1 ? first : -1;
  into.bytes = 1;
  if (length < 2 || at + length > end) return;
  let value = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if ((next & 0xc0) !== 0x80) return;
    value = (value << 6) | (next & 0x3f);
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x1_0000;
  if (value < least || value > 0x10_ffff || (value >= 0xd800 && value < 0xe000)) return;
  into.value = value;
  into.bytes = length;
}

/** What a code point is to a word. */
export const OTHER = 1;
export const LETTER = 2;
/** Belongs to the letter before it. */
export const MARK = 3;

const known = new Uint8Array(0x11_0000);

/** {@link LETTER} for letters of any script, {@link MARK} for marks, {@link OTHER} for all else and for -1. */
export function kindOf(codePoint: number): number {
  if (codePoint < 0) return OTHER;
  const kind = known[codePoint];
  if (kind !== 0) return kind;
  const character = String.fromCodePoint(codePoint);
  known[codePoint] = /\p{L}/u.test(character) ? LETTER : /\p{M}/u.test(character) ? MARK : OTHER;
  return known[codePoint];
}
