/** One row: how many tag bytes it takes, what follows the tag, and what it means. */
type Row = readonly [tags: number, layout: string, meaning: string];

/**
 * Every tag of the format `"structured"`, in the order of their bytes; the bytes are counted, never typed.
 * `docs/formats/structured.md` is printed from this table.
 */
export const structuredTags = {
  smallInteger: [64, "", "the integer is the tag itself"],
  shortLatin1: [32, "n bytes", "a string of n characters below U+0100, n = tag − first"],
  shortArray: [16, "n elements", "an array of length n = tag − first"],
  shortShaped: [16, "values", "a plain object of shape tag − first"],
  undefined: [1, "", ""],
  null: [1, "", ""],
  false: [1, "", ""],
  true: [1, "", ""],
  uint8: [1, "u8", ""],
  negative8: [1, "u8 n", "the integer −1 − n"],
  uint16: [1, "u16", ""],
  int32: [1, "i32", ""],
  float64: [1, "f64", "any other number, −0 and NaN too"],
  bigint64: [1, "i64", "a bigint of 64 bits"],
  bigint: [1, "u8 sign, varint n, n bytes", "any other bigint: sign 1 is negative; the magnitude, highest byte first"],
  latin1: [1, "varint n, n bytes", "a string of n characters below U+0100"],
  utf16: [
    1,
    "varint n, 2n bytes",
    "any other string: n UTF-16 code units, lone surrogates too, after a zero where they would not begin at an even byte of the message",
  ],
  array: [1, "varint n, n elements", "an array of length n"],
  holes: [1, "varint n", "in an array only: the next n elements are holes; n > 0"],
  arrayWithProperties: [
    1,
    "varint n, n elements, (string, value)…, end",
    "an array of length n that has other properties too",
  ],
  shape: [1, "varint n, varint m, m bytes of n keys, values", "a plain object; its keys become the next shape, from 0"],
  shaped: [1, "varint shape, values", "a plain object of a shape that came before"],
  object: [1, "(string, value)…, end", "a plain object whose keys are not worth a shape"],
  end: [1, "", "ends `object` and `arrayWithProperties`"],
  reference: [1, "varint n", "the same object as the n-th of the message, from 0"],
  date: [1, "f64", "milliseconds since 1970; NaN is an invalid date"],
  regexp: [1, "string, string", "source, flags"],
  map: [1, "varint n, 2n values", "key, value, key, value…"],
  set: [1, "varint n, n values", ""],
  boxed: [1, "value", "a Boolean, Number, String or BigInt object"],
  error: [1, "u8 kind, u8 fields, values", "the fields that are there, in the order of their bits"],
  arrayBuffer: [1, "varint buffer", "one of the buffers behind the value"],
  view: [1, "u8 kind, varint buffer, varint offset, varint length", "length in elements, offset in bytes"],
  instance: [1, "varint class, string name?, value", "an instance of a registered class: its state"],
  handle: [1, "varint n", "a shared object or a connection's end, from 0 in order; it travels beside the message"],
} as const satisfies Record<string, Row>;

export type TagName = keyof typeof structuredTags;

const tags = {} as Record<TagName, number>;
let count = 0;
for (const name of Object.keys(structuredTags) as TagName[]) {
  tags[name] = count;
  count += structuredTags[name][0];
}

/** The (first) byte of each tag. */
export const TAG: Readonly<Record<TagName, number>> = Object.freeze(tags);

/** How many bytes are tags; the rest are errors. */
export const TAG_COUNT = count;

/** The high four bits of a message's first byte. */
export const FORMAT_VERSION = 1;

/** The low bits of a message's first byte. */
export const FLAGS = Object.freeze({
  /** `reference` occurs, so the reader has to number the objects. */
  references: 1,
  /** Buffers stand behind the value, and the last {@link TRAILER_BYTES} say where they begin. */
  buffers: 2,
});

/** The last bytes of a message with buffers: where they begin, from the message's start. */
export const TRAILER_BYTES = 6;

/** The bytes of a buffer begin at a multiple of this, from the message's start. */
export const BUFFER_ALIGNMENT = 8;

/** The `kind` of a view; 64-bit and float16 kinds need a runtime that has them. */
export const viewKinds = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "Float16Array",
] as const;

/** The `kind` of an error. */
export const errorKinds = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
] as const;

/** The `fields` of an error, bit 0 first; the first four are strings. `name` is there when it is not the kind's. */
export const errorFields = ["message", "stack", "name", "code", "cause", "errors"] as const;

/** What a message may hold. The defaults are the same for both sides: what encodes, decodes. */
export interface DecodeLimits {
  /** How deep objects may lie in each other; 1000 by default. */
  maxDepth: number;
  /** How many array slots (holes count), map and set entries and object keys a message may have; 2^27 by default. */
  maxCount: number;
}

export const defaultLimits: Readonly<DecodeLimits> = Object.freeze({ maxDepth: 1000, maxCount: 2 ** 27 });

/** The longest source of a regular expression, in characters. */
export const MAX_REGEXP_SOURCE = 65_536;

/** The longest name of a registered class, in characters. */
export const MAX_CLASS_NAME = 255;
