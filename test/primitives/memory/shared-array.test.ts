import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClosedError, type ElementKind, pipe, SharedArray, spawn, TimeoutError, UsageError } from "interproc";
import { doubleElements } from "../../programs/double-elements.js";
import { eventually, waitingBits } from "../locks/inside.js";

const timeout = 60_000;
const views = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
  bool: Uint8Array,
} as const satisfies Record<ElementKind, unknown>;

describe("SharedArray", { timeout }, () => {
  test("smoke: elements are read, written and added to by index, and each operation gives the old value", () => {
    using array = new SharedArray("i32", [1, 2, 3]);
    assert.equal(array.add(0, 10), 1);
    assert.equal(array.sub(1, 1), 2);
    assert.equal(array.exchange(2, 7), 3);
    assert.equal(array.compareExchange(2, 7, 8), 7);
    assert.equal(array.compareExchange(2, 7, 9), 8);
    assert.equal(
      array.update(0, (old) => old * 2),
      22,
    );
    array.set(1, -1);
    assert.equal(array.get(1), -1);
    assert.deepEqual([...array], [22, -1, 8]);
    assert.deepEqual([array.length, array.kind, array.name], [3, "i32", ""]);
  });

  test("[case 61] slices are read and written by the view, a length makes zeros, a child's work is seen", async () => {
    using zeros = new SharedArray("f64", 1000);
    assert.ok(zeros.view.every((value) => value === 0));
    using array = new SharedArray("f64", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    array.view.set([20, 30, 40], 2);
    assert.deepEqual([...array.view.subarray(1, 6)], [1, 20, 30, 40, 5]);
    assert.deepEqual([...array.view.slice(-2)], [8, 9]);
    assert.equal(await spawn(doubleElements, [array]).result(), 10);
    assert.deepEqual([...array], [0, 2, 40, 60, 80, 10, 12, 14, 16, 18]);
  });

  test("every kind has its own typed array, over pages of its own and of exactly its length", () => {
    for (const [kind, View] of Object.entries(views) as [ElementKind, (typeof views)[ElementKind]][]) {
      using array = new SharedArray(kind, 5);
      assert.ok(array.view instanceof View, kind);
      assert.deepEqual([array.view.length, array.view.byteOffset], [5, 0]);
      assert.equal(array.view.buffer.byteLength, array.view.byteLength);
      array.set(4, (kind === "bool" ? true : kind === "i64" || kind === "u64" ? 1n : 1) as never);
      assert.equal(Number(array.view[4]), 1);
    }
  });

  test("it begins with what any iterable gives, wrapped as its kind does", () => {
    using fromSet = new SharedArray("u8", new Set([1, 256, -1]));
    assert.deepEqual([...fromSet], [1, 0, 255]);
    using fromTyped = SharedArray.create("typed", "f32", new Float64Array([0.1, 2]));
    assert.deepEqual([...fromTyped], [Math.fround(0.1), 2]);
    using flags = new SharedArray("bool", [true, false, true]);
    assert.deepEqual([...flags], [true, false, true]);
    assert.deepEqual([...flags.view], [1, 0, 1]);
    flags.view[1] = 5;
    assert.equal(flags.compareExchange(1, true, false), true);
    assert.equal(flags.get(1), false);
    using none = new SharedArray("i64", []);
    assert.deepEqual([none.length, [...none]], [0, []]);
    using empty = SharedArray.create("empty", "i64", 0);
    using again = SharedArray.open("empty");
    assert.deepEqual([empty.view.length, again.length], [0, 0]);
    assert.throws(() => again.get(0), UsageError);
  });

  test("a length, content, value or index that is not allowed is a UsageError that says what is", () => {
    for (const length of [-1, 1.5, Number.NaN, 2 ** 53])
      assert.throws(() => new SharedArray("i32", length), {
        code: "ERR_INTERPROC_USAGE",
        message: /length is .*; allowed: 0 to/,
      });
    for (const content of [undefined, null, "12", {}, true])
      assert.throws(() => new SharedArray("i32", content as number), UsageError);
    assert.throws(() => new SharedArray("i32", [1, "2" as never]), {
      message: 'SharedArray("i32"): value is "2"; allowed: a number',
    });
    using array = new SharedArray("i32", 3);
    const wrong = [3, -1, 0.5, Number.NaN, "0", undefined, 2 ** 32];
    for (const index of wrong as number[])
      for (const use of [
        () => array.get(index),
        () => array.set(index, 1),
        () => array.add(index, 1),
        () => array.sub(index, 1),
        () => array.exchange(index, 1),
        () => array.compareExchange(index, 1, 2),
        () => array.update(index, () => 1),
        () => array.waitUntilSync(index, () => true),
      ])
        assert.throws(use, { code: "ERR_INTERPROC_USAGE", message: /index is .*; allowed: 0 to 2$/ });
    assert.throws(() => array.set(0, "1" as never), UsageError);
    using flags = new SharedArray("bool", 2);
    // @ts-expect-error nothing can be added to a bool
    assert.throws(() => flags.add(0, true), UsageError);
    assert.deepEqual([...array.view], [0, 0, 0]);
  });

  test("waitUntil waits for one element, is woken by any write, and ends by timeout and close()", async () => {
    const array = SharedArray.create("waits", "i32", 3);
    using other = SharedArray.open("waits", "i32");
    const waiting = array.waitUntil(1, (value) => value === 2);
    await eventually(() => waitingBits(array).length === 1);
    other.set(0, 2);
    other.add(1, 2);
    assert.equal(await waiting, 2);
    assert.deepEqual(waitingBits(array), []);
    await assert.rejects(
      array.waitUntil(1, () => false, { timeout: 5 }),
      TimeoutError,
    );
    assert.throws(() => array.waitUntilSync(1, () => false, { timeout: 5 }), TimeoutError);
    const open = other.waitUntil(0, () => false);
    const closed = array.waitUntil(0, () => false);
    array.close();
    await assert.rejects(closed, ClosedError);
    await eventually(() => waitingBits(other).length === 1); // the wait of the handle that is still open goes on
    other.close();
    await assert.rejects(open, ClosedError);
  });

  test("a write through the view, which wakes nobody, is seen when the wait looks by itself", async () => {
    using array = new SharedArray("i32", 1);
    const waiting = array.waitUntil(0, (value) => value === 1);
    await eventually(() => waitingBits(array).length === 1);
    array.view[0] = 1;
    assert.equal(await waiting, 1);
  });

  test("an array inside a message is the same array, and each handle is closed by itself", async () => {
    using array = new SharedArray("u16", [1, 2]);
    const [left, right] = pipe<SharedArray<"u16">>();
    left.sendSync(array);
    const received = right.recvSync();
    left.close();
    right.close();
    const { view } = received;
    array.view[0] = 500;
    assert.deepEqual([...view], [500, 2]);
    received.close();
    assert.deepEqual([view.length, array.length, array.get(0)], [0, 2, 500]);
  });

  test("closed, the view is empty and every use is a ClosedError", async () => {
    const array = new SharedArray("f32", [1, 2, 3]);
    const { view } = array;
    const part = view.subarray(1);
    array.close();
    assert.deepEqual([view.length, part.length, view[0], array.length, [...array]], [0, 0, undefined, 0, []]);
    view[0] = 5;
    for (const use of [
      () => array.get(0),
      () => array.set(0, 1),
      () => array.add(0, 1),
      () => array.exchange(0, 1),
      () => array.update(0, () => 1),
      () => array.waitUntilSync(0, () => true),
    ])
      assert.throws(use, ClosedError);
    await assert.rejects(
      array.waitUntil(0, () => true),
      ClosedError,
    );
  });
});
