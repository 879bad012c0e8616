import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { TAG } from "#src/codec/structured.layout.js";
import { StructuredDecoder } from "#src/codec.js";
import { CodecError } from "#src/errors.js";
import { corpus } from "./corpus.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

const MUTANTS = process.env.INTERPROC_TEST === "fast" ? 5_000 : 100_000;
const HEADER = encoded(0)[0];
const WITH_REFERENCES = HEADER | 1;
const WITH_BUFFERS = HEADER | 2;
const decoder = new StructuredDecoder();
const take = (index: number): object => ({ index });

/** What the bytes are: a value, or undefined when they are refused; anything else fails the test. */
function attempt(bytes: Uint8Array, start = 0, end = bytes.length): { value: unknown } | undefined {
  try {
    return { value: decoder.decode(bytes, start, end, take) };
  } catch (error) {
    assert.ok(
      error instanceof CodecError,
      `${String((error as Error).stack)} from ${Buffer.from(bytes).toString("hex")}`,
    );
    return undefined;
  }
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

function mutated(message: Uint8Array, next: (limit: number) => number): Uint8Array {
  let bytes = [...message];
  for (let times = 1 + next(4); times > 0; times--) {
    const at = next(bytes.length + 1);
    const kinds = [
      () => (bytes[at] = next(256)),
      () => (bytes[at] ^= 1 << next(8)),
      () => bytes.splice(at, 0, next(256)),
      () => bytes.splice(at, 1 + next(4)),
      () => bytes.splice(at, 1, ...[0xff, 0xff, 0xff, 0xff, 0x0f].slice(next(5))),
      () => bytes.splice(at, 0, ...bytes.slice(next(bytes.length + 1)).slice(0, 1 + next(20))),
      () => (bytes[at] = TAG.undefined + next(40)),
      () => (bytes[0] = HEADER | next(4)),
      () => (bytes = bytes.slice(0, at)),
    ];
    kinds[next(kinds.length)]();
  }
  return Uint8Array.from(bytes);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

function repeated(bytes: readonly number[], times: number): Uint8Array {
  return Buffer.alloc(bytes.length * times, Uint8Array.from(bytes));
}

function message(...parts: (number | readonly number[])[]): Uint8Array {
  return Uint8Array.from([HEADER, ...parts.flat()]);
}

describe("structured: hostile bytes", () => {
  test("smoke: an empty message, an unknown version, an unknown tag and unknown flags are CodecErrors", () => {
    for (const bytes of [[], [0], [0x21, 0], [HEADER], [HEADER | 4, 0], [HEADER, 0xfe], [HEADER, TAG.end]]) {
      assert.throws(() => decoded(Uint8Array.from(bytes)), CodecError);
    }
  });

  test("every message cut at every byte is refused, and so is every one with a byte too many", () => {
    for (const whole of corpus) {
      assert.ok(attempt(whole) !== undefined);
      for (let end = 0; end < whole.length; end++) assert.equal(attempt(whole.slice(0, end)), undefined);
      assert.equal(attempt(Uint8Array.from([...whole, 0])), undefined);
    }
  });

  test(`${MUTANTS.toLocaleString("en")} mutants of valid messages are values or CodecErrors, in bounded memory`, () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const next = random(seed);
    const prototype = Reflect.ownKeys(Object.prototype);
    let accepted = 0;
    let most = 0;
    for (let i = 0; i < MUTANTS; i++) {
      const bytes = mutated(corpus[next(corpus.length)], next);
      if (attempt(bytes) !== undefined) accepted++;
      if (i % 1000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
    }
    assert.deepEqual(Reflect.ownKeys(Object.prototype), prototype, `seed ${seed}`);
    assert.ok(!("polluted" in {}), `seed ${seed}`);
    assert.ok(accepted > MUTANTS / 100 && accepted < MUTANTS, `${accepted} accepted, seed ${seed}`);
    assert.ok(most < 500e6, `${most} bytes of heap, seed ${seed}`);
  });

  test("random bytes behind a right header are values or CodecErrors", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3), (bytes, flags) => {
        attempt(Uint8Array.from([HEADER | flags, ...bytes]));
      }),
      { numRuns: MUTANTS / 10 },
    );
  });

  test("what lies outside the message has no influence", () => {
    const next = random(1);
    for (let i = 0; i < MUTANTS / 20; i++) {
      const bytes = mutated(corpus[next(corpus.length)], next);
      const results = [0x00, 0x05, 0xff].map((around) => {
        const memory = new Uint8Array(bytes.length + 40).fill(around);
        memory.set(bytes, 20);
        return attempt(memory, 20, 20 + bytes.length);
      });
      assertSameGraph(results[1], results[0]);
      assertSameGraph(results[2], results[0]);
    }
  });

  test("memory that another thread changes meanwhile gives values or CodecErrors", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8192));
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const messages = corpus.filter(({ length }) => length <= shared.length);
    const worker = new Worker(new URL("./byte-flipper.js", import.meta.url), {
      workerData: { shared, flag, messages },
    });
    const until = Date.now() + 700;
    await new Promise((resolve) => worker.once("online", resolve));
    while (Date.now() < until) for (const { length } of messages) attempt(shared, 0, length);
    Atomics.store(flag, 0, 1);
    await new Promise((resolve) => worker.once("exit", resolve));
  });
});

describe("structured: bombs", () => {
  /** How much more memory is in use while the value is held. */
  function cost(bytes: Uint8Array): number {
    const before = process.memoryUsage();
    const held = attempt(bytes);
    const after = process.memoryUsage();
    assert.ok(held === undefined || "value" in held);
    return Math.max(0, after.heapUsed - before.heapUsed) + Math.max(0, after.arrayBuffers - before.arrayBuffers);
  }

  test("smoke: lengths that the message has no bytes for are refused before memory is taken", () => {
    for (const length of [100, 1e6, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 2 ** 55]) {
      const many = varint(length);
      const bombs: Uint8Array[] = [
        message(TAG.array, many),
        message(TAG.arrayWithProperties, many, TAG.end),
        message(TAG.latin1, many),
        message(TAG.utf16, many),
        message(TAG.map, many),
        message(TAG.set, many),
        message(TAG.bigint, 0, many),
        message(TAG.shape, many, 1, 0),
        message(TAG.shape, 1, many, 0),
        message(TAG.shape, 1, 5, many, 0),
        message(TAG.shaped, many),
        message(TAG.reference, many),
        message(TAG.instance, many),
        message(TAG.handle, many),
        message(TAG.arrayBuffer, many),
        message(TAG.view, 1, many, 0, 1),
        Uint8Array.from([WITH_REFERENCES, TAG.reference, ...many]),
        Uint8Array.from([WITH_BUFFERS, TAG.arrayBuffer, 0, ...many, 0, 0, 3, 0, 0, 0, 0, 0]),
        Uint8Array.from([WITH_BUFFERS, TAG.arrayBuffer, 0, 1, 0, ...many, 3, 0, 0, 0, 0, 0]),
        Uint8Array.from([WITH_BUFFERS, TAG.view, 1, 0, ...many, 1, 1, 0, 0, 6, 0, 0, 0, 0, 0]),
      ];
      for (const bomb of bombs) {
        assert.equal(attempt(bomb), undefined, Buffer.from(bomb).toString("hex"));
        assert.ok(cost(bomb) < 2e6, `${cost(bomb)} bytes for ${Buffer.from(bomb).toString("hex")}`);
      }
    }
  });

  test("holes cost no memory beyond the message's own length", () => {
    const holes = message(TAG.array, varint(2 ** 27 - 20), TAG.holes, varint(2 ** 27 - 20));
    const result = decoded(holes) as unknown[];
    assert.equal(result.length, 2 ** 27 - 20);
    assert.equal(Object.keys(result).length, 0);
    assert.ok(cost(holes) < 1e6);
    const many = message(
      0x60 + 15,
      Array.from({ length: 15 }, () => [TAG.array, ...varint(5_000_000), TAG.holes, ...varint(4_999_999), 1]).flat(),
    );
    assert.ok(cost(many) < 1e6);
    assert.equal((decoded(many) as unknown[][])[14][4_999_999], 1);
  });

  test("arrays in each other that each announce the rest of the message cost no more than the message", () => {
    const size = 200_000;
    const bytes: number[] = [];
    for (let depth = 0; depth < 990; depth++) bytes.push(TAG.array, ...varint(size - bytes.length - 10));
    while (bytes.length < size) bytes.push(0);
    assert.ok(cost(message(bytes)) < 30e6);
  });

  test("objects with one far index cost no more than others", () => {
    const key = [...new TextEncoder().encode("1000")];
    const count = 20_000;
    const bytes = message(
      TAG.array,
      varint(count),
      TAG.shape,
      1,
      5,
      8,
      key,
      1,
      new Array((count - 1) * 2).fill(0).map((_, i) => (i % 2 === 0 ? 0x70 : 1)),
    );
    const held = decoded(bytes) as Record<string, number>[];
    assert.equal(held.length, count);
    assert.equal(held[count - 1][1000], 1);
    assert.ok(cost(bytes) < 30e6, `${cost(bytes)}`);
  });

  test("depth: 1,000 levels are decoded, 1,001 and a million are CodecErrors, of every kind of object", () => {
    const kinds: [number[], number[]][] = [
      [[0x61], []],
      [[TAG.array, 1], []],
      [[TAG.arrayWithProperties, 1], [TAG.end]],
      [[TAG.set, 1], []],
      [[TAG.map, 1, 0], []],
      [[TAG.object, 0x41, 0x61], [TAG.end]],
      [[TAG.shape, 1, 2, 2, 0x61], []],
      [[TAG.error, 0, 16], []],
    ];
    for (const [open, close] of kinds) {
      const nested = (depth: number): Uint8Array =>
        Buffer.concat([message(), repeated(open, depth), Uint8Array.of(0), repeated(close, depth)]);
      assert.ok(attempt(nested(1000)) !== undefined);
      assert.throws(() => decoded(nested(1001)), /more than 1,000 deep/);
      assert.equal(attempt(nested(300_000)), undefined);
      const patient = new StructuredDecoder({ maxDepth: 1e9 });
      const deep = nested(300_000);
      assert.throws(() => patient.decode(deep, 0, deep.length), CodecError);
    }
  });

  test("maxCount holds for what is decoded, at the boundary", () => {
    const small = new StructuredDecoder({ maxCount: 5 });
    const decode = (value: unknown): unknown => {
      const bytes = encoded(value);
      return small.decode(bytes, 0, bytes.length);
    };
    for (const value of [[1, 2, 3, 4, 5], { a: 1, b: [1, 2, 3] }, new Set([1, 2, 3, 4, 5]), new Array(5)])
      assert.deepEqual(decode(value), value);
    for (const value of [[1, 2, 3, 4, 5, 6], { a: 1, b: [1, 2, 3, 4] }, new Set([1, 2, 3, 4, 5, 6]), new Array(6)]) {
      assert.throws(() => decode(value), /more than 5 array slots, entries and keys \(maxCount\)/);
    }
  });
});

describe("structured: keys that collide in V8", () => {
  /** V8's hash of a small integer. */
  const hash = (key: number): number => {
    let value = (~key + (key << 15)) | 0;
    value ^= value >>> 12;
    value = (value + (value << 2)) | 0;
    value ^= value >>> 4;
    value = Math.imul(value, 2057);
    return (value ^ (value >>> 16)) & 0x3fffffff;
  };
  const colliding: number[] = [];
  for (let key = 0; colliding.length < 1000; key++) if (hash(key) % 1024 === 0) colliding.push(key);

  /** A message with these keys, which the encoder would refuse. */
  function keyed(tag: number, keys: readonly unknown[]): Uint8Array {
    const values = keys.flatMap((key) => [...encoded(key).subarray(1), ...(tag === TAG.map ? [0] : [])]);
    return message(tag, varint(keys.length), values);
  }

  test("smoke: a Map or Set of them is refused by both sides", () => {
    for (const tag of [TAG.map, TAG.set]) assert.throws(() => decoded(keyed(tag, colliding)), /keys that collide/);
    assert.throws(() => encoded({ s: new Set(colliding) }), /the same hash are keys, at value\.s/);
    assert.throws(
      () => encoded({ m: new Map(colliding.map((key) => [key, 1])) }),
      /the same hash are keys, at value\.m/,
    );
  });

  test("bigints that are equal in their low 64 bits are refused from a thousand on", () => {
    const bigints = (count: number): Set<bigint> => new Set(Array.from({ length: count }, (_, i) => BigInt(i) << 64n));
    assert.equal(roundTrip(bigints(1000)).size, 1000);
    assert.throws(() => encoded(bigints(2000)), CodecError);
    assert.throws(() => decoded(keyed(TAG.set, [...bigints(2000)])), CodecError);
  });

  test("keys as programs have them are taken, however many", () => {
    const series: ((i: number) => unknown)[] = [
      (i) => i,
      (i) => -i,
      (i) => i * 4096,
      (i) => i * 2 ** 20,
      (i) => i / 7,
      (i) => 1.7e12 + i * 1000,
      (i) => i * 2 ** 40,
      (i) => BigInt(i) * 10n ** 9n,
      (i) => `key ${i}`,
      (i) => Math.fround(i * 0.1),
    ];
    for (const key of series) {
      const keys = new Set(Array.from({ length: 30_000 }, (_, i) => key(i)));
      assert.equal(roundTrip(keys).size, keys.size);
    }
  });
});

describe("structured: what a message cannot do", () => {
  const polluting = [...new TextEncoder().encode("__proto__")];
  const target = [TAG.shape, 1, 9, 16, ...[...new TextEncoder().encode("polluted")], TAG.true];

  test("smoke: `__proto__` is a property like others, by every way that a key can take", () => {
    const ways = [
      message(TAG.shape, 1, 10, 18, polluting, target),
      message(TAG.object, 0x49, polluting, target, TAG.end),
      message(TAG.arrayWithProperties, 0, 0x49, polluting, target, TAG.end),
      message(
        TAG.instance,
        0,
        0x4f,
        [...new TextEncoder().encode("test.Registered")],
        TAG.shape,
        1,
        10,
        18,
        polluting,
        target,
      ),
    ];
    for (const bytes of ways) {
      const value = decoded(bytes) as object;
      assert.deepEqual(Object.keys(value), ["__proto__"]);
      assert.ok(!("polluted" in value) && !("polluted" in {}));
      assert.deepEqual(Object.getOwnPropertyDescriptor(value, "__proto__")?.value, { polluted: true });
    }
  });

  test("an array's length, or an element, cannot be set by a property", () => {
    for (const key of ["length", "0", "5", "4000000000"]) {
      const name = [...new TextEncoder().encode(key)];
      const bytes = message(TAG.arrayWithProperties, 2, 1, 2, TAG.shortLatin1 + name.length, name, 9, TAG.end);
      assert.throws(() => decoded(bytes), /property \w+ of an array/);
    }
  });

  test("a regular expression that is none, or too long, is a CodecError", () => {
    const source = (text: string): number[] => [TAG.latin1, ...varint(text.length), ...new TextEncoder().encode(text)];
    for (const [text, flags] of [
      ["(", "g"],
      ["a", "zz"],
      ["a", "gg"],
      ["[b-a]", ""],
      ["(".repeat(60_000), ""],
      ["a".repeat(65_537), ""],
    ]) {
      assert.throws(() => decoded(message(TAG.regexp, source(text), source(flags))), CodecError);
    }
    assert.deepEqual(
      decoded(message(TAG.regexp, source("a".repeat(65_536)), source("g"))),
      new RegExp("a".repeat(65_536), "g"),
    );
  });

  test("regular expressions that take the engine long to read are refused by both sides", () => {
    const few = Array.from({ length: 50 }, (_, i) => new RegExp(`\\p{RGI_Emoji}${i}|\\p{L}`, "v"));
    assert.equal(roundTrip(few).length, 50);
    const many = Array.from({ length: 101 }, (_, i) => new RegExp(`\\p{RGI_Emoji}${i % 3}`, "v"));
    assert.throws(() => encoded(many), /more than 10,000 Unicode properties/);
    const one = encoded(/\p{L}/u).subarray(1);
    assert.throws(() => decoded(message(TAG.array, varint(10_001), [...repeated([...one], 10_001)])), CodecError);
  });

  test("strings are strings: nothing else can be a key, a name or a message", () => {
    for (const tag of [5, TAG.null, 0x60, TAG.float64]) {
      assert.equal(attempt(message(TAG.object, tag, 1, TAG.end)), undefined);
      assert.equal(attempt(message(TAG.regexp, tag, 0x40)), undefined);
      assert.equal(attempt(message(TAG.error, 0, 1, tag)), undefined);
      assert.equal(attempt(message(TAG.instance, 0, tag, 0)), undefined);
      assert.equal(attempt(message(TAG.boxed, TAG.null)), undefined);
      assert.equal(attempt(message(TAG.boxed, 0x60)), undefined);
    }
  });

  test("one peer's shapes do not change what another's messages mean", () => {
    const next = random(7);
    for (let i = 0; i < 20_000; i++) {
      const keys = Array.from({ length: 1 + next(3) }, () => `k${next(60)}`);
      const value = Object.fromEntries(keys.map((key, at) => [key, at]));
      assert.deepEqual(roundTrip(value), value);
    }
  });

  test("a handle is taken once each, in order", () => {
    const asked: number[] = [];
    const bytes = message(0x62, TAG.handle, 0, TAG.handle, 0);
    assert.throws(() => decoder.decode(bytes, 0, bytes.length, (index) => ({ index: asked.push(index) })), CodecError);
    assert.deepEqual(asked, [0]);
  });

  test("a state that refers to its own instance before it is made is a CodecError", () => {
    assert.throws(() => decoded(Uint8Array.from([WITH_REFERENCES, TAG.boxed, TAG.reference, 0])), CodecError);
  });
});
