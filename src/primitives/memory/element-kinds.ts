import { UsageError } from "../../errors.js";
import { ELEMENT_KINDS } from "./values.layout.js";

/** What a value of each kind is in TypeScript. */
export interface ElementTypes {
  i8: number;
  u8: number;
  i16: number;
  u16: number;
  i32: number;
  u32: number;
  i64: bigint;
  u64: bigint;
  f32: number;
  f64: number;
  bool: boolean;
}

interface ElementViews {
  i8: Int8Array<ArrayBuffer>;
  u8: Uint8Array<ArrayBuffer>;
  i16: Int16Array<ArrayBuffer>;
  u16: Uint16Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
  i64: BigInt64Array<ArrayBuffer>;
  u64: BigUint64Array<ArrayBuffer>;
  f32: Float32Array<ArrayBuffer>;
  f64: Float64Array<ArrayBuffer>;
  bool: Uint8Array<ArrayBuffer>;
}

/**
 * What an element is: integers with and without a sign, of 8 to 64 bits, floats of 32 and 64, and booleans. `i64` and
 * `u64` are bigint, `bool` is boolean, the rest number.
 */
export type ElementKind = keyof ElementTypes;
/** What a value of that kind is in JavaScript: a bigint for i64 and u64, a boolean for bool, else a number. */
export type ElementValue<K extends ElementKind> = ElementTypes[K];
/** The typed array over elements of a kind; that of `bool` is bytes, 0 false and all else true. */
export type ElementView<K extends ElementKind> = ElementViews[K];
/** What can be added to an element of a kind: nothing to a bool. */
export type ElementDelta<K extends ElementKind> = K extends "bool" ? never : ElementTypes[K];

type ViewConstructor<K extends ElementKind> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): ElementViews[K];
};

const views: { readonly [K in ElementKind]: ViewConstructor<K> } = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
  bool: Uint8Array,
};

export const bytesOf = (kind: ElementKind): number => views[kind].BYTES_PER_ELEMENT;

/** The typed array over `length` elements. */
export function viewOf<K extends ElementKind>(
  kind: K,
  buffer: ArrayBuffer,
  offset: number,
  length: number,
): ElementView<K> {
  const View: ViewConstructor<K> = views[kind];
  return new View(buffer, offset, length);
}

/** @throws UsageError naming what is no kind, and the kinds there are */
export function checkKind<K extends ElementKind>(kind: K, operation: string): K {
  if (typeof kind === "string" && Object.hasOwn(ELEMENT_KINDS, kind)) return kind;
  throw new UsageError(`${operation}: the kind is ${show(kind)}; allowed: ${Object.keys(ELEMENT_KINDS).join(" ")}`);
}

/** The kind behind a header's number, or `undefined` when this version has none. */
export function kindOf(detail: number): ElementKind | undefined {
  for (const kind of Object.keys(ELEMENT_KINDS) as ElementKind[]) if (ELEMENT_KINDS[kind] === detail) return kind;
  return undefined;
}

/** How an error shows a value. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

/** The error for a value that an element cannot hold. */
export function refusedValue(label: string, value: unknown, allowed: string): UsageError {
  const shown =
    typeof value === "bigint" || typeof value === "number" ? `the ${typeof value} ${show(value)}` : show(value);
  return new UsageError(`${label}: value is ${shown}; allowed: ${allowed}`);
}
