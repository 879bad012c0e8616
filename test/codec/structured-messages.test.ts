import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HANDLE, StructuredDecoder, StructuredEncoder } from "#src/codec.js";
import { CodecError, UsageError } from "#src/errors.js";
import { holey } from "./cloneable-values.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

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
