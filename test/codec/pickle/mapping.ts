import {
  PythonComplex,
  PythonConstant,
  PythonCounter,
  PythonDate,
  PythonDateTime,
  PythonDecimal,
  PythonDefaultDict,
  PythonDeque,
  PythonError,
  PythonFraction,
  PythonOrderedDict,
  PythonPath,
  PythonRange,
  PythonSlice,
  PythonTime,
  PythonTimeDelta,
  PythonTimeZone,
  PythonTuple,
  PythonUuid,
  PythonZoneInfo,
} from "#src/codec/pickle/python-values.js";

/** A value of Python's, what it is here, and what comes back: the same where `back` is left out. */
export interface Arrival {
  readonly python: string;
  readonly here: string;
  readonly value: unknown;
  readonly back?: string;
  /** The first Python that has it. */
  readonly since?: number;
}

export const arrivals: readonly Arrival[] = [
  { python: "None", here: "null", value: null },
  { python: "True", here: "true", value: true },
  { python: "42", here: "a number within ±(2^53 − 1)", value: 42 },
  { python: "2**53", here: "else a bigint", value: 2n ** 53n },
  { python: "1.5", here: "a number", value: 1.5 },
  { python: "2.0", here: "a number", value: 2, back: "2" },
  { python: "-0.0", here: "a number", value: -0 },
  { python: "'aé\\ud800'", here: "a string; lone surrogates stay", value: "aé\ud800" },
  { python: "b'ab'", here: "a Uint8Array", value: Uint8Array.of(97, 98) },
  { python: "bytearray(b'ab')", here: "a Uint8Array", value: Uint8Array.of(97, 98), back: "b'ab'" },
  { python: "[1, 'a']", here: "an Array", value: [1, "a"] },
  { python: "(1, 'a')", here: "an Array", value: [1, "a"], back: "[1, 'a']" },
  { python: "{'a': 1, '__proto__': 2}", here: "a plain object: str keys only", value: ownProto() },
  {
    python: "{'b': 1, '10': 2}",
    here: "a plain object; keys that look like indices come first",
    value: { b: 1, "10": 2 },
    back: "{'10': 2, 'b': 1}",
  },
  {
    python: "{1: 'a', 'b': 2}",
    here: "a Map: any other keys",
    value: new Map<unknown, unknown>([
      [1, "a"],
      ["b", 2],
    ]),
  },
  {
    python: "{(1, 2): b'a'}",
    here: "a Map; a tuple as key is an Array",
    value: new Map([[[1, 2], Uint8Array.of(97)]]),
  },
  { python: "{b'k': 1}", here: "a Map; bytes as key are a Uint8Array", value: new Map([[Uint8Array.of(107), 1]]) },
  { python: "{1, 2}", here: "a Set", value: new Set([1, 2]) },
  { python: "frozenset({1})", here: "a Set", value: new Set([1]), back: "{1}" },
  { python: "{frozenset({1})}", here: "a Set in a Set", value: new Set([new Set([1])]) },
  {
    python: "datetime.datetime(2024, 1, 2, 3, 4, 5, 6000, datetime.timezone.utc)",
    here: "a Date: in UTC and whole milliseconds",
    value: new Date(Date.UTC(2024, 0, 2, 3, 4, 5, 6)),
  },
  {
    python: "datetime.datetime(2024, 1, 2, 3, 4, 5, 6)",
    here: "PythonDateTime, a Date with all fields: any other",
    value: new PythonDateTime({ year: 2024, month: 1, day: 2, hour: 3, minute: 4, second: 5, microsecond: 6 }),
  },
  {
    python: "datetime.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))",
    here: "PythonDateTime",
    value: new PythonDateTime({ year: 2024, month: 7, day: 1, zone: new PythonZoneInfo("Europe/Berlin") }),
    since: 9,
  },
  { python: "datetime.date(2024, 1, 31)", here: "PythonDate", value: new PythonDate(2024, 1, 31) },
  { python: "datetime.time(12, 30, 0, 250)", here: "PythonTime", value: new PythonTime(12, 30, 0, 250) },
  { python: "datetime.timedelta(1, 2, 3)", here: "PythonTimeDelta", value: new PythonTimeDelta(1, 2, 3) },
  {
    python: "datetime.timezone(datetime.timedelta(0, 3600))",
    here: "PythonTimeZone",
    value: new PythonTimeZone(new PythonTimeDelta(0, 3600)),
  },
  { python: "zoneinfo.ZoneInfo('UTC')", here: "PythonZoneInfo", value: new PythonZoneInfo("UTC"), since: 9 },
  { python: "decimal.Decimal('1.50')", here: "PythonDecimal", value: new PythonDecimal("1.50") },
  { python: "fractions.Fraction(1, 3)", here: "PythonFraction", value: new PythonFraction(1, 3) },
  {
    python: "uuid.UUID('00010203-0405-0607-0809-0a0b0c0d0e0f')",
    here: "PythonUuid",
    value: new PythonUuid("00010203-0405-0607-0809-0a0b0c0d0e0f"),
  },
  { python: "complex(1, -2.5)", here: "PythonComplex", value: new PythonComplex(1, -2.5) },
  { python: "range(0, 10, 3)", here: "PythonRange, iterable", value: new PythonRange(0, 10, 3) },
  { python: "slice(1, None, 2)", here: "PythonSlice", value: new PythonSlice(1, null, 2) },
  { python: "Ellipsis", here: "PythonConstant.Ellipsis", value: PythonConstant.Ellipsis },
  { python: "NotImplemented", here: "PythonConstant.NotImplemented", value: PythonConstant.NotImplemented },
  { python: "OrderedDict([('b', 1)])", here: "PythonOrderedDict, a Map", value: new PythonOrderedDict([["b", 1]]) },
  {
    python: "defaultdict(list, {'a': [1]})",
    here: "PythonDefaultDict, a Map; its factory is a name",
    value: new PythonDefaultDict("builtins.list", [["a", [1]]]),
  },
  {
    python: "Counter('aab')",
    here: "PythonCounter, a Map",
    value: new PythonCounter([
      ["a", 2],
      ["b", 1],
    ]),
  },
  { python: "deque([1, 2], 5)", here: "PythonDeque, an Array", value: new PythonDeque([1, 2], 5) },
  {
    python: "pathlib.PurePosixPath('/a/b')",
    here: "PythonPath; also Path, PosixPath, WindowsPath, PurePath, PureWindowsPath",
    value: new PythonPath("PurePosixPath", "/a/b"),
  },
  { python: "array.array('d', [1.5])", here: "Float64Array", value: Float64Array.of(1.5) },
  { python: "array.array('f', [1.5])", here: "Float32Array", value: Float32Array.of(1.5) },
  { python: "array.array('b', [-1])", here: "Int8Array", value: Int8Array.of(-1) },
  {
    python: "array.array('B', [1])",
    here: "Uint8ClampedArray, as a Uint8Array is bytes",
    value: Uint8ClampedArray.of(1),
  },
  { python: "array.array('h', [-1])", here: "Int16Array; `H` Uint16Array", value: Int16Array.of(-1) },
  { python: "array.array('i', [-1])", here: "Int32Array; `I` Uint32Array", value: Int32Array.of(-1) },
  { python: "array.array('q', [-1])", here: "BigInt64Array; `Q` BigUint64Array", value: BigInt64Array.of(-1n) },
  {
    python: "array.array('l', [-1])",
    here: "by its width: here BigInt64Array",
    value: BigInt64Array.of(-1n),
    back: "array.array('q', [-1])",
  },
  { python: "array.array('u', 'ab')", here: "a string", value: "ab", back: "'ab'" },
  {
    python: "ValueError('a', 1)",
    here: "PythonError: name, message, args, attributes",
    value: new PythonError("builtins", "ValueError", ["a", 1]),
  },
];

/** A value of ours, and what it is in Python. */
export interface Departure {
  readonly here: string;
  readonly value: unknown;
  readonly python: string;
}

export const departures: readonly Departure[] = [
  { here: "undefined, a hole in an Array", value: [undefined, ...new Array(1), null], python: "[None, None, None]" },
  {
    here: "an integer within ±(2^53 − 1), a bigint",
    value: [7, -0, 2 ** 53, 5n],
    python: "[7, -0.0, 9007199254740992.0, 5]",
  },
  {
    here: "a Map, also as a key's value; Arrays in keys",
    value: new Map([[[1, [2]], "a"]]),
    python: "{(1, (2,)): 'a'}",
  },
  { here: "a Set in a key", value: new Map([[new Set(["a"]), 1]]), python: "{frozenset({'a'}): 1}" },
  { here: "PythonTuple", value: new PythonTuple([1, [2]]), python: "(1, [2])" },
  {
    here: "Uint8Array, Buffer, ArrayBuffer, DataView",
    value: [Uint8Array.of(97), Buffer.from("b"), Uint8Array.of(99).buffer, new DataView(Uint8Array.of(100).buffer)],
    python: "[b'a', b'b', b'c', b'd']",
  },
  { here: "any other typed array", value: Int16Array.of(1, -2), python: "array.array('h', [1, -2])" },
  { here: "Date", value: new Date(5), python: "datetime.datetime(1970, 1, 1, 0, 0, 0, 5000, datetime.timezone.utc)" },
  { here: "Error, EvalError, AggregateError", value: new Error("no"), python: "Exception('no')" },
  { here: "TypeError", value: new TypeError("no"), python: "TypeError('no')" },
  { here: "RangeError, URIError", value: new RangeError("no"), python: "ValueError('no')" },
  { here: "ReferenceError", value: new ReferenceError("no"), python: "NameError('no')" },
  { here: "SyntaxError", value: new SyntaxError("no"), python: "SyntaxError('no')" },
  { here: "an object without a prototype", value: Object.assign(Object.create(null), { a: 1 }), python: "{'a': 1}" },
];

function ownProto(): object {
  return JSON.parse('{"a":1,"__proto__":2}') as object;
}
