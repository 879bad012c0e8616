import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { viewKinds } from "#src/codec/structured.layout.js";
import { HANDLE, StructuredDecoder, StructuredEncoder } from "#src/codec.js";
import { CodecError, UsageError } from "#src/errors.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

const shared = { deep: [1, 2] };
const cyclic: Record<string, unknown> = { name: "root", list: [shared, shared] };
cyclic.self = cyclic;
(cyclic.list as unknown[]).push(cyclic);
const selfish = new Map<unknown, unknown>([["a", 1]]);
selfish.set(selfish, selfish);
const selfSet = new Set<unknown>([1]);
selfSet.add(selfSet);
const failing = new RangeError("outer", { cause: { details: [1, 2] } });

/** An array of that length which has these elements and properties, and holes else. */
function holey(length: number, present: Record<string | number, unknown> = {}): unknown[] {
  return Object.assign(new Array(length), present);
}

/** Values for which structuredClone is the specification. */
const cloneable: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  "integers at the borders of their tags": [
    0,
    1,
    63,
    64,
    255,
    256,
    65535,
    65536,
    2 ** 31 - 1,
    -1,
    -256,
    -257,
    -(2 ** 31),
  ],
  "numbers that are no int32": [
    -0,
    0.5,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    Number.MAX_VALUE,
    Number.MIN_VALUE,
    Number.NaN,
    1 / 0,
    -1 / 0,
  ],
  "bigints of 64 bits": [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  "larger bigints": [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 64n, 3n ** 500n, -(7n ** 777n)],
  "ascii strings": ["", "a", "x".repeat(31), "x".repeat(32), "y".repeat(70_000)],
  "latin1 strings": ["é", "ÿ\u0000\u007f\u0080", "ü".repeat(19), "ü".repeat(20), "ü".repeat(5000)],
  "other strings": ["Ā", "日本語", "語".repeat(31), "😀".repeat(40), `${"a".repeat(100)}😀`],
  "lone surrogates": ["\ud800", "a\udc00b", "\udfff\ud800".repeat(40)],
  dates: [new Date(0), new Date(1234567890123), new Date(-1), new Date(Number.NaN)],
  "regular expressions": [/a/, /a\/b\n/dgimsuy, /(?:)/, /日本/u],
  "boxed primitives": [Object(1), Object(-0), Object("text"), Object(true), Object(false), Object(5n)],
  "plain objects": [{}, { a: 1 }, { b: { c: { d: [] } }, a: undefined }, { 2: "two", 1: "one", b: 0, "": 1 }],
  "keys of all kinds": {
    é: 1,
    日本: 2,
    "\ud800": 3,
    "a b": 4,
    ["k".repeat(300)]: 5,
    4294967295: 6,
    4294967294: 7,
    "-1": 8,
  },
  "an object with many keys": Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`key${i}`, i])),
  "many objects of many shapes": Array.from({ length: 700 }, (_, i) => ({ [`k${i}`]: i, z: { [`y${i % 20}`]: 1 } })),
  "keys that Object.prototype has": JSON.parse(
    '{"__proto__":{"a":1},"constructor":2,"toString":null,"hasOwnProperty":3}',
  ),
  "objects without prototype": Object.assign(Object.create(null), { a: 1, b: Object.create(null) }),
  "an object above another": Object.assign(Object.create({ inherited: 1 }), { own: 2 }),
  arrays: [
    [],
    [1],
    [[[]]],
    Array.from({ length: 15 }, (_, i) => i),
    Array.from({ length: 16 }, String),
    new Array(5000).fill("x"),
  ],
  "arrays with holes": [holey(6, { 1: 1, 4: 2 }), holey(1), holey(20), holey(3000, { 100: 1, 1000: 2 })],
  "arrays with other properties": [
    Object.assign([1, 2], { x: 1, y: [2] }),
    holey(2, { 1: 1, x: 1 }),
    Object.assign(new Array(100).fill(7), { x: 1 }),
    Object.assign(new Array(1000).fill(7.5), { x: 1, "-1": 2, "01": 3 }),
    Object.assign([[1]], { x: 1 }),
    Object.assign([Object.assign([holey(3)], { y: 2 })], { x: 1 }),
    "a1b2".match(/(?<letter>[a-z])\d/),
  ],
  "a sparse array": holey(95_000_000, { 5000000: "x", 90000000: "y" }),
  maps: [
    new Map(),
    new Map<unknown, unknown>([
      [1, "a"],
      ["k", { a: 1 }],
      [{}, new Map()],
      [Number.NaN, -0],
    ]),
  ],
  sets: [new Set(), new Set<unknown>([1, "1", {}, new Set([2])])],
  buffers: [new ArrayBuffer(0), new Uint8Array([1, 2, 3]).buffer],
  "typed arrays": [
    new Int8Array([-1, 2]),
    new Uint8Array([1, 255]),
    new Uint8ClampedArray([0, 255]),
    new Int16Array([-300, 300]),
    new Uint16Array([65535]),
    new Int32Array([-70_000]),
    new Uint32Array([2 ** 32 - 1]),
    new Float32Array([1.5, Number.NaN]),
    new Float64Array([-0, 1e300]),
    new BigInt64Array([-1n, 2n ** 62n]),
    new BigUint64Array([2n ** 64n - 1n]),
    new DataView(new Uint8Array([1, 2, 3]).buffer),
    new Float64Array(0),
  ],
  errors: [new Error("plain"), new Error(), new TypeError("type"), failing, new URIError(""), new SyntaxError("s")],
  "an error without a stack": Object.assign(new EvalError("e"), { stack: undefined }),
  "shared references": [shared, shared, { shared }],
  cycles: [cyclic, selfish, selfSet],
  "an object of another realm": runInNewContext("({ a: [1, new Map([[1, { b: 2 }]])], d: new Date(5) })"),
};

describe("structured: what structured clone takes", () => {
  test("smoke: a small object comes back", () => {
    assert.deepEqual(roundTrip({ id: 1, name: "job 1", ok: true }), { id: 1, name: "job 1", ok: true });
  });

  for (const [name, value] of Object.entries(cloneable)) {
    test(`${name}: the same as from structuredClone`, () => assertSameGraph(roundTrip(value), structuredClone(value)));
  }

  test("the root is a value of any kind, not only an object", () => {
    for (const value of [undefined, null, true, -0, "text", 5n, [1], new Date(3)])
      assertSameGraph(roundTrip(value), value);
  });

  test("a lone -0 stays -0 and a NaN stays NaN, in an array of doubles too", () => {
    assertSameGraph(roundTrip([0.5, -0, Number.NaN, ...new Array(30).fill(1.5)]), [
      0.5,
      -0,
      Number.NaN,
      ...new Array(30).fill(1.5),
    ]);
  });

  test("symbol keys and what is not enumerable stay behind", () => {
    const value = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "hidden", { value: 3 });
    assertSameGraph(roundTrip(value), { a: 1 });
  });

  test("getters are read once each, in order", () => {
    const read: string[] = [];
    const value = {
      get a() {
        read.push("a");
        return 1;
      },
      b: {
        get c() {
          read.push("c");
          return [2];
        },
      },
    };
    assertSameGraph(roundTrip(value), { a: 1, b: { c: [2] } });
    assert.deepEqual(read, ["a", "c"]);
  });

  test("what a getter takes out of an array before its turn has become a hole", () => {
    const list: unknown[] = [
      {
        get shrink() {
          list.length = 1;
          return true;
        },
      },
      2,
      3,
    ];
    assertSameGraph(roundTrip(list), holey(3, { 0: { shrink: true } }));
  });

  test("a property that a getter takes away is reported", () => {
    const value: Record<string, unknown> = {
      get first() {
        delete value.second;
        return 1;
      },
      second: 2,
    };
    assert.throws(
      () => roundTrip({ value }),
      /"second" went away while the object was read, at value\.value; a getter did it/,
    );
  });

  test("an error in a getter is the caller's, and the encoder goes on", () => {
    const encoder = new StructuredEncoder();
    const bomb = new RangeError("from the getter");
    const value = [
      { a: 1 },
      {
        a: {
          get b(): unknown {
            throw bomb;
          },
        },
      },
    ];
    for (let i = 0; i < 3; i++) {
      assert.throws(
        () => encoder.encode(value),
        (error) => error === bomb,
      );
      assertSameGraph(decoded(encoder.encode([{ a: 1 }, { a: 2 }, value[0], value[0]])), [
        { a: 1 },
        { a: 2 },
        ...[{ a: 1 }].flatMap((o) => [o, o]),
      ]);
    }
  });

  test("a getter that uses the same encoder gets a UsageError, another encoder works", () => {
    const encoder = new StructuredEncoder();
    const usage = {
      get nested() {
        return encoder.encode(1);
      },
    };
    assert.throws(() => encoder.encode(usage), UsageError);
    const fine = {
      get nested() {
        return new StructuredEncoder().encode({ a: 1 }).length;
      },
    };
    assertSameGraph(decoded(encoder.encode(fine)), { nested: encoded({ a: 1 }).length });
  });

  test("an object that is met again after 200 others is still the same one", () => {
    const others = Array.from({ length: 500 }, (_, i) => ({ i }));
    const value = [...others, ...others.toReversed(), others];
    assertSameGraph(roundTrip(value), value);
  });

  test("shapes of every size come back when they occur thousands of times", () => {
    for (const count of [0, 1, 2, 7, 8, 9, 10, 63, 64, 65]) {
      const value = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}of${count}`, i]));
      const list = Array.from({ length: 3000 }, () => ({ ...value }));
      assertSameGraph(roundTrip(list), list);
    }
  });

  test("decoded objects of one shape share a hidden class", () => {
    setFlagsFromString("--allow-natives-syntax");
    const haveSameMap = new Function("a", "b", "return %HaveSameMap(a, b)") as (a: object, b: object) => boolean;
    setFlagsFromString("--no-allow-natives-syntax");
    const make = (i: number) => ({ shapeId: i, shapeName: `n${i}`, shapeOk: true });
    const rows: object[] = [];
    for (let i = 0; i < 2000; i++) rows.push(roundTrip(make(i)));
    for (const row of rows) assert.ok(haveSameMap(row, rows[1999]));
  });
});

describe("structured: beyond and beside structured clone", () => {
  test("smoke: an AggregateError keeps its errors, unlike structured clone", () => {
    const value = new AggregateError([new TypeError("one"), "two"], "all");
    assertSameGraph(roundTrip(value), value);
  });

  test("an error that causes itself arrives, unlike by structured clone", () => {
    const cause: { list: unknown[] } = { list: [] };
    const value = new Error("circular", { cause });
    cause.list.push(value);
    assertSameGraph(roundTrip(value), value);
  });

  test("an error's code and a derived error's name arrive", () => {
    class JobError extends TypeError {
      override name = "JobError";
      code = "E_JOB";
      ignored = 1;
    }
    const arrived = roundTrip(new JobError("no job")) as TypeError & { code?: string };
    assert.ok(arrived instanceof TypeError);
    assert.equal(arrived.name, "JobError");
    assert.equal(arrived.code, "E_JOB");
    assert.equal(arrived.message, "no job");
    assert.match(arrived.stack ?? "", /structured\.test/);
    assert.deepEqual(Object.keys(arrived), ["code"]);
  });

  test("a DOMException and an error of another realm arrive as errors", () => {
    const aborted = roundTrip(new DOMException("stopped", "AbortError"));
    assert.ok(aborted instanceof Error);
    assert.deepEqual([aborted.name, aborted.message], ["AbortError", "stopped"]);
    assert.ok(roundTrip(runInNewContext("new RangeError('far')")) instanceof RangeError);
  });

  test("instances of classes that extend built-in ones arrive as the built-in ones", () => {
    class Names extends Map<string, number> {}
    class List extends Array<number> {}
    class Bytes extends Uint8Array {}
    assertSameGraph(roundTrip(new Names([["a", 1]])), new Map([["a", 1]]));
    assertSameGraph(roundTrip(List.from([1, 2])), [1, 2]);
    assertSameGraph(roundTrip(new Bytes([1, 2])), new Uint8Array([1, 2]));
  });

  test("a Buffer arrives as a Uint8Array with its bytes alone, not with the pool that it lies in", () => {
    const arrived = roundTrip({ a: Buffer.from("hello"), b: Buffer.from("there") });
    assertSameGraph(arrived, { a: new TextEncoder().encode("hello"), b: new TextEncoder().encode("there") });
    assert.equal(arrived.a.buffer.byteLength, 5);
  });

  test("several views of one buffer have one buffer again, with the bytes from the first to the last that they cover", () => {
    const buffer = new Uint8Array(100).map((_, i) => i).buffer;
    const value = {
      all: new Float64Array(buffer, 16, 2),
      part: new Uint8Array(buffer, 27, 30),
      view: new DataView(buffer, 21, 3),
    };
    const arrived = roundTrip(value);
    assert.equal(arrived.all.buffer, arrived.part.buffer);
    assert.equal(arrived.all.buffer, arrived.view.buffer);
    assert.deepEqual([arrived.all.byteOffset, arrived.part.byteOffset, arrived.view.byteOffset], [0, 11, 5]);
    assert.equal(arrived.all.buffer.byteLength, 57 - 16);
    assert.deepEqual([...arrived.part], [...value.part]);
    arrived.part[0] = 99;
    assert.equal(arrived.view.getUint8(2), 23);
    assert.equal(new Uint8Array(arrived.all.buffer)[11], 99);
  });

  test("a buffer beside its views arrives whole, and they look into it", () => {
    const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
    const [view, whole] = roundTrip([new Uint8Array(buffer, 2, 1), buffer] as const);
    assert.equal(view.buffer, whole);
    assert.equal(view.byteOffset, 2);
    assert.equal(whole.byteLength, 4);
  });

  test("a Float16Array arrives where the runtime has it, and is a CodecError where it has not", () => {
    const Float16Array = (globalThis as { Float16Array?: Float16ArrayConstructor }).Float16Array;
    if (Float16Array !== undefined)
      assertSameGraph(roundTrip(new Float16Array([1.5, -0])), new Float16Array([1.5, -0]));
    const message = encoded(new Float32Array(1));
    const kind = message.indexOf(viewKinds.indexOf("Float32Array"));
    message[kind] = viewKinds.indexOf("Float16Array");
    if (Float16Array === undefined)
      assert.throws(() => decoded(message), /a Float16Array, which this runtime does not have/);
    else assert.equal((decoded(message) as Float16Array).length, 1);
  });

  test("a resizable buffer arrives fixed, and a view that follows its length with the present one", () => {
    const buffer = new ArrayBuffer(4, { maxByteLength: 100 });
    const [arrived, view] = roundTrip([buffer, new Uint8Array(buffer)] as const);
    assert.deepEqual([arrived.byteLength, arrived.resizable, view.length], [4, false, 4]);
  });

  test("decoded bytes are a copy: what happens to the message later does not reach them", () => {
    const message = encoded({ bytes: new Uint8Array([1, 2, 3]), text: "x".repeat(100) });
    const arrived = decoded(message) as { bytes: Uint8Array; text: string };
    message.fill(0xff);
    assert.deepEqual([...arrived.bytes], [1, 2, 3]);
    assert.equal(arrived.text, "x".repeat(100));
  });
});

describe("structured: where messages go", () => {
  test("smoke: a message is written between the two positions, and nowhere else", () => {
    const encoder = new StructuredEncoder();
    const values: unknown[] = [
      5,
      "text",
      { a: [1, 2.5, "b"] },
      new Uint8Array(20),
      new Map([[1, 2]]),
      "é".repeat(50),
      2n ** 70n,
      holey(2, { 1: 1 }),
    ];
    for (const value of values) {
      const { length } = encoded(value);
      for (const start of [0, 3]) {
        for (let limit = start; limit <= start + length + 9; limit++) {
          const target = new Uint8Array(start + length + 30).fill(0xaa);
          const end = encoder.encodeInto(value, target, start, limit);
          assert.equal(end, limit < start + length ? -1 : start + length);
          assert.ok(
            target.subarray(0, start).every((byte) => byte === 0xaa) &&
              target.subarray(limit).every((byte) => byte === 0xaa),
          );
          if (end >= 0) assertSameGraph(new StructuredDecoder().decode(target, start, end), value);
        }
      }
    }
  });

  test("encode grows its memory as far as a message needs", () => {
    const encoder = new StructuredEncoder();
    const value = {
      text: "x".repeat(3_000_000),
      list: new Array(100_000).fill(1.5),
      bytes: new Uint8Array(5_000_000).fill(7),
    };
    assertSameGraph(decoded(encoder.encode(value)), value);
    assertSameGraph(decoded(encoder.encode([1])), [1]);
  });

  test("positions outside the target, or the bytes, are a UsageError", () => {
    const target = new Uint8Array(10);
    assert.throws(() => new StructuredEncoder().encodeInto(1, target, 5, 11), UsageError);
    assert.throws(() => new StructuredEncoder().encodeInto(1, target, 6, 5), UsageError);
    assert.throws(() => new StructuredDecoder().decode(target, 0, 11), UsageError);
    assert.throws(() => new StructuredDecoder().decode(target, -1, 5), UsageError);
  });

  test("a decoder can be used inside what it calls", () => {
    class Ticket {
      [HANDLE](): void {}
    }
    const encoder = new StructuredEncoder();
    const decoder = new StructuredDecoder();
    const message = encoder.encode([new Ticket(), "after"]).slice();
    const inner = encoded({ inside: true });
    const arrived = decoder.decode(message, 0, message.length, () => decoder.decode(inner, 0, inner.length) as object);
    assertSameGraph(arrived, [{ inside: true }, "after"]);
  });
});

describe("structured: handles", () => {
  class Ticket {
    [HANDLE](): void {}
  }

  test("smoke: a handle is an index on the way and what take gives on arrival", () => {
    const encoder = new StructuredEncoder();
    const [a, b] = [new Ticket(), new Ticket()];
    const message = encoder.encode({ a, list: [b, a] }).slice();
    assert.deepEqual(encoder.handles, [a, b]);
    const taken: number[] = [];
    const arrived = new StructuredDecoder().decode(message, 0, message.length, (index) => {
      taken.push(index);
      return { index };
    }) as { a: object; list: object[] };
    assert.deepEqual(taken, [0, 1]);
    assertSameGraph(arrived, { a: arrived.a, list: [{ index: 1 }, arrived.a] });
  });

  test("the handles of a message that did not fit, or was refused, are forgotten", () => {
    const encoder = new StructuredEncoder();
    assert.equal(encoder.encodeInto([new Ticket(), "text"], new Uint8Array(5), 0, 5), -1);
    assert.deepEqual(encoder.handles, []);
    assert.throws(() => encoder.encode([new Ticket(), () => {}]), CodecError);
    assert.deepEqual(encoder.handles, []);
  });

  test("without take, a handle is a CodecError", () => {
    assert.throws(() => roundTrip([new Ticket()]), /travels over shared memory only/);
  });

  test("what take throws reaches the caller as it is", () => {
    const message = encoded([new Ticket()]);
    const mine = new Error("mine");
    const take = (): object => {
      throw mine;
    };
    assert.throws(
      () => new StructuredDecoder().decode(message, 0, message.length, take),
      (error) => error === mine,
    );
  });
});
