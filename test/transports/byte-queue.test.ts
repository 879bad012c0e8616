import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteQueue } from "#src/transports/byte-queue.js";
import { SeededRandom } from "../rings/seeded-random.js";

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 7 + (n >>> 8)) & 0xff);

/** A queue that got bytes in chunks of the lengths given, over and over. */
function filled(bytes: Uint8Array, ...lengths: number[]): ByteQueue {
  const queue = new ByteQueue();
  for (let at = 0, i = 0; at < bytes.length; at += lengths[i++ % lengths.length])
    queue.push(bytes.slice(at, at + lengths[i % lengths.length]));
  return queue;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
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

  test("gathers in one piece what is missing to a length, pushed or put into its room, and gives that piece away", () => {
    const bytes = numbered(5_000_000);
    for (const [length, first, step] of [
      [70_000, 65_532, 4],
      [20_000, 0, 20_000],
      [1_048_577, 10, 65_536],
      [5_000_000, 3, 208 * 1024],
    ]) {
      const queue = new ByteQueue();
      queue.push(bytes.slice(0, first));
      for (let at = first, isPushed = false; at < length; isPushed = !isPushed) {
        queue.gather(length);
        const room = queue.room() as Uint8Array;
        assert.ok(room.length > 0 && room.length <= Math.max(1024 * 1024, at * 4));
        const size = Math.min(step, length - at);
        if (isPushed || size > room.length) queue.push(bytes.slice(at, at + size));
        else {
          room.set(bytes.subarray(at, at + size));
          queue.filled(size);
        }
        at += size;
        assert.equal(queue.length, at);
      }
      assert.equal(queue.room(), undefined);
      queue.push(Uint8Array.of(7, 8));
      const own = queue.cut(length, true);
      assert.equal(own.buffer.byteLength, length);
      assert.equal(Buffer.compare(own, bytes.subarray(0, length)), 0);
      assert.deepEqual([...queue.take(2)], [7, 8]);
      assert.equal(queue.length, 0);
    }
  });

  test("what was lent is taken or copied before its memory is another's again", () => {
    const bytes = numbered(100_000);
    const random = new SeededRandom(17);
    const lent = new Uint8Array(5000);
    for (let round = 0; round < 200; round++) {
      const queue = new ByteQueue();
      const got: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; ) {
        const chunk = lent.subarray(0, Math.min(1 + random.below(lent.length), bytes.length - at));
        chunk.set(bytes.subarray(at, at + chunk.length));
        at += chunk.length;
        const rest = queue.absorb(chunk);
        if (rest.length > 0) queue.lend(rest);
        for (let left = random.below(4); left > 0 && queue.length > 0; left--) {
          const length = Math.min(1 + random.below(3000), queue.length);
          got.push(random.below(3) === 0 ? queue.take(length) : queue.cut(length, random.below(2) === 0));
        }
        if (random.below(4) === 0) queue.gather(queue.length + random.below(20_000));
        queue.keep();
        lent.fill(0xee);
      }
      got.push(queue.take(queue.length));
      assert.deepEqual(joined(got), bytes);
    }
  });

  test("what goes beyond the room of a piece lies behind it", () => {
    const bytes = numbered(50_000);
    const queue = new ByteQueue();
    queue.push(bytes.slice(0, 100));
    queue.drop(10);
    queue.gather(30_000);
    queue.push(bytes.slice(100, 40_000));
    queue.push(bytes.slice(40_000));
    assert.deepEqual(queue.cut(5, true), bytes.slice(10, 15));
    assert.deepEqual(queue.take(queue.length), bytes.slice(15));
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
