import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteQueue } from "#src/transports/byte-queue.js";

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 7 + (n >>> 8)) & 0xff);

/** A queue that got bytes in chunks of the lengths given, over and over. */
function filled(bytes: Uint8Array, ...lengths: number[]): ByteQueue {
  const queue = new ByteQueue();
  for (let at = 0, i = 0; at < bytes.length; at += lengths[i++ % lengths.length])
    queue.push(bytes.slice(at, at + lengths[i % lengths.length]));
  return queue;
}

describe("a queue of bytes", () => {
  test("smoke: gives what it got, in other sizes", () => {
    const bytes = numbered(100_000);
    for (const lengths of [[1], [3, 1, 1500], [1500, 2, 2, 2], [64 * 1024, 4]])
      for (const size of [1, 5, 1000, 50_000]) {
        const queue = filled(bytes, ...lengths);
        const got: number[] = [];
        for (let isOwn = true; queue.length > 0; isOwn = !isOwn)
          got.push(...queue.cut(Math.min(size, queue.length), isOwn));
        assert.deepEqual(Uint8Array.from(got), bytes);
      }
  });

  test("tells bytes, words and where a byte stands, whatever chunks they came in", () => {
    const bytes = numbered(5000);
    const view = new DataView(bytes.buffer);
    for (const lengths of [[1], [3], [1500, 2, 2], [5000]]) {
      const queue = filled(bytes, ...lengths);
      queue.drop(10);
      for (const at of [0, 1, 1489, 1490, 1491, 4000, 4986]) {
        assert.equal(queue.at(at), bytes[at + 10]);
        assert.equal(queue.word(at), view.getUint32(at + 10));
        assert.equal(queue.indexOf(bytes[at + 10], at), at);
      }
      assert.equal(queue.length, 4990);
      assert.throws(() => queue.at(4990), RangeError);
    }
    assert.equal(filled(Uint8Array.of(1, 2, 3), 1).indexOf(9, 0), -1);
  });

  test("what is cut before more comes stays as it is", () => {
    const queue = new ByteQueue();
    for (let n = 0; n < 10; n++) queue.push(Uint8Array.of(n));
    const first = queue.cut(4, false);
    for (let n = 10; n < 20; n++) queue.push(Uint8Array.of(n));
    const second = queue.cut(16, false);
    assert.deepEqual(
      [...first, ...second],
      Array.from({ length: 20 }, (_, n) => n),
    );
  });

  test("what is to be the caller's own shares no memory with anything, and is no Buffer", () => {
    const chunk = Buffer.from(numbered(3000));
    for (const lengths of [[3000], [1000], [10]]) {
      const queue = filled(chunk, ...lengths);
      const own = queue.cut(100, true);
      assert.equal(own.constructor, Uint8Array);
      assert.equal(own.buffer.byteLength, 100);
    }
  });

  test("many short chunks weigh little more than their bytes", () => {
    const queue = new ByteQueue();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 400_000; n++) queue.push(Uint8Array.of(n & 0xff));
    const weight = process.memoryUsage().heapUsed - before;
    assert.ok(weight < 50e6, `${weight} bytes for 400,000`);
    assert.equal(queue.take(400_000)[399_999], 399_999 & 0xff);
  });
});
