import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UNIT } from "#src/rings/broadcast-ring.layout.js";
import { BroadcastLog, BroadcastMemory, contentOf, LASTS } from "./broadcast-memory.js";

const UNITS = 512;
const QUARTER = (UNITS / 4) * UNIT - UNIT;

describe("a broadcast ring", () => {
  test("smoke: gives each reader each message with its key, its flags and its number", () => {
    const memory = new BroadcastMemory(UNITS, { position: 0 });
    const logs = [0, 1].map((number) => new BroadcastLog(memory, memory.reader(number)));
    memory.publish(5, 3, 1);
    memory.publish(0);
    memory.publish(300, 255, 0xff);
    for (const log of logs) {
      assert.equal(log.drain(), 3);
      assert.deepEqual([log.given, log.missed], [[0, 1, 2], 0]);
    }
    memory.check();
  });

  test("a reader begins behind what was published before it came", () => {
    const memory = new BroadcastMemory(UNITS, { position: 0 });
    for (let i = 0; i < 10; i++) memory.publish(100);
    const log = new BroadcastLog(memory, memory.reader(0));
    assert.equal(log.reader.hasNext, false);
    assert.equal(log.drain(), 0);
    memory.publish(7);
    assert.equal(log.reader.hasNext, true);
    log.drain();
    assert.deepEqual([log.given, log.missed], [[10], 0]);
  });

  for (const [keyBytes, length] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [3, 13],
    [4, 12],
    [255, 0],
    [255, QUARTER - 256],
    [0, QUARTER],
  ])
    test(`messages of ${length} bytes with keys of ${keyBytes} go around the ring and stay whole`, () => {
      const memory = new BroadcastMemory(UNITS, { position: 2 ** 32 - 300 });
      const log = new BroadcastLog(memory, memory.reader(0));
      for (let i = 0; i < 700; i++) {
        memory.publish(length, keyBytes, i & 0xff);
        if (i % 3 === 0) log.drain();
        if (i % 50 === 0) memory.check();
      }
      log.drain();
      assert.deepEqual([log.given.length, log.missed], [700, 0]);
      assert.ok(memory.isGuardWhole);
    });

  test("a reader that is overtaken goes on well behind the head, and is told how many it missed", () => {
    for (const length of [0, 40, 1000, QUARTER])
      for (let count = 1; count < 900; count += length === 0 ? 1 : 13) {
        const memory = new BroadcastMemory(UNITS, { position: 2 ** 32 - 77 });
        const log = new BroadcastLog(memory, memory.reader(0));
        for (let i = 0; i < count; i++) memory.publish(length);
        const [oldest] = memory.there();
        log.drain();
        assert.equal(log.given.length + log.missed, count, `${count} messages of ${length} bytes`);
        if (oldest.sequence === 0) assert.equal(log.missed, 0, `nothing is gone of ${count} messages`);
        else assert.ok(log.given.length > 0, `something is left of ${count} messages`);
      }
  });

  test("the place where overtaken readers go on is never written over, whatever lengths messages have", () => {
    for (const lengths of [[QUARTER], [QUARTER, 0], [QUARTER, QUARTER, 0, 900], [1000, 16], [0]]) {
      const memory = new BroadcastMemory(UNITS, { position: 2 ** 32 - 1000 });
      for (let i = 0; i < 600; i++) {
        memory.publish(lengths[i % lengths.length]);
        const behind = (memory.head("head") - memory.head("resume")) >>> 0;
        assert.ok(behind <= (memory.head("head") - memory.head("tail")) >>> 0, `${lengths}: ${behind} units behind`);
      }
    }
  });

  test("a message that is to last comes alone, and its reader's cursor stays before it until it is passed", () => {
    const memory = new BroadcastMemory(UNITS, { position: 0 });
    const reader = memory.reader(0);
    const lengths = [10, 20, 30, 40];
    for (const [index, length] of lengths.entries()) memory.publish(length, 0, index === 1 || index === 2 ? LASTS : 0);
    const cursors = lengths.map((length) => {
      const message = reader.next(() => assert.fail("nothing is missed"));
      assert.equal(message?.length, length);
      const before = memory.cursor(0);
      if (((message?.flags ?? 0) & LASTS) !== 0) reader.pass();
      return [before, memory.cursor(0)];
    });
    assert.deepEqual(cursors, [
      [2, 2],
      [2, 5],
      [5, 8],
      [12, 12],
    ]);
  });

  test("a reader that has a message that is to last knows when it has been written over", () => {
    const memory = new BroadcastMemory(UNITS, { position: 2 ** 32 - 5 });
    const reader = memory.reader(0);
    const first = memory.publish(500, 0, LASTS);
    assert.equal(reader.next(() => undefined)?.sequence, first.sequence);
    for (let i = 0; i < 30; i++) {
      const isThere = [...memory.there()].some(({ sequence }) => sequence === first.sequence);
      assert.equal(reader.wasOverwritten, !isThere);
      memory.publish(1000);
    }
    assert.ok(reader.wasOverwritten);
  });

  test("a writer is told of each message that it overwrites, once and in order, and can read it then", () => {
    const memory = new BroadcastMemory(UNITS, { position: 2 ** 32 - 300 });
    const seen: number[] = [];
    const ring = memory.ring();
    for (let i = 0; i < 400; i++)
      memory.publish((i * 37) % 1500, i % 20, i % 3, ring, (at, bytes, flags) => {
        const old = memory.published.get(seen.length);
        assert.equal(bytes, old?.body.length);
        assert.equal(flags & 0xffff, old?.flags);
        const body = new Uint8Array(bytes);
        ring.read(at, bytes, body);
        assert.deepEqual(body, contentOf(seen.length, bytes));
        seen.push(seen.length);
      });
    assert.equal(seen.length, [...memory.there()][0].sequence);
  });

  for (const sequence of [2 ** 32 - 3, 2 ** 33 - 2, 2 ** 52])
    test(`numbers go on exactly from ${sequence}`, () => {
      const memory = new BroadcastMemory(UNITS, { position: 0, sequence });
      const [log, late] = [0, 1].map((number) => new BroadcastLog(memory, memory.reader(number)));
      for (let i = 0; i < 200; i++) {
        memory.publish(100);
        log.drain();
        memory.check();
      }
      late.drain();
      assert.deepEqual([log.given[0], log.given.at(-1), log.missed], [sequence, sequence + 199, 0]);
      assert.equal(late.given.length + late.missed, 200);
    });

  for (const rounds of [0, 5, 2 ** 29 - 1])
    for (const position of [0, 2 ** 29 - 20, 2 ** 31 - 20, 2 ** 32 - 20])
      test(`a reader keeps its place where the head passes ${position + 20} units, after ${rounds} rounds`, () => {
        const memory = new BroadcastMemory(UNITS, { position, rounds });
        const [log, late] = [0, 1].map((number) => new BroadcastLog(memory, memory.reader(number)));
        for (let i = 0; i < 40; i++) {
          memory.publish(i * 3);
          if (i % 4 === 0) log.drain();
          memory.check();
        }
        for (const one of [log, late]) {
          one.drain();
          assert.deepEqual([one.given.length, one.missed], [40, 0]);
        }
      });

  for (const units of [2 ** 29 - UNITS, 2 ** 29, 2 ** 30, 2 ** 31 - UNITS, 2 ** 31, 2 ** 32 - UNITS, 2 ** 32, 2 ** 33])
    test(`a reader that slept while the head went on by ${units} units knows that it was overtaken`, () => {
      for (const position of [0, 2 ** 29 - UNITS, 2 ** 32 - 100]) {
        const memory = new BroadcastMemory(UNITS, { position });
        const [log, idle] = [0, 1].map((number) => new BroadcastLog(memory, memory.reader(number)));
        for (let i = 0; i < 9; i++) memory.publish(60);
        assert.ok(log.take());
        memory.leap(units, 1_000_000);
        const [oldest] = memory.there();
        for (const one of [log, idle]) {
          one.drain();
          assert.ok(one.missed >= oldest.sequence - 9, `${one.missed} are missed`);
          assert.equal(one.given.length + one.missed, memory.nextSequence);
        }
        memory.check();
      }
    });
});
