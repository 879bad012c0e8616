type View = new (buffer: ArrayBuffer) => NodeJS.TypedArray;

/** Missing before Node 24: there the bits are handed over. */
const Float16 = (globalThis as unknown as { Float16Array?: View }).Float16Array ?? (Uint16Array as View);

/** Kinds of numpy and the array that holds them here; complex numbers are two floats. */
const views: Readonly<Record<string, View>> = {
  b1: Uint8Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f2: Float16,
  f4: Float32Array,
  f8: Float64Array,
  c8: Float32Array,
  c16: Float64Array,
  M8: BigInt64Array,
  m8: BigInt64Array,
};

const byClass = new Map<unknown, string>([
  [Int8Array, "|i1"],
  [Uint8Array, "|u1"],
  [Buffer, "|u1"],
  [Uint8ClampedArray, "|u1"],
  [Int16Array, "<i2"],
  [Uint16Array, "<u2"],
  [Int32Array, "<i4"],
  [Uint32Array, "<u4"],
  [BigInt64Array, "<i8"],
  [BigUint64Array, "<u8"],
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
  [Array, "|O"],
]);
if (Float16 !== (Uint16Array as View)) byClass.set(Float16, "<f2");

/** A numpy type of elements. */
export interface ParsedDtype {
  readonly isBigEndian: boolean;
  /** One letter, as numpy has it: b i u f c M m U S O. */
  readonly kind: string;
  readonly bytes: number;
  /** Of dates and spans: `ns`, or `25s`. */
  readonly unit: string | undefined;
  readonly view: View | undefined;
}

/** Undefined for a type that is not known here, such as records. */
export function parseDtype(text: string): ParsedDtype | undefined {
  const match = /^([<>|=]?)([biufcMmUSO])(\d{0,9})(?:\[(\d{0,9}[A-Za-z]{1,7})\])?$/.exec(text);
  if (match === null) return undefined;
  const [, order, kind, digits, unit] = match;
  const size = Number(digits);
  const view = views[kind + digits];
  if (kind === "O") return { isBigEndian: false, kind, bytes: 8, unit: undefined, view: undefined };
  if (unit !== undefined && kind !== "M" && kind !== "m") return undefined;
  const bytes = kind === "U" ? size * 4 : size;
  if (kind === "U" || kind === "S" ? size === 0 : view === undefined) return undefined;
  return { isBigEndian: order === ">", kind, bytes, unit, view };
}

/** The type of a typed array's elements; undefined where numpy has none. */
export function dtypeOf(data: object): string | undefined {
  return byClass.get(data.constructor);
}

/** How many elements of the data are one of the array's; undefined when the data is not what the type needs. */
export function elementsOf(dtype: string, data: object): 1 | 2 | undefined {
  const parsed = parseDtype(dtype);
  if (parsed === undefined) return undefined;
  if (parsed.view === undefined) return Array.isArray(data) ? 1 : undefined;
  const isRight =
    data instanceof parsed.view || (parsed.view === (Uint8Array as View) && data instanceof Uint8ClampedArray);
  if (!isRight || parsed.isBigEndian) return undefined;
  return parsed.kind === "c" ? 2 : 1;
}
