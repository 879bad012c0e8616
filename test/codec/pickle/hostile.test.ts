import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { knownGlobals } from "#src/codec/pickle/known-globals.js";
import { OP, pickleOpcodes } from "#src/codec/pickle/pickle.layout.js";
import { pickleCodec } from "#src/codec/pickle/pickle-codec.js";
import { CodecError } from "#src/errors.js";
import { arrivals, departures } from "./mapping.js";
import { pythons } from "./pythons.js";
import { pickled } from "./run-python.js";

const TRIES = process.env.INTERPROC_TEST === "fast" ? 5_000 : 50_000;
const codec = pickleCodec();
const python = pythons().at(-1);

/** Valid pickles, from Python in every protocol and from here. */
const corpus: Uint8Array[] = [
  ...departures.map(({ value }) => codec.encode(value)),
  ...(python === undefined
    ? []
    : [0, 1, 2, 3, 4, 5].flatMap((protocol) =>
        pickled(
          python,
          arrivals.map((row) => row.python),
          protocol,
        ),
      )),
];

/** A value, or undefined when the bytes are refused; anything else fails the test. */
function attempt(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: codec.decode(bytes) };
  } catch (error) {
    assert.ok(
      error instanceof CodecError,
      `${String((error as Error).stack)} from ${Buffer.from(bytes).toString("hex")}`,
    );
    return undefined;
  }
}

/** What can be read can be written, unless a hostile pickle put together what Python could not have. */
function attemptBoth(bytes: Uint8Array): boolean {
  const read = attempt(bytes);
  if (read === undefined) return false;
  let again: Uint8Array;
  try {
    again = codec.encode(read.value);
  } catch (error) {
    assert.ok(
      error instanceof CodecError,
      `${String((error as Error).stack)} from ${Buffer.from(bytes).toString("hex")}`,
    );
    return true;
  }
  assert.ok(attempt(again) !== undefined, `written and not read: ${Buffer.from(bytes).toString("hex")}`);
  return true;
}

/** A generator of whole numbers below `limit` that begins the same for the same seed. */
function random(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const opcodes = Object.values(pickleOpcodes).map(([byte]) => byte as number);

function mutated(pickle: Uint8Array, next: (limit: number) => number): Uint8Array {
  let bytes = [...pickle];
  for (let times = 1 + next(3); times > 0; times--) {
    const at = next(bytes.length + 1);
    const kinds = [
      () => (bytes[at] = next(256)),
      () => (bytes[at] ^= 1 << next(8)),
      () => (bytes[at] = opcodes[next(opcodes.length)]),
      () => bytes.splice(at, 0, opcodes[next(opcodes.length)]),
      () => bytes.splice(at, 1 + next(4)),
      () => bytes.splice(at, 0, ...bytes.slice(next(bytes.length + 1)).slice(0, 1 + next(20))),
      () => (bytes = bytes.slice(0, at)),
    ];
    kinds[next(kinds.length)]();
  }
  return Uint8Array.from(bytes.map((byte) => byte & 0xff));
}

const text = (value: string): number[] => [...Buffer.from(value, "latin1")];
const short = (value: string): number[] => [OP.SHORT_BINUNICODE, Buffer.byteLength(value), ...Buffer.from(value)];
const globals = [...knownGlobals.values()];

/** One instruction with an argument that could be right. */
function instruction(next: (limit: number) => number): number[] {
  const op = opcodes[next(opcodes.length)];
  const values: readonly (() => number[])[] = [
    () => [OP.BININT1, next(5)],
    () => short(["a", "__proto__", "int", "i", "constructor", "<"][next(6)]),
    () => [OP.SHORT_BINBYTES, 4, 1, 2, 3, 4],
    () => [OP.EMPTY_DICT],
    () => [OP.EMPTY_LIST],
    () => [OP.MEMOIZE],
    () => [OP.BINGET, next(6)],
    () => [OP.MARK],
    () => [OP.TUPLE],
    () => [OP.REDUCE],
    () => [OP.NEWOBJ],
    () => [OP.SETITEM],
    () => [OP.BUILD],
    () => {
      const { module, name } = globals[next(globals.length)];
      return [OP.GLOBAL, ...text(`${module}\n${name}\n`)];
    },
  ];
  if (next(3) > 0) return values[next(values.length)]();
  switch (op) {
    case OP.STOP:
      return [OP.NONE];
    case OP.INT:
    case OP.LONG:
    case OP.FLOAT:
    case OP.UNICODE:
    case OP.GET:
    case OP.PUT:
      return [op, ...text(`${next(4)}\n`)];
    case OP.STRING:
      return [op, ...text("'a'\n")];
    case OP.GLOBAL:
    case OP.INST: {
      const { module, name } = globals[next(globals.length)];
      return [op, ...text(`${module}\n${name}\n`)];
    }
    case OP.BINGET:
    case OP.BINPUT:
    case OP.BININT1:
      return [op, next(6)];
    case OP.SHORT_BINUNICODE:
    case OP.SHORT_BINBYTES:
    case OP.SHORT_BINSTRING:
    case OP.LONG1:
      return [op, 2, 65, 66];
    case OP.PROTO:
      return [op, next(6)];
    default: {
      const bytes = /u(\d+)|i(32)|f(64)/.exec(pickleOpcodes[nameOf(op)][2]);
      return [
        op,
        ...Array.from({ length: bytes === null ? 0 : Number(bytes[1] ?? bytes[2] ?? bytes[3]) / 8 }, () => next(2)),
      ];
    }
  }
}

function nameOf(op: number): keyof typeof pickleOpcodes {
  return (
    (Object.keys(pickleOpcodes) as (keyof typeof pickleOpcodes)[]).find((name) => pickleOpcodes[name][0] === op) ??
    "STOP"
  );
}

/** Runs a test with random numbers; the seed is in each message. */
function seeded(run: (next: (limit: number) => number) => number): void {
  const seed = Number(process.env.INTERPROC_SEED ?? Math.floor(Math.random() * 2 ** 32));
  const prototypes = [Object.prototype, Array.prototype, Map.prototype, Error.prototype, Function.prototype];
  const before = prototypes.map((one) => Reflect.ownKeys(one));
  let accepted = 0;
  try {
    accepted = run(random(seed));
  } catch (error) {
    throw new Error(`INTERPROC_SEED=${seed}`, { cause: error });
  }
  assert.deepEqual(
    prototypes.map((one) => Reflect.ownKeys(one)),
    before,
    `INTERPROC_SEED=${seed}`,
  );
  assert.ok(accepted > TRIES / 1000 && accepted < TRIES, `${accepted} accepted, INTERPROC_SEED=${seed}`);
}

describe("pickle: hostile bytes", () => {
  test("smoke: every valid pickle is read, and with bytes behind it too", () => {
    assert.ok(corpus.length > 10);
    for (const whole of corpus) {
      assert.ok(attempt(whole) !== undefined);
      assert.ok(attempt(Uint8Array.from([...whole, 0xff, 0])) !== undefined);
    }
  });

  test("every pickle cut at every byte is refused", () => {
    for (const whole of corpus)
      for (let end = 0; end < whole.length; end++) assert.equal(attempt(whole.slice(0, end)), undefined);
  });

  test(`${TRIES.toLocaleString("en")} mutants of valid pickles are values or CodecErrors`, () => {
    seeded((next) => {
      let accepted = 0;
      for (let i = 0; i < TRIES; i++) if (attemptBoth(mutated(corpus[next(corpus.length)], next))) accepted++;
      return accepted;
    });
  });

  test(`${TRIES.toLocaleString("en")} random programs are values or CodecErrors`, () => {
    seeded((next) => {
      let accepted = 0;
      for (let i = 0; i < TRIES; i++) {
        const program = Array.from({ length: 2 + next(25) }, () => instruction(next)).flat();
        if (attemptBoth(Uint8Array.from([...program, OP.STOP]))) accepted++;
      }
      return accepted;
    });
  });

  test("random bytes are values or CodecErrors", () => {
    const next = random(5);
    for (let i = 0; i < TRIES / 5; i++) attempt(Uint8Array.from({ length: next(60) }, () => next(256)));
  });

  test("__proto__ is a key like any other, and touches no prototype", () => {
    const pickle = Uint8Array.from([
      OP.EMPTY_DICT,
      ...short("__proto__"),
      OP.EMPTY_DICT,
      ...short("polluted"),
      OP.NEWTRUE,
      OP.SETITEM,
      OP.SETITEM,
      OP.STOP,
    ]);
    const value = codec.decode(pickle) as object;
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.ok(!("polluted" in value) && !("polluted" in {}));
    assert.deepEqual(Object.getOwnPropertyDescriptor(value, "__proto__")?.value, { polluted: true });
  });
});

describe("pickle: bombs", () => {
  const DEEP = 100_000;
  const times = (count: number, ...bytes: readonly number[]): Buffer =>
    Buffer.alloc(count * bytes.length, Uint8Array.from(bytes));
  const program = (...parts: (Uint8Array | readonly number[])[]): Uint8Array =>
    Uint8Array.from(Buffer.concat([...parts, [OP.STOP]].map((part) => Buffer.from(part))));
  const u32 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];

  /** How many are in each other, along the first of each. */
  function depthOf(value: unknown): number {
    let depth = 0;
    for (let at = value; typeof at === "object" && at !== null; depth++)
      at = Array.isArray(at)
        ? at[0]
        : at instanceof Set || at instanceof Map
          ? at.values().next().value
          : (at as { a?: unknown }).a;
    return depth;
  }

  const deep: readonly (readonly [string, Uint8Array])[] = [
    ["lists of protocol 0", program(times(DEEP, OP.MARK, OP.LIST), [OP.NONE], times(DEEP, OP.APPEND))],
    ["lists of protocol 1", program(times(DEEP, OP.EMPTY_LIST), [OP.NONE], times(DEEP, OP.APPEND))],
    ["lists between marks", program(times(DEEP, OP.EMPTY_LIST, OP.MARK), [OP.NONE], times(DEEP, OP.APPENDS))],
    ["tuples of protocol 0", program(times(DEEP, OP.MARK), [OP.NONE], times(DEEP, OP.TUPLE))],
    ["tuples of protocol 2", program([OP.NONE], times(DEEP, OP.TUPLE1))],
    ["dicts", program(times(DEEP, OP.EMPTY_DICT, ...short("a")), [OP.NONE], times(DEEP, OP.SETITEM))],
    [
      "dicts that become Maps",
      program(times(DEEP, OP.EMPTY_DICT, OP.MEMOIZE, OP.BININT1, 1), [OP.NONE], times(DEEP, OP.SETITEM)),
    ],
    ["frozensets of protocol 4", program(times(DEEP, OP.MARK), [OP.NONE], times(DEEP, OP.FROZENSET))],
  ];
  for (const [what, bytes] of deep) {
    test(`100,000 ${what} in each other are read, written and read again`, () => {
      const value = codec.decode(bytes);
      assert.equal(depthOf(value), DEEP);
      assert.equal(depthOf(codec.decode(codec.encode(value))), DEEP);
    });
  }

  test("100,000 keys of keys, and exceptions in exceptions, are read and written", () => {
    const keys = program(times(DEEP, OP.MARK), [OP.NONE], times(DEEP, OP.TUPLE));
    const map = new Map([[codec.decode(keys), 1]]);
    assert.equal(depthOf([...(codec.decode(codec.encode(map)) as Map<unknown, unknown>).keys()][0]), DEEP);
    const errors = program(
      times(DEEP, OP.GLOBAL, ...text("builtins\nValueError\n")),
      [OP.NONE],
      times(DEEP, OP.TUPLE1, OP.REDUCE),
    );
    const again = codec.decode(codec.encode(codec.decode(errors))) as { args: unknown[] };
    assert.ok(again.args[0] instanceof Error);
  });

  test("lengths that the pickle has no bytes for are refused before memory is taken", () => {
    const before = process.memoryUsage();
    for (let i = 0; i < 200; i++) {
      for (const length of [100, 1e6, 2 ** 31 - 1, 2 ** 32 - 1]) {
        for (const op of [OP.BINUNICODE, OP.BINBYTES, OP.BINSTRING, OP.LONG4])
          assert.equal(attempt(program([op, ...u32(length), 1, 2])), undefined);
        for (const op of [OP.BINUNICODE8, OP.BINBYTES8, OP.BYTEARRAY8])
          for (const high of [0, 1, 2 ** 31, 2 ** 32 - 1])
            assert.equal(attempt(program([op, ...u32(length), ...u32(high), 1, 2])), undefined);
      }
    }
    const after = process.memoryUsage();
    assert.ok(after.arrayBuffers - before.arrayBuffers < 50e6 && after.rss - before.rss < 300e6);
  });

  test("numbers of the memo up to 2^32 cost no memory", () => {
    const far = program([OP.NONE, OP.LONG_BINPUT, ...u32(2 ** 32 - 1), OP.POP, OP.LONG_BINGET, ...u32(2 ** 32 - 1)]);
    assert.equal(codec.decode(far), null);
    assert.equal(codec.decode(Uint8Array.from(Buffer.from("I7\np9007199254740991\n0g9007199254740991\n."))), 7);
    const many = Array.from({ length: 10_000 }, (_, i) => [OP.LONG_BINPUT, ...u32(i * 400_000)]).flat();
    assert.equal(codec.decode(program([OP.NEWTRUE], many)), true);
  });

  test("lists, tuples, sets and dicts of the same ten of the same ten of … share them, both ways", () => {
    const ten = Array.from({ length: 10 }, () => [OP.BINGET, 0]).flat();
    for (const [open, close] of [
      [[OP.EMPTY_LIST, OP.MARK], [OP.APPENDS]],
      [[OP.MARK], [OP.TUPLE]],
      [[OP.MARK], [OP.FROZENSET]],
    ]) {
      const level = [...open, ...ten, ...close, OP.BINPUT, 0, OP.POP];
      const value = codec.decode(program([OP.NONE, OP.BINPUT, 0, OP.POP], times(60, ...level), [OP.BINGET, 0]));
      assert.equal(depthOf(value), 60);
      assert.ok(codec.encode(value).length < 10_000);
      assert.ok(codec.encode(new Map([[value, 1]])).length < 10_000);
    }
  });

  test("a pickle that lets the same list be copied again and again is refused", () => {
    const list = [
      OP.EMPTY_LIST,
      OP.MARK,
      ...Array.from({ length: 20_000 }, (_, i) => [OP.BININT2, i & 0xff, i >> 8]).flat(),
      OP.APPENDS,
      OP.BINPUT,
      0,
    ];
    const bytes = [OP.BINBYTES, ...u32(60_000), ...new Array<number>(60_000).fill(1), OP.BINPUT, 0];
    const word = [OP.BINUNICODE, ...u32(60_000), ...new Array<number>(60_000).fill(65), OP.BINPUT, 0];
    const call = (name: string, ...args: number[]): number[] => [
      OP.GLOBAL,
      ...text(`${name.replace(" ", "\n")}\n`),
      ...args,
      OP.REDUCE,
      OP.POP,
    ];
    const bombs: readonly (readonly [readonly number[], readonly number[]])[] = [
      [list, call("builtins set", OP.BINGET, 0, OP.TUPLE1)],
      [list, call("builtins frozenset", OP.BINGET, 0, OP.TUPLE1)],
      [list, call("builtins list", OP.BINGET, 0, OP.TUPLE1)],
      [list, call("collections deque", OP.BINGET, 0, OP.TUPLE1)],
      [list, call("builtins ValueError", OP.BINGET, 0)],
      [list, call("array array", ...short("h"), OP.BINGET, 0, OP.TUPLE2)],
      [word, call("_codecs encode", OP.BINGET, 0, ...short("latin1"), OP.TUPLE2)],
      [word, call("builtins bytearray", OP.BINGET, 0, ...short("latin1"), OP.TUPLE2)],
      [word, call("pathlib PurePath", OP.BINGET, 0, OP.BINGET, 0, OP.TUPLE2)],
      [bytes, call("builtins bytearray", OP.BINGET, 0, OP.TUPLE1)],
    ];
    for (const [what, again] of bombs) {
      const bomb = program(what, times(4_000, ...again), [OP.NONE]);
      assert.throws(
        () => codec.decode(bomb),
        /more copied than its length justifies/,
        Buffer.from(again).toString("latin1"),
      );
      assert.equal(codec.decode(program(what, again, [OP.NONE])), null);
    }
  });

  test("numbers as keys that V8 would put into one bucket are refused, however they come", () => {
    const colliding = collidingNumbers(2_000).map((value) => [OP.BININT, ...u32(value)]);
    const set = program(
      [OP.EMPTY_SET],
      colliding.flatMap((value) => [OP.MARK, ...value, OP.ADDITEMS]),
    );
    assert.throws(() => codec.decode(set), /numbers in a set that collide/);
    const dict = program(
      [OP.EMPTY_DICT, OP.MARK],
      colliding.flatMap((value) => [...value, OP.NONE]),
      [OP.SETITEMS],
    );
    assert.throws(() => codec.decode(dict), /numbers as keys of a dict that collide/);
    const honest = codec.encode(new Set(Array.from({ length: 200_000 }, (_, i) => i * 0.5)));
    assert.equal((codec.decode(honest) as Set<number>).size, 200_000);
  });

  test("more than a hundred time zones that Node does not know are refused", () => {
    const zone = (name: string): number[] => [
      OP.GLOBAL,
      ...text("zoneinfo\nZoneInfo\n"),
      ...short(name),
      OP.TUPLE1,
      OP.REDUCE,
    ];
    const zones = (count: number): Uint8Array =>
      program([OP.MARK], Array.from({ length: count }, (_, i) => zone(`No/${i}`)).flat(), [OP.LIST]);
    assert.equal((codec.decode(zones(100)) as unknown[]).length, 100);
    assert.throws(() => codec.decode(zones(101)), /more than 100 time zones that are not known here/);
    const known = program([OP.MARK], Array.from({ length: 1000 }, () => zone("Europe/Berlin")).flat(), [OP.LIST]);
    assert.equal((codec.decode(known) as unknown[]).length, 1000);
  });

  test("an int as text is read in time that grows with its length, up to a million digits", () => {
    const digits = "7".repeat(1_000_000);
    assert.equal(codec.decode(Buffer.from(`L-${digits}L\n.`)), -BigInt(digits));
    assert.throws(() => codec.decode(Buffer.from(`L${digits}7L\n.`)), /an int that is none/);
    assert.throws(() => codec.decode(Buffer.from(`I${digits}77\n.`)), CodecError);
  });

  test("ints of a million bytes are read and written", () => {
    for (const value of [2n ** 8_000_000n, -(2n ** 8_000_000n), -(2n ** 8_000_007n)])
      assert.equal(codec.decode(codec.encode(value)), value);
  });

  test("dicts that contain themselves and have other keys are read three times, not more", () => {
    const one = [OP.EMPTY_DICT, OP.MEMOIZE, ...short("me"), OP.LONG_BINGET];
    const parts = Array.from({ length: 20_000 }, (_, i) =>
      Buffer.from([...one, ...u32(i), OP.SETITEM, OP.BININT1, 1, OP.NONE, OP.SETITEM]),
    );
    const value = codec.decode(program([OP.MARK], Buffer.concat(parts), [OP.LIST])) as Map<unknown, unknown>[];
    assert.equal(value.length, 20_000);
    for (const map of value) assert.ok(map instanceof Map && map.get("me") === map && map.get(1) === null);
  });
});

/** Integers that V8 puts into one bucket of 4,096. */
function collidingNumbers(count: number): number[] {
  const found: number[] = [];
  for (let value = 1; found.length < count; value++) if ((hash32(value) & 0xfff) === 7) found.push(value);
  return found;
}

/** V8's ComputeUnseededHash. */
function hash32(value: number): number {
  let hash = (~value + (value << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return (hash ^ (hash >>> 16)) & 0x3fffffff;
}
