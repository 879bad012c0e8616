import { NumpyArray, type NumpyData } from "./numpy-array.js";
import { NumpyDtype } from "./numpy-dtype.js";
import { type ParsedDtype, parseDtype } from "./parse-dtype.js";
import { fromBig } from "./pickle-input.js";
import { PythonComplex } from "./python-complex.js";
import { PythonGlobal, type ReadContext } from "./python-global.js";
import { textOfUtf32, typedArray } from "./typed-arrays.js";

const ndarray = new PythonGlobal("numpy", "ndarray");

const dtype = new PythonGlobal("numpy", "dtype", {
  call: ([text], context) => {
    if (typeof text !== "string" || parseDtype(text) === undefined)
      throw context.broken(`a numpy type that is not known here: ${String(text).slice(0, 50)}`);
    return Object.assign(Object.create(NumpyDtype.prototype) as object, { text });
  },
  setState: (type, state, context) => {
    const text = (type as NumpyDtype).text;
    const order = Array.isArray(state) ? state[1] : undefined;
    if (!(type instanceof NumpyDtype) || Object.isFrozen(type) || typeof order !== "string" || !/^[<>|=]$/.test(order))
      throw context.broken("a numpy type with an odd state");
    const bare = text.replace(/^[<>|=]/, "").replace(/^O8?$/, "O");
    Object.freeze(Object.assign(type, { text: order + bare + unitIn(state as unknown[]) }));
  },
});

export const numpyGlobals: readonly PythonGlobal[] = [
  ndarray,
  dtype,
  new PythonGlobal("numpy.core.multiarray", "_reconstruct", {
    call: ([type], context) => {
      if (type !== ndarray) throw context.broken("a numpy array of another class");
      return Object.create(NumpyArray.prototype) as object;
    },
    setState: (array, state, context) => {
      if (!(array instanceof NumpyArray) || Object.isFrozen(array) || !Array.isArray(state) || state.length !== 5)
        throw context.broken("a numpy array with an odd state");
      const [, shape, type, isFortran, raw] = state as unknown[];
      fill(array, raw, type, shape, isFortran === true, context);
    },
  }),
  new PythonGlobal("numpy.core.numeric", "_frombuffer", {
    call: ([raw, type, shape, order], context) =>
      fill(Object.create(NumpyArray.prototype) as NumpyArray, raw, type, shape, order === "F", context),
  }),
  new PythonGlobal("numpy.core.multiarray", "scalar", {
    call: ([type, raw], context) => {
      const array = fill(Object.create(NumpyArray.prototype) as NumpyArray, raw, type, [], false, context);
      return scalarOf(array);
    },
  }),
];

function fill(
  array: NumpyArray,
  raw: unknown,
  type: unknown,
  shape: unknown,
  isFortran: boolean,
  context: ReadContext,
): NumpyArray {
  const isShape =
    Array.isArray(shape) && shape.length <= 64 && shape.every((side) => Number.isSafeInteger(side) && side >= 0);
  const parsed = type instanceof NumpyDtype ? parseDtype(type.text) : undefined;
  if (!isShape || parsed === undefined) throw context.broken("a numpy array without type or shape");
  const count = (shape as number[]).reduce((product, side) => product * side, 1);
  const data = dataOf(parsed, raw, count, context);
  const text = (type as NumpyDtype).text.replace(/^[>=]/, "<");
  Object.assign(array, { data, dtype: text, shape: Object.freeze([...(shape as number[])]), isFortran });
  return Object.freeze(array);
}

function dataOf(type: ParsedDtype, raw: unknown, count: number, context: ReadContext): NumpyData {
  if (type.kind === "O") {
    if (!Array.isArray(raw) || raw.length !== count) throw context.broken("a numpy array of objects without its list");
    context.charge(count);
    return raw.map(context.settled, context);
  }
  if (!(raw instanceof Uint8Array) || raw.length !== count * type.bytes)
    throw context.broken(`a numpy array of ${count} elements with too few or too many bytes`);
  context.charge(raw.length);
  if (type.view !== undefined) {
    const isPair = type.kind === "c";
    const array = typedArray(type.view, raw, type.isBigEndian && type.bytes > 1);
    if (array !== undefined && (isPair ? array.length / 2 : array.length) === count) return array;
    throw context.broken("a numpy array that is none");
  }
  return Array.from({ length: count }, (_, index) => {
    const part = raw.subarray(index * type.bytes, (index + 1) * type.bytes);
    const text = type.kind === "U" ? textOfUtf32(part, type.isBigEndian) : withoutZeros(part);
    if (text === undefined) throw context.broken("a numpy string that is none");
    return typeof text === "string" ? trimmed(text) : text;
  });
}

/** A single number or text is just that; of dates and spans the array without dimensions stays. */
function scalarOf(array: NumpyArray): unknown {
  const { data, dtype } = array;
  if (/^.?[Mm]/.test(dtype) || (dtype.includes("f2") && data instanceof Uint16Array)) return array;
  if (/^.?c/.test(dtype)) return new PythonComplex(Number(data[0]), Number(data[1]));
  const [value] = data as readonly unknown[];
  if (/^.?b/.test(dtype)) return value !== 0;
  return typeof value === "bigint" ? fromBig(value) : value;
}

function trimmed(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === "\0") end--;
  return text.slice(0, end);
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return new Uint8Array(bytes.subarray(0, end));
}

/** `[ns]` of dates and spans: in the ninth field of the state, beside metadata of no meaning here. */
function unitIn(state: readonly unknown[]): string {
  const [, detail] = (Array.isArray(state[8]) ? state[8] : []) as unknown[];
  if (!Array.isArray(detail) || !(detail[0] instanceof Uint8Array) || detail[0].length > 7) return "";
  const name = Buffer.from(detail[0]).toString("latin1");
  const times = Number.isSafeInteger(detail[1]) && detail[1] !== 1 ? String(detail[1]) : "";
  return /^[A-Za-z]{1,7}$/.test(name) && /^\d{0,9}$/.test(times) && name !== "generic" ? `[${times}${name}]` : "";
}
