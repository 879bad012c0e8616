import assert from "node:assert/strict";
import * as fs from "node:fs";
import { describe, test } from "node:test";
import { StructuredEncoder } from "#src/codec.js";
import { CodecError } from "#src/errors.js";
import { decoded, encoded } from "./round-trip.js";

class Point {
  x = 1;
}
class Tagged {
  get [Symbol.toStringTag](): string {
    return "Fancy";
  }
}
const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const nowhere =
  "; call registerClass(Point) where the class is defined, in a module that both sides import, or send a plain object";

/** What is refused, with the whole sentence. */
const refused: Record<string, [value: unknown, sentence: string]> = {
  "a function": [
    { jobs: [0, 1, 2, { callback() {} }] },
    "a function (callback) cannot be sent, at value.jobs[3].callback",
  ],
  "a function without a name": [() => {}, "a function cannot be sent, at value"],
  "a class": [[Point], "a function (Point) cannot be sent, at value[0]"],
  "a symbol": [{ "a key": Symbol("tag") }, 'a symbol (tag) cannot be sent, at value["a key"]'],
  "a Symbol object": [[Object(Symbol("tag"))], "a Symbol object cannot be sent, at value[0]"],
  "an instance of a class": [{ at: new Point() }, `an instance of class Point cannot be sent, at value.at${nowhere}`],
  "an instance of a class with a tag": [
    new Tagged(),
    `an instance of class Tagged cannot be sent, at value${nowhere.replace("Point", "Tagged")}`,
  ],
  "an instance of a class without a name": [
    [new (class {})()],
    `an instance of a class without a name cannot be sent, at value[0]${nowhere.replace("Point", "theClass, { name }")}`,
  ],
  "a URL": [
    { home: new URL("http://a") },
    `an instance of class URL cannot be sent, at value.home${nowhere.replace("Point", "URL")}`,
  ],
  "a WeakMap": [{ w: new WeakMap() }, "a WeakMap cannot be sent, at value.w"],
  "a WeakSet": [{ w: new WeakSet() }, "a WeakSet cannot be sent, at value.w"],
  "a WeakRef": [{ w: new WeakRef({}) }, "a WeakRef cannot be sent, at value.w"],
  "a Promise": [[Promise.resolve()], "a Promise cannot be sent, at value[0]"],
  "an Intl object": [[new Intl.Collator()], "an Intl.Collator cannot be sent, at value[0]"],
  "a Proxy of a plain object": [{ p: new Proxy({ a: 1 }, {}) }, "a Proxy cannot be sent, at value.p"],
  "a Proxy of an array": [{ p: new Proxy([1], {}) }, "a Proxy cannot be sent, at value.p"],
  "a Proxy of a Map": [{ p: new Proxy(new Map(), {}) }, "a Proxy cannot be sent, at value.p"],
  "an iterator": [[[1].values()], "an Array Iterator cannot be sent, at value[0]"],
  "a generator": [[(function* () {})()], "a Generator cannot be sent, at value[0]"],
  "a module": [{ fs }, "a Module cannot be sent, at value.fs"],
  "a SharedArrayBuffer": [
    [new SharedArrayBuffer(8)],
    "a SharedArrayBuffer cannot be sent, at value[0]; SharedMemory and SharedArray can",
  ],
  "a view of a SharedArrayBuffer": [
    { view: new Uint8Array(new SharedArrayBuffer(8)) },
    "a SharedArrayBuffer cannot be sent, at value.view; SharedMemory and SharedArray can",
  ],
  "a detached buffer": [
    [detached.buffer],
    "a detached ArrayBuffer cannot be sent, at value[0]; its memory was given away or closed",
  ],
  "a view of a detached buffer": [
    [detached],
    "a detached Uint8Array cannot be sent, at value[0]; its memory was given away or closed",
  ],
  "something in a Map": [
    {
      m: new Map<unknown, unknown>([
        [1, 2],
        ["k", [Symbol()]],
      ]),
    },
    'a symbol () cannot be sent, at value.m.get("k")[0]',
  ],
  "a key of a Map": [new Map([[() => {}, 1]]), "a function cannot be sent, at value (key 0 of the Map)"],
  "a value under an object": [new Map([[{}, () => {}]]), "a function cannot be sent, at value (value 0 of the Map)"],
  "something in a Set": [
    { s: new Set([1, { f() {} }]) },
    "a function (f) cannot be sent, at value.s (element 1 of the Set).f",
  ],
  "the cause of an error": [new Error("e", { cause: { f() {} } }), "a function (f) cannot be sent, at value.cause.f"],
  "a property of an array": [Object.assign([1], { f() {} }), "a function (f) cannot be sent, at value.f"],
  "a long regular expression": [
    { r: new RegExp("a".repeat(65_537)) },
    "a regular expression of 65,537 characters, at value.r; at most 65,536",
  ],
};

describe("structured: what is refused", () => {
  test("smoke: a refusal is a CodecError", () => {
    assert.throws(() => encoded(Symbol()), CodecError);
  });

  for (const [name, [value, sentence]] of Object.entries(refused)) {
    test(`${name}: the error says what and where`, () => {
      assert.throws(() => encoded(value), { name: "CodecError", message: `encode: ${sentence}` });
    });
  }

  test("an encoder that has refused something is as good as new", () => {
    const encoder = new StructuredEncoder();
    const shared = { a: 1 };
    for (const [value] of Object.values(refused)) {
      assert.throws(() => encoder.encode([shared, new Uint8Array(3), value]), CodecError);
      assert.deepEqual(decoded(encoder.encode([shared, shared, 2])), [{ a: 1 }, { a: 1 }, 2]);
    }
  });
});

describe("structured: limits", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value };
    return value;
  };

  test("smoke: 1,000 objects in each other travel, 1,001 do not", () => {
    assert.deepEqual(decoded(encoded(nested(1000))), nested(1000));
    assert.throws(
      () => encoded(nested(1001)),
      /^CodecError: encode: objects lie more than 1,000 deep in each other \(maxDepth\), at value\[0\]\.value/,
    );
  });

  test("a value 10,000 or 1,000,000 deep is a CodecError", () => {
    for (const depth of [10_000, 1_000_000]) assert.throws(() => encoded(nested(depth)), CodecError);
  });

  test("an encoder that is asked for more than the stack has gives a CodecError", () => {
    assert.throws(() => new StructuredEncoder({ maxDepth: 1e9 }).encode(nested(1_000_000)), CodecError);
  });

  test("a stack that a getter overflows is the getter's RangeError", () => {
    const endless = (): number => endless() + 1;
    assert.throws(
      () =>
        encoded({
          get a() {
            return endless();
          },
        }),
      RangeError,
    );
  });

  test("the count of slots, entries and keys is limited on both sides", () => {
    const limits = { maxCount: 10 };
    const values: [unknown, unknown][] = [
      [new Array(10).fill(0), new Array(11).fill(0)],
      [new Array(10), new Array(11)],
      [
        [[[1, 2, 3, 4]], [1, 2, 3]],
        [[[1, 2, 3, 4]], [1, 2, 3], 4],
      ],
      [
        { a: 1, b: { c: [1, 2, 3, 4, 5, 6, 7] } },
        { a: 1, b: { c: [1, 2, 3, 4, 5, 6, 7, 8] } },
      ],
      [new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])],
      [new Map([[1, [1, 2, 3, 4, 5, 6, 7, 8, 9]]]), new Map([[1, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]])],
    ];
    for (const [allowed, beyond] of values) {
      const encoder = new StructuredEncoder(limits);
      assert.deepEqual(decoded(encoder.encode(allowed)), allowed);
      assert.throws(() => encoder.encode(beyond), /more than 10 array slots, entries and keys \(maxCount\)/);
    }
  });

  test("an array of more slots than the limit is refused, however empty it is", () => {
    const empty: unknown[] = [];
    empty.length = 4_000_000_000;
    assert.throws(() => encoded(empty), /more than 134,217,728 array slots/);
  });
});
