import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ProtocolError } from "#src/errors.js";
import { AccessGate } from "./access-gate.js";
import { checkOrder } from "./order-checks.js";
import { ringClasses } from "./ring-classes.js";
import { CAPACITY, RingMemory } from "./ring-memory.js";
import { startPositions } from "./start-states.js";

const { RingReader, RingWriter } = ringClasses;
const memory = new RingMemory();
const { bytes } = memory.place();

function empty(position = 0) {
  memory.restart(position);
  return { writer: new RingWriter(memory.place()), reader: new RingReader(memory.place()) };
}

describe("record ring", () => {
  test("smoke: a record comes out as it went in", () => {
    const { writer, reader } = empty();
    bytes.copyIn(writer.reserve(3), Uint8Array.of(7, 8, 9), 0, 3);
    writer.commit(3, 0x123);
    assert.ok(reader.peek());
    assert.deepEqual([reader.length, reader.flags], [3, 0x123]);
    assert.deepEqual([...memory.array.subarray(reader.offset, reader.offset + 3)], [7, 8, 9]);
    reader.advance();
    assert.ok(!reader.peek());
    assert.ok(writer.isDrained);
  });

  test("the record is written before the tail is stored and read after it was loaded; read before the head is stored and written after it was loaded", () => {
    for (const position of startPositions) checkOrder(ringClasses, memory, position);
  });

  test("a record whose tail was not stored is not there, and the next writer overwrites it", () => {
    for (const position of startPositions) {
      const { writer, reader } = empty(position);
      bytes.copyIn(writer.reserve(5), Uint8Array.of(1, 2, 3, 4, 5), 0, 5);
      writer.stage(5, 1);
      assert.ok(!reader.peek());
      const next = new RingWriter(memory.place());
      bytes.copyIn(next.reserve(2), Uint8Array.of(6, 7), 0, 2);
      next.commit(2, 2);
      assert.ok(reader.peek());
      assert.deepEqual([reader.length, reader.flags], [2, 2]);
    }
  });

  test("records that are staged are seen together, when they are published", () => {
    const { writer, reader } = empty(2 ** 32 - 16);
    for (const flags of [1, 2, 3]) writer.stage(0, flags);
    assert.ok(!reader.peek());
    writer.publish();
    for (const flags of [1, 2, 3]) {
      assert.ok(reader.peek());
      assert.equal(reader.flags, flags);
      reader.skip();
    }
    assert.ok(!writer.isDrained);
    reader.release();
    assert.ok(writer.isDrained);
  });

  test("one record may fill the whole ring, and not a byte more", () => {
    for (const position of startPositions) {
      const { writer, reader } = empty(position);
      assert.equal(writer.reserve(CAPACITY - 7), -1);
      const offset = writer.reserve(CAPACITY - 8);
      assert.equal(offset, memory.base + (position % CAPACITY) + 8);
      bytes.copyIn(offset, new Uint8Array(CAPACITY - 8).fill(0x5a), 0, CAPACITY - 8);
      writer.commit(CAPACITY - 8, 9);
      assert.equal(writer.reserve(0), -1);
      assert.ok(reader.peek());
      assert.equal(reader.length, CAPACITY - 8);
      assert.ok(memory.array.subarray(reader.offset, reader.offset + reader.length).every((byte) => byte === 0x5a));
      reader.advance();
      assert.notEqual(writer.reserve(CAPACITY - 8), -1);
    }
  });

  test("a position that is no multiple of 8 is a ProtocolError", () => {
    for (const party of [RingWriter, RingReader])
      for (const position of [1, 4, 2 ** 31 - 1, 2 ** 32 - 4]) {
        memory.restart(position);
        assert.throws(() => new party(memory.place()), ProtocolError);
      }
  });

  test("a head that is ahead of the tail, too far behind it, or goes back is a ProtocolError", () => {
    for (const position of startPositions) {
      const { writer } = empty(position);
      writer.commit(24, 0);
      writer.commit(24, 0);
      memory.control[memory.headWord] += 32;
      assert.ok(writer.look());
      for (const wrong of [0, 4, 72, CAPACITY, -CAPACITY]) {
        memory.control[memory.headWord] = position + wrong;
        assert.throws(() => writer.look(), ProtocolError, `head ${wrong} from the start`);
      }
      memory.control[memory.headWord] = position - CAPACITY;
      assert.throws(() => new RingWriter(memory.place()), ProtocolError);
    }
  });

  test("a tail that is behind the head, or more than the capacity ahead, is a ProtocolError", () => {
    for (const position of startPositions) {
      const { reader } = empty(position);
      for (const wrong of [-8, 4, CAPACITY + 8, 2 ** 31]) {
        memory.control[memory.tailWord] = position + wrong;
        assert.throws(() => reader.peek(), ProtocolError, `tail ${wrong} ahead`);
      }
    }
  });

  test("a record that says more than there is is a ProtocolError", () => {
    const { writer, reader } = empty();
    for (const length of [9, 16, CAPACITY, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 8]) {
      writer.stage(8, 0);
      bytes.setWord(memory.base, length);
      memory.control[memory.tailWord] = 16;
      assert.throws(() => reader.peek(), ProtocolError, `length ${length}`);
    }
  });

  test("a writer that knows of room does not look at the head, nor a reader at the tail while it knows of records", () => {
    memory.restart(0);
    const writers = new AccessGate();
    const readers = new AccessGate();
    const writer = new RingWriter(memory.place(writers));
    const reader = new RingReader(memory.place(readers));
    for (let i = 0; i < 4; i++) {
      writer.reserve(8);
      writer.commit(8, i);
    }
    assert.equal(writers.count, 2 + 4 * 3, "loads of tail and head, then three accesses for each record");
    while (reader.peek()) reader.advance();
    assert.equal(readers.count, 1 + 2 + 4 * 3, "loads of head and twice of tail, then three accesses for each record");
  });

  test("nobody wrote outside of the ring", () => {
    assert.ok(memory.isGuardWhole);
  });
});
