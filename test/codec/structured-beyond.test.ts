import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { viewKinds } from "#src/codec/structured.layout.js";
import { decoded, encoded, roundTrip } from "./round-trip.js";
import { assertSameGraph } from "./same-graph.js";

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
    assert.match(arrived.stack ?? "", /structured-beyond\.test/);
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
