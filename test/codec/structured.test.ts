import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { StructuredEncoder } from "#src/codec.js";
import { UsageError } from "#src/errors.js";
import { cloneable, holey } from "./cloneable-values.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

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
