import { PythonComplex } from "./python-complex.js";
import { PythonConstant } from "./python-constant.js";
import { PythonDecimal } from "./python-decimal.js";
import { PythonFraction } from "./python-fraction.js";
import { type GlobalActions, PythonGlobal, type ReadContext } from "./python-global.js";
import { type PathKind, PythonPath } from "./python-path.js";
import { PythonRange } from "./python-range.js";
import { PythonSlice } from "./python-slice.js";
import { PythonUuid } from "./python-uuid.js";
import { integerOf } from "./read-text-values.js";
import { fieldOf } from "./state-fields.js";

/** Globals that only name a type, as a default dict's factory or as the base of a class. */
const types = ["bool", "bytes", "dict", "float", "int", "list", "object", "str", "tuple"];

const bare = new Map(types.map((name) => [name, new PythonGlobal("builtins", name, typeActions(name))]));

const uuidType = new PythonGlobal("uuid", "UUID", {
  create: () => Object.create(PythonUuid.prototype) as object,
  setState: (uuid, state, context) => {
    const value = fieldOf(state, "int");
    const isRight = (typeof value === "number" || typeof value === "bigint") && value >= 0 && value < 2n ** 128n;
    if (!isRight || Object.isFrozen(uuid)) throw context.broken("a UUID without its number");
    const hex = value.toString(16).padStart(32, "0");
    const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    Object.freeze(Object.assign(uuid, { text }));
  },
});

/** A class's method, as protocols before 4 name it. */
const getattr = new PythonGlobal("builtins", "getattr", {
  call: ([owner, name], context) => {
    const method = owner instanceof PythonGlobal ? methods.get(`${owner.fullName}.${String(name)}`) : undefined;
    if (method !== undefined) return method;
    const of = owner instanceof PythonGlobal ? owner.fullName : "a value";
    throw context.broken(`getattr(${of}, ${JSON.stringify(String(name).slice(0, 100))}) is not allowed`);
  },
});

const methods = new Map<string, PythonGlobal>();

/** Lets getattr find the method of a class. */
export function allowMethod(method: PythonGlobal): void {
  methods.set(method.fullName, method);
}

const paths: PathKind[] = ["PurePath", "PurePosixPath", "PureWindowsPath", "Path", "PosixPath", "WindowsPath"];

export const valueGlobals: readonly PythonGlobal[] = [
  ...bare.values(),
  getattr,
  new PythonGlobal("builtins", "complex", {
    call: ([re, im], context) => {
      if (typeof re !== "number" || typeof im !== "number") throw context.broken("a complex of something else");
      return new PythonComplex(re, im);
    },
  }),
  new PythonGlobal("builtins", "range", {
    call: (args, context) => {
      if (args.length !== 3 || !args.every(isInteger) || args[2] === 0) throw context.broken("a range of no integers");
      const [start, stop, step] = args as (number | bigint)[];
      return new PythonRange(start, stop, step);
    },
  }),
  new PythonGlobal("builtins", "slice", {
    call: (args, context) => {
      if (args.length !== 3) throw context.broken("a slice without its three parts");
      const [start, stop, step] = args.map(context.settled, context);
      return new PythonSlice(start, stop, step);
    },
  }),
  new PythonGlobal("builtins", "Ellipsis", { value: PythonConstant.Ellipsis }),
  new PythonGlobal("builtins", "NotImplemented", { value: PythonConstant.NotImplemented }),
  new PythonGlobal("decimal", "Decimal", {
    call: ([text], context) => {
      if (typeof text !== "string" || !/^[+-]?((\d+\.?\d*|\.\d+)(E[+-]?\d+)?|s?NaN\d*|Infinity|Inf)$/i.test(text))
        throw context.broken("a Decimal that is no number");
      return new PythonDecimal(text);
    },
  }),
  new PythonGlobal("fractions", "Fraction", { call: fraction }),
  uuidType,
  // whether a UUID is safe is not kept
  new PythonGlobal("uuid", "SafeUUID", { call: () => null }),
  ...paths.map(
    (kind) =>
      new PythonGlobal("pathlib", kind, {
        call: (parts, context) => {
          if (!parts.every((part) => typeof part === "string")) throw context.broken("a path of something else");
          context.charge((parts as string[]).reduce((length, part) => length + part.length, 0));
          return new PythonPath(kind, joined(kind, parts as string[]));
        },
      }),
  ),
  new PythonGlobal("_codecs", "encode", {
    call: ([text, encoding], context) => {
      const isLatin = encoding === "latin1" || encoding === "latin-1";
      if (typeof text !== "string" || !isLatin || /[^\0-\xff]/.test(text))
        throw context.broken("bytes that are not written as latin1");
      context.charge(text.length);
      return new Uint8Array(Buffer.from(text, "latin1"));
    },
  }),
  new PythonGlobal("builtins", "bytearray", { call: bytesOf }),
  new PythonGlobal("copyreg", "_reconstructor"),
  new PythonGlobal("copyreg", "__newobj__"),
];

/** What NEWOBJ makes of a global; undefined where it makes nothing. */
export function instanceOf(type: PythonGlobal, args: readonly unknown[], context: ReadContext): unknown {
  const make = type.actions.create ?? type.actions.call;
  if (make === undefined) throw context.broken(`${type.fullName} makes no values`);
  return make(args, context);
}

function typeActions(name: string): GlobalActions {
  if (name === "bytes") return { call: bytesOf };
  if (name !== "list" && name !== "tuple") return {};
  return {
    call: ([items = []], context) => {
      if (!Array.isArray(items)) throw context.broken(`a ${name} of something else`);
      context.charge(items.length);
      return items.map(context.settled, context);
    },
  };
}

function bytesOf(args: readonly unknown[], context: ReadContext): Uint8Array {
  const [value, encoding] = args;
  if (args.length === 0) return new Uint8Array(0);
  if (typeof value === "string" && (encoding === "latin-1" || encoding === "latin1") && !/[^\0-\xff]/.test(value)) {
    context.charge(value.length);
    return new Uint8Array(Buffer.from(value, "latin1"));
  }
  if (!(value instanceof Uint8Array)) throw context.broken("a bytearray of something else");
  context.charge(value.length);
  return new Uint8Array(value);
}

/** As pathlib joins them: a later part that begins at a root, or at a drive, counts alone. */
function joined(kind: PathKind, parts: readonly string[]): string {
  const isWindows = kind.includes("Windows");
  const separator = isWindows ? "\\" : "/";
  let first = 0;
  parts.forEach((part, index) => {
    if (part.startsWith(separator) || (isWindows && /^[A-Za-z]:|^\//.test(part))) first = index;
  });
  const drive = isWindows && /^[\\/](?![\\/])/.test(parts[first] ?? "") ? driveBefore(parts, first) : "";
  const [start = "", ...rest] = parts.slice(first);
  const isOpen = start === "" || start.endsWith(separator);
  const text = drive + start + (isOpen || rest.length === 0 ? "" : separator) + rest.join(separator);
  return text === "" ? "." : text;
}

function driveBefore(parts: readonly string[], end: number): string {
  for (let index = end - 1; index >= 0; index--) {
    const drive = /^[A-Za-z]:/.exec(parts[index]);
    if (drive !== null) return drive[0];
  }
  return "";
}

function fraction(args: readonly unknown[], context: ReadContext): PythonFraction {
  const [first] = args;
  const parts = typeof first === "string" && args.length === 1 ? first.split("/").map(integerOf) : args;
  const [numerator, denominator = 1] = parts;
  if (!isInteger(numerator) || !isInteger(denominator) || denominator === 0 || parts.length > 2)
    throw context.broken("a Fraction that is none");
  return new PythonFraction(numerator, denominator);
}

function isInteger(value: unknown): value is number | bigint {
  return Number.isSafeInteger(value) || typeof value === "bigint";
}
