type ArrayType = new (buffer: ArrayBuffer) => NodeJS.TypedArray;

const isLittleEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The formats of Python's arrays by number, lowest byte first and highest byte first in turn from 2 on. */
const formats: readonly ArrayType[] = [
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
];
const FIRST_UTF16 = 18;
const FIRST_UTF32 = 20;

/** The array for each of Python's type codes, as its older pickles have them. */
const byCode: Readonly<Record<string, ArrayType>> = {
  B: Uint8ClampedArray,
  b: Int8Array,
  H: Uint16Array,
  h: Int16Array,
  I: Uint32Array,
  i: Int32Array,
  L: BigUint64Array,
  l: BigInt64Array,
  Q: BigUint64Array,
  q: BigInt64Array,
  f: Float32Array,
  d: Float64Array,
};

/** How each kind of typed array is written: Python's type code and the number of the format. */
export const arrayCodes = new Map<object, readonly [code: string, format: number]>([
  [Uint8ClampedArray.prototype, ["B", 0]],
  [Int8Array.prototype, ["b", 1]],
  [Uint16Array.prototype, ["H", 2]],
  [Int16Array.prototype, ["h", 4]],
  [Uint32Array.prototype, ["I", 6]],
  [Int32Array.prototype, ["i", 8]],
  [BigUint64Array.prototype, ["Q", 10]],
  [BigInt64Array.prototype, ["q", 12]],
  [Float32Array.prototype, ["f", 14]],
  [Float64Array.prototype, ["d", 16]],
]);

/** A Python array of its bytes; undefined when there is no such format, or a piece is left over. */
export function arrayOfBytes(format: number, bytes: Uint8Array): NodeJS.TypedArray | string | undefined {
  if (!Number.isInteger(format) || format < 0 || format > FIRST_UTF32 + 1) return undefined;
  const isBig = format >= 2 && format % 2 === 1;
  if (format >= FIRST_UTF32) return bytes.length % 4 === 0 ? textOfUtf32(bytes, isBig) : undefined;
  if (format >= FIRST_UTF16) return bytes.length % 2 === 0 ? textOfUtf16(bytes, isBig) : undefined;
  return typedArray(formats[format < 2 ? format : 1 + Math.floor(format / 2)], bytes, isBig);
}

/** A typed array that has these bytes, in its own memory; undefined when a piece is left over. */
export function typedArray(type: ArrayType, bytes: Uint8Array, isBigEndian: boolean): NodeJS.TypedArray | undefined {
  const size = (type as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  if (bytes.length % size !== 0) return undefined;
  const copy = new Uint8Array(bytes);
  if (isBigEndian === isLittleEndianHost) swap(copy, size);
  return new type(copy.buffer);
}

/** The bytes of a typed array, lowest byte of each element first. */
export function bytesOfArray(array: NodeJS.TypedArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (isLittleEndianHost) return bytes;
  const copy = new Uint8Array(bytes);
  swap(copy, array.BYTES_PER_ELEMENT);
  return copy;
}

/** A Python array of its items; undefined when the type is not known or an item is of another kind. */
export function arrayOfItems(code: string, items: readonly unknown[] | string): NodeJS.TypedArray | string | undefined {
  if (code === "u") {
    if (typeof items === "string") return items;
    return items.every((item) => typeof item === "string" && item.length <= 2) ? items.join("") : undefined;
  }
  const type = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (type === undefined || typeof items === "string") return undefined;
  const isBig = type === BigUint64Array || type === BigInt64Array;
  const isFloat = type === Float32Array || type === Float64Array;
  const isRight = (item: unknown): boolean =>
    isFloat ? typeof item === "number" : Number.isSafeInteger(item) || (isBig && typeof item === "bigint");
  if (!items.every(isRight)) return undefined;
  const from = (type as unknown as { from(items: readonly unknown[]): NodeJS.TypedArray }).from;
  return from.call(type, isBig ? (items as (number | bigint)[]).map(BigInt) : items);
}

/** The text of four bytes a character. */
export function textOfUtf32(bytes: Uint8Array, isBigEndian: boolean): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const code = view.getUint32(at, !isBigEndian);
    if (code > 0x10ffff) return undefined;
    pieces.push(String.fromCodePoint(code));
  }
  return pieces.join("");
}

/** Four bytes a character, lowest first, filled up with zeros; undefined when it is longer. */
export function utf32OfText(text: string, bytes: number): Uint8Array | undefined {
  const target = new Uint8Array(bytes);
  const view = new DataView(target.buffer);
  let at = 0;
  for (const character of text) {
    if (at === bytes) return undefined;
    view.setUint32(at, character.codePointAt(0) as number, true);
    at += 4;
  }
  return target;
}

function textOfUtf16(bytes: Uint8Array, isBigEndian: boolean): string {
  const copy = Buffer.from(bytes);
  return (isBigEndian ? copy.swap16() : copy).toString("utf16le");
}

function swap(bytes: Uint8Array, size: number): void {
  if (size > 1) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
