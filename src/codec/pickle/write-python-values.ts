import { NumpyArray } from "./numpy-array.js";
import { NumpyDtype } from "./numpy-dtype.js";
import { type ParsedDtype, parseDtype } from "./parse-dtype.js";
import type { PickleWriter, WriteObject } from "./pickle-writer.js";
import { PythonComplex } from "./python-complex.js";
import { PythonConstant } from "./python-constant.js";
import { PythonCounter } from "./python-counter.js";
import { PythonDecimal } from "./python-decimal.js";
import { PythonDefaultDict } from "./python-default-dict.js";
import { PythonDeque } from "./python-deque.js";
import { PythonFraction } from "./python-fraction.js";
import { PythonOrderedDict } from "./python-ordered-dict.js";
import { PythonPath } from "./python-path.js";
import { PythonRange } from "./python-range.js";
import { PythonSlice } from "./python-slice.js";
import { PythonTuple } from "./python-tuple.js";
import { PythonUuid } from "./python-uuid.js";
import { arrayCodes, bytesOfArray, utf32OfText } from "./typed-arrays.js";
import { WrittenGlobal } from "./written-global.js";

const global = (module: string, name: string): WrittenGlobal => new WrittenGlobal(module, name);
const reconstructor = global("array", "_array_reconstructor");
const arrayType = global("array", "array");
const dtypeType = global("numpy", "dtype");

/** A writer for the instances of exactly one class. */
function of<T extends object>(
  type: { readonly prototype: T },
  write: (writer: PickleWriter, value: T) => void,
): [object, WriteObject] {
  return [type.prototype, write as WriteObject];
}

/** How what Python has and JavaScript has not is written, and typed arrays. */
export const pythonValueWriters: readonly (readonly [object, WriteObject])[] = [
  of(PythonComplex, (writer, value) => writer.call(value, global("builtins", "complex"), [value.re, value.im])),
  of(PythonRange, (writer, value) =>
    writer.call(value, global("builtins", "range"), [value.start, value.stop, value.step]),
  ),
  of(PythonSlice, (writer, value) =>
    writer.call(value, global("builtins", "slice"), [value.start, value.stop, value.step]),
  ),
  of(PythonConstant, (writer, value) => writer.global(global("builtins", value.name))),
  of(PythonDecimal, (writer, value) => writer.call(value, global("decimal", "Decimal"), [value.text])),
  of(PythonFraction, (writer, value) =>
    writer.call(value, global("fractions", "Fraction"), [value.numerator, value.denominator]),
  ),
  of(PythonUuid, (writer, value) => {
    const hex = value.text.replaceAll("-", "");
    if (!/^[\da-f]{32}$/i.test(hex))
      throw writer.refusal(`a UUID that is none: ${JSON.stringify(value.text.slice(0, 50))}`);
    writer.call(value, global("uuid", "UUID"), [], { isNew: true, state: { int: BigInt(`0x${hex}`) } });
  }),
  of(PythonPath, (writer, value) => writer.call(value, global("pathlib", value.kind), [value.text])),
  of(PythonOrderedDict, (writer, value) =>
    writer.call(value, global("collections", "OrderedDict"), [], { entries: [...value].flat(1) }),
  ),
  of(PythonCounter, (writer, value) => writer.call(value, global("collections", "Counter"), [new Map(value)])),
  of(PythonDefaultDict, (writer, value) => {
    const dot = value.factory?.lastIndexOf(".") ?? -1;
    const factory = value.factory === null ? null : global(value.factory.slice(0, dot), value.factory.slice(dot + 1));
    if (dot <= 0 && factory !== null)
      throw writer.refusal(`a factory without a module: ${JSON.stringify(value.factory)}`);
    writer.call(value, global("collections", "defaultdict"), factory === null ? [] : [factory], {
      entries: [...value].flat(1),
    });
  }),
  of(PythonDeque, (writer, value) =>
    writer.call(
      value,
      global("collections", "deque"),
      value.maxLength === null ? [] : [new PythonTuple([]), value.maxLength],
      {
        items: value,
      },
    ),
  ),
  of(NumpyArray, writeNumpyArray),
  of(NumpyDtype, (writer, value) => {
    const parsed = parseDtype(value.text);
    if (parsed === undefined) throw writer.refusal(`a numpy type that is not known here: ${value.text}`);
    const { args, state } = dtypeParts(parsed);
    writer.call(value, dtypeType, args, { state });
  }),
  ...[...arrayCodes].map(([prototype, [code, format]]): [object, WriteObject] => [
    prototype,
    (writer, value) =>
      writer.call(value, reconstructor, [arrayType, code, format, bytesOfArray(value as NodeJS.TypedArray)]),
  ]),
  ...float16Writer(),
];

/** There is none before Node 24. Python has no array of them: they become floats of 32 bits, which hold each exactly. */
function float16Writer(): [object, WriteObject][] {
  const type = (globalThis as unknown as { Float16Array?: { readonly prototype: object } }).Float16Array;
  if (type === undefined) return [];
  const write: WriteObject = (writer, value) => {
    const floats = Float32Array.from(value as unknown as Iterable<number>);
    writer.call(value, reconstructor, [arrayType, "f", 14, bytesOfArray(floats)]);
  };
  return [[type.prototype, write]];
}

function writeNumpyArray(writer: PickleWriter, value: NumpyArray): void {
  const parsed = parseDtype(value.dtype ?? "");
  if (parsed === undefined) throw writer.refusal(`a numpy array of a type that is not known here: ${value.dtype}`);
  const raw = rawOf(writer, value, parsed);
  const state = [1, new PythonTuple(value.shape), new NumpyDtype(value.dtype), value.isFortran, raw];
  const args = [global("numpy", "ndarray"), new PythonTuple([0]), new Uint8Array([98])];
  writer.call(value, global("numpy.core.multiarray", "_reconstruct"), args, { state: new PythonTuple(state) });
}

function rawOf(writer: PickleWriter, { data }: NumpyArray, type: ParsedDtype): Uint8Array | unknown[] {
  if (ArrayBuffer.isView(data)) return bytesOfArray(data);
  if (type.kind === "O") return [...data];
  const raw = new Uint8Array(data.length * type.bytes);
  data.forEach((item, index) => {
    const piece =
      type.kind === "U" && typeof item === "string"
        ? utf32OfText(item, type.bytes)
        : type.kind === "S" && item instanceof Uint8Array && item.length <= type.bytes
          ? item
          : undefined;
    if (piece === undefined)
      throw writer.refusal(`element ${index} of a numpy array of type ${type.kind} does not fit it`);
    raw.set(piece, index * type.bytes);
  });
  return raw;
}

/** What makes a numpy type, as numpy itself writes it. */
function dtypeParts(type: ParsedDtype): { args: unknown[]; state: PythonTuple } {
  const { kind, bytes, unit } = type;
  const code = kind === "U" ? `U${bytes / 4}` : `${kind}${bytes}`;
  const isOrderless = bytes === 1 || kind === "S" || kind === "O";
  const size =
    kind === "U" || kind === "S"
      ? [bytes, kind === "U" ? 4 : 1, kind === "U" ? 8 : 0]
      : [-1, -1, kind === "O" ? 63 : 0];
  const order = isOrderless ? "|" : type.isBigEndian ? ">" : "<";
  const fields: unknown[] = [3, order, null, null, null, ...size];
  if (kind === "M" || kind === "m") {
    const [, times = "", name = "generic"] = /^(\d*)(.+)$/.exec(unit ?? "generic") ?? [];
    fields[0] = 4;
    fields.push(new PythonTuple([{}, new PythonTuple([new Uint8Array(Buffer.from(name)), Number(times || 1), 1, 1])]));
  }
  return { args: [code, false, true], state: new PythonTuple(fields) };
}
