import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { StructuredDecoder, StructuredEncoder } from "#src/codec.js";
import { anyValue } from "./any-value.js";
import { encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

const numRuns = process.env.INTERPROC_TEST === "fast" ? 500 : 10_000;

describe("structured: any value", () => {
  test("smoke: comes back the same, with cycles, shared objects and shared buffers", () => {
    fc.assert(
      fc.property(anyValue, (value) => assertSameGraph(roundTrip(value), value)),
      { numRuns },
    );
  });

  test("has the same message from an encoder that has encoded others, in scratch memory or in place", () => {
    const used = new StructuredEncoder();
    const target = new Uint8Array(200_000);
    fc.assert(
      fc.property(anyValue, fc.nat(50), (value, offset) => {
        const message = encoded(value);
        assert.deepEqual(used.encode(value), message);
        const end = used.encodeInto(value, target, offset, target.length);
        assert.deepEqual(target.subarray(offset, end), message);
        assert.equal(used.encodeInto(value, target, offset, end - 1), -1);
        assert.equal(used.encodeInto(value, target, offset, end), end);
      }),
      { numRuns: numRuns / 10 },
    );
  });

  test("cut short anywhere is refused, whatever bytes stand behind", () => {
    const decoder = new StructuredDecoder();
    fc.assert(
      fc.property(anyValue, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (value, part) => {
        const message = encoded(value);
        const end = Math.floor(part * message.length);
        for (const beyond of [0, 0x41, 0xff]) {
          const cut = new Uint8Array(message.length + 50).fill(beyond);
          cut.set(message.subarray(0, end));
          assert.throws(() => decoder.decode(cut, 0, end), { name: "CodecError" });
        }
      }),
      { numRuns: numRuns / 10 },
    );
  });
});
