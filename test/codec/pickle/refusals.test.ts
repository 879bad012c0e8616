import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import { PythonDefaultDict, PythonError, PythonTuple } from "#src/codec/pickle/python-values.js";
import { CodecError, UsageError } from "#src/errors.js";

const codec = pickleCodec();
const latin1 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

function assertRefused(pickle: string, what: RegExp): void {
  assert.throws(
    () => codec.decode(latin1(pickle)),
    (error) => {
      assert.ok(error instanceof CodecError, String((error as Error).stack));
      assert.match(error.message, /at byte \d+ of the pickle$/);
      assert.match(error.message, what);
      return true;
    },
    JSON.stringify(pickle),
  );
}

describe("pickle: what is not read", () => {
  test("smoke: a global that is not on the list is refused by its module and name", () => {
    assertRefused("cos\nsystem\n(S'true'\ntR.", /the global os\.system is not allowed/);
    assertRefused("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", /the global os\.system is not allowed/);
    assertRefused("(S'true'\nios\nsystem\n.", /the global os\.system is not allowed/);
    assertRefused("(cos\nsystem\nS'true'\no.", /the global os\.system is not allowed/);
    assertRefused("cposix\nsystem\n)\x81.", /the global posix\.system is not allowed/);
    for (const name of ["eval", "exec", "open", "__import__", "print", "type", "map"])
      assertRefused(`c__builtin__\n${name}\n.`, new RegExp(`the global builtins\\.${name} is not allowed`));
  });

  test("names with dots, of prototypes and of nothing lead nowhere", () => {
    for (const name of [
      "a.b",
      "int.__subclasses__",
      "__proto__",
      "constructor",
      "toString",
      "",
      "hasOwnProperty",
      "int:int",
    ])
      assertRefused(`cbuiltins\n${name}\n.`, /is not allowed/);
    for (const module of ["__proto__", "constructor", "", "builtins.int", "toString"])
      assertRefused(`c${module}\nint\n.`, /is not allowed/);
    assertRefused("\x80\x04\x8c\x08builtinsK\x01\x93.", /a global whose name is no str/);
    assertRefused("\x80\x04N\x8c\x03int\x93.", /a global whose name is no str/);
  });

  test("getattr finds nothing but the method that time zones need", () => {
    assertRefused(
      "c__builtin__\ngetattr\n(cdatetime\ndatetime\nVnow\ntR.",
      /getattr\(datetime\.datetime, "now"\) is not allowed/,
    );
    assertRefused("c__builtin__\ngetattr\n(Vabc\nVupper\ntR.", /getattr\(a value, "upper"\) is not allowed/);
  });

  test("a type or a function by itself is no value, wherever it lies", () => {
    const float = "cbuiltins\nfloat\n";
    const places: readonly string[] = [
      `${float}.`,
      `(l${float}a.`,
      `](${float}e.`,
      `${float}\x85.`,
      `(${float}t\x85\x85.`,
      `]${float}\x85a.`,
      `}V1\n${float}s.`,
      `}${float}Na.`,
      `}${float}Ns.`,
      `\x8f(${float}\x90.`,
      `(${float}\x91.`,
      `(${float}l.`,
      `(Vk\n${float}d.`,
      `cbuiltins\nValueError\n${float}\x85R.`,
      `ccollections\ndeque\n](${float}e\x85R.`,
      `ccollections\ndeque\n${float}\x85\x85R.`,
      `cbuiltins\nslice\n${float}NN\x87R.`,
      `cbuiltins\nset\n${float}\x85\x85R.`,
      `cbuiltins\nlist\n${float}\x85\x85R.`,
    ];
    for (const pickle of places) assertRefused(pickle, /builtins\.float is no value|what is no list gets elements/);
    assertRefused(`${float})R.`, /the global builtins\.float is not one to call/);
    assertRefused(`${float})\x81.`, /builtins\.float makes no values/);
    assertRefused("NN\x85R.", /what is called is no global/);
    assertRefused("cbuiltins\ncomplex\nNR.", /builtins\.complex is called without a tuple/);
  });

  test("persistent ids, extension codes, unknown instructions and newer protocols are refused", () => {
    assertRefused("Pid\n.", /a persistent id/);
    assertRefused("VidQ.", /a line has no end/);
    assertRefused("Vid\nQ.", /a persistent id/);
    for (const code of ["\x82\x01", "\x83\x01\x00", "\x84\x01\x00\x00\x00"])
      assertRefused(`\x80\x02${code}.`, /an extension code/);
    assertRefused("\xff.", /0xff is no instruction/);
    assertRefused("\x00.", /0x00 is no instruction/);
    assertRefused("\x80\x06N.", /protocol 6; up to 5 is understood/);
    assertRefused("\x80\x05\x97.", /buffer 0 beside the pickle; given were 0/);
  });

  test("instructions that find the wrong things on the stack are refused", () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ["", /ends too early/],
      [".", /the stack is too short/],
      ["0.", /no mark is there/],
      ["1.", /no mark is there/],
      ["2.", /the stack is too short/],
      ["t.", /no mark is there/],
      ["e.", /no mark is there/],
      ["(e.", /what is no list gets elements/],
      ["N(Ne.", /what is no list gets elements/],
      ["]N(Ne.", /what is no list gets elements/],
      ["NNa.", /what is no list gets elements/],
      ["(Na.", /the stack is too short/],
      ["NVk\nNs.", /what is no dict gets keys/],
      ["}(Nu.", /a key without a value/],
      ["](NNu.", /what is no dict gets keys/],
      ["](N\x90.", /what is no set gets elements/],
      ["}}Ns.", /a dict with a key that Python cannot hash/],
      ["\x8f(}\x90.", /an element that Python cannot hash/],
      ["(}\x91.", /an element that Python cannot hash/],
      ["N}Vk\nNsb.", /a state for what has none/],
      ["]}Vk\nNsb.", /a state for what has none/],
      ["(Nb.", /the stack is too short/],
      ["q\x00.", /the stack is too short/],
      ["h\x00.", /nothing is in the memo under 0/],
      ["g5\n.", /nothing is in the memo under 5/],
      ["g-1\n.", /a memo's number that is none/],
      ["Np1.5\n.", /a memo's number that is none/],
      ["I1x\n.", /an int that is none/],
      ["L\n.", /an int that is none/],
      ["F1e\n.", /a float that is none/],
      ["V\\u12\n.", /a str that is none/],
      ["V\\U00110000\n.", /a str that is none/],
      ["S'a\n.", /a str that is none/],
      ["S'\\xe9'\n.", /a Python 2 str that is not ASCII/],
      ["T\xff\xff\xff\xff.", /a length of -1/],
      ["X\x02\x00\x00\x00\xc3(.", /a str is no UTF-8/],
      ["\x8c\x03\xed\xa0(.", /a str is no UTF-8/],
      ["\x8c\x02\xed\xa0.", /a str is no UTF-8/],
    ];
    for (const [pickle, what] of wrong) assertRefused(pickle, what);
  });

  test("what a list of allowed names is called with is checked", () => {
    const calls: readonly (readonly [string, string, RegExp])[] = [
      ["datetime datetime", "C\x0a\x07\xe8\x0d\x01\x00\x00\x00\x00\x00\x00\x85", /a day that no calendar has/],
      ["datetime datetime", "C\x0a\x07\xe7\x02\x1d\x00\x00\x00\x00\x00\x00\x85", /a day that no calendar has/],
      ["datetime datetime", "C\x0a\x07\xe8\x01\x01\x18\x00\x00\x00\x00\x00\x85", /a time that no clock has/],
      ["datetime datetime", "C\x03abc\x85", /without its 10 bytes/],
      ["datetime datetime", "C\x0a\x07\xe8\x01\x01\x00\x00\x00\x00\x00\x00N\x85\x86", /a time zone of another kind/],
      ["datetime date", ")", /without its 4 bytes/],
      ["datetime timedelta", "NNN\x87", /out of range/],
      ["datetime timezone", "K\x01\x85", /out of range/],
      ["zoneinfo ZoneInfo", "K\x01\x85", /a ZoneInfo without a key/],
      ["decimal Decimal", "V1;2\n\x85", /a Decimal that is no number/],
      ["fractions Fraction", "K\x01K\x00\x86", /a Fraction that is none/],
      ["builtins complex", "Vx\nK\x01\x86", /a complex of something else/],
      ["builtins range", "K\x01K\x02K\x00\x87", /a range of no integers/],
      ["builtins slice", "K\x01\x85", /a slice without its three parts/],
      ["builtins set", "K\x01\x85", /a set of something else/],
      ["builtins bytearray", "K\x05\x85", /a bytearray of something else/],
      ["builtins bytes", "J\xff\xff\xff\x7f\x85", /of something else/],
      ["_codecs encode", "Vx\nVrot13\n\x86", /bytes that are not written as latin1/],
      ["collections deque", "]K\x05K\x06\x86\x86", /a deque of something else/],
      ["collections OrderedDict", "]K\x01a\x85", /a dict of something else/],
      ["collections defaultdict", "K\x01\x85", /a defaultdict whose factory is no global/],
      ["array array", "Vz\n]\x86", /an array of type/],
      ["array array", "Vi\n]Va\na\x86", /with other items/],
      ["pathlib PurePath", "K\x01\x85", /a path of something else/],
      ["uuid UUID", ")", /uuid\.UUID is not one to call/],
      ["numpy dtype", "VV8\n\x85", /a numpy type that is not known here/],
      ["numpy.core.multiarray _reconstruct", "N\x85", /a numpy array of another class/],
      ["multiprocessing.pool rebuild_exc", "NN\x86", /a traceback of no exception/],
    ];
    for (const [name, args, what] of calls) {
      assertRefused(`c${name.replace(" ", "\n")}\n${args}R.`, what);
    }
    assertRefused("cuuid\nUUID\n)\x81.", /a PythonUuid without its state/);
    assertRefused("cuuid\nUUID\n)\x81}Vint\nJ\xff\xff\xff\xffsb.", /a UUID without its number/);
    assertRefused("cbuiltins\nValueError\n)RK\x01b.", /an exception with an odd state/);
    assertRefused(
      "carray\n_array_reconstructor\n(carray\narray\nVi\nK\x08C\x03abctR.",
      /an array of format 8 and 3 bytes/,
    );
  });

  test("keyword arguments of an instance are refused, and none of them are not", () => {
    assertRefused("\x80\x04cbuiltins\nValueError\n)}Va\nNs\x92.", /with keyword arguments/);
    assert.ok(codec.decode(latin1("\x80\x04cbuiltins\nValueError\n)}\x92.")) instanceof PythonError);
  });

  test("two NaNs in a set, or as keys of a dict, are refused: one of them would be lost", () => {
    const nan = "Fnan\n";
    assertRefused(`\x8f(${nan}${nan}\x90.`, /a second NaN in a set/);
    assertRefused(`}(${nan}K\x01${nan}K\x02u.`, /a second NaN as key/);
    assert.deepEqual(codec.decode(latin1(`\x8f(${nan}\x90.`)), new Set([Number.NaN]));
  });
});

describe("pickle: what is not written", () => {
  class Unknown {
    a = 1;
  }

  const refused: readonly (readonly [string, unknown, RegExp])[] = [
    ["a function", { jobs: [1, { run() {} }] }, /a function \(run\) cannot be sent, at value\.jobs\[1\]\.run/],
    ["a symbol", [Symbol("x")], /a symbol \(x\) cannot be sent, at value\[0\]/],
    [
      "an instance of a class that is not registered",
      new Map([["k", new Unknown()]]),
      /an instance of class Unknown cannot be sent.*at value\.get\("k"\)/,
    ],
    ["an instance of a class that extends Map", new (class Own extends Map {})(), /cannot be sent/],
    ["a regular expression", [/a/], /a RegExp cannot be sent, at value\[0\]/],
    ["a Promise", Promise.resolve(), /a Promise cannot be sent/],
    ["a Proxy", new Proxy({}, {}), /a Proxy cannot be sent/],
    ["a WeakMap", new WeakMap(), /a WeakMap cannot be sent/],
    ["a boxed value", [Object(1)], /cannot be sent, at value\[0\]/],
    ["a SharedArrayBuffer", new SharedArrayBuffer(1), /a SharedArrayBuffer cannot be sent/],
    ["an invalid Date", { at: new Date(Number.NaN) }, /an invalid Date is no datetime, at value\.at/],
    ["a Date before the year 1", new Date(-1e14), /Python has the years 1 to 9999/],
    ["an object as a key", new Map([[{}, 1]]), /Python allows no such key .* \(key 0 of the Map\)/],
    ["a Map in a Set", new Set([new Map()]), /Python allows no such key .* \(element 0 of the Set\)/],
    ["a typed array as a key", new Map([[new Int8Array(1), 1]]), /Python allows no such key/],
    [
      "an object in an Array that is a key",
      new Map([[[1, {}], 1]]),
      /Python allows no such key .* \(key 0 of the Map\)\[1\]/,
    ],
    [
      "an exception that is not on the list",
      new PythonError("os", "system", ["x"]),
      /the exception os\.system is not allowed/,
    ],
    ["a factory without a module", new PythonDefaultDict("int"), /a factory without a module: "int"/],
  ];
  for (const [what, value, message] of refused) {
    test(`${what} is refused, with what and where`, () => {
      assert.throws(
        () => codec.encode(value),
        (error) => error instanceof CodecError && message.test(error.message) && error.message.startsWith("encode: "),
        message.source,
      );
    });
  }

  test("an Array as key that contains itself, and an error among its own arguments, are refused", () => {
    const key: unknown[] = [];
    key.push(key);
    assert.throws(() => codec.encode(new Map([[key, 1]])), /contains itself where Python has to have it complete/);
    const args: unknown[] = [];
    const error = new PythonError("builtins", "ValueError", args);
    args.push(error);
    assert.throws(() => codec.encode(error), /contains itself/);
    const inner: unknown[] = [];
    const tuple = new PythonTuple([inner]);
    inner.push(tuple);
    assert.throws(() => codec.encode(tuple), /contains itself/);
  });

  test("after a refusal the codec goes on as before", () => {
    assert.throws(() => codec.encode([{}, () => 1]), CodecError);
    assert.deepEqual(codec.decode(codec.encode([{}, 1])), [{}, 1]);
    assert.throws(() => codec.decode(latin1("((((]q\x00")), CodecError);
    assert.throws(() => codec.decode(latin1("h\x00.")), /nothing is in the memo/);
  });

  test("what another realm has made is written like ours", () => {
    const value: unknown = runInNewContext(
      "({ a: [1, new Map([[1, 2]]), new Set([3]), new Date(0)], b: new TypeError('no') })",
    );
    const result = codec.decode(codec.encode(value)) as { a: unknown[]; b: PythonError };
    assert.deepEqual(result.a, [1, new Map([[1, 2]]), new Set([3]), new Date(0)]);
    assert.equal(result.b.name, "TypeError");
  });
});

describe("pickle: options that are none", () => {
  test("a global's name that is none, and an entry that says nothing, are UsageErrors", () => {
    for (const name of ["Order", "", ".Order", "shop.", "shop:", ":x", "a:b:c"])
      assert.throws(() => pickleCodec({ globals: { [name]: { value: 1 } } }), UsageError, name);
    assert.throws(() => pickleCodec({ globals: { "shop.Order": {} } }), /shop\.Order needs class, create or value/);
    assert.throws(() => pickleCodec({ encoding: "utf8" as "ascii" }), /allowed: "ascii", "latin1", "bytes"/);
  });
});
