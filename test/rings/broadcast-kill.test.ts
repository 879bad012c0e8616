import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UNIT } from "#src/rings/broadcast-ring.layout.js";
import { AccessGate, Killed } from "./access-gate.js";
import { type Beginning, BroadcastLog, BroadcastMemory } from "./broadcast-memory.js";
import { inContext } from "./in-context.js";

const UNITS = 512;
const QUARTER = (UNITS / 4) * UNIT - UNIT;

/** What is published last by whoever is killed; before it, so many messages of 100 bytes. */
interface Case {
  readonly title: string;
  readonly before: number;
  readonly length: number;
  readonly keyBytes: number;
  readonly from: Beginning;
}

/** A ring that has come so far when the writer is killed that its message ends behind `position`. */
const endingBehind = (position: number, before: number, rounds = 1): Beginning => ({
  position: (position - before * 8 - 4 + 2 ** 32) % 2 ** 32,
  rounds,
});

const cases: readonly Case[] = [
  { title: "the first message", before: 0, length: 100, keyBytes: 0, from: { position: 0 } },
  { title: "a message with a key", before: 3, length: 100, keyBytes: 21, from: { position: 0 } },
  { title: "a message over an old one", before: 64, length: 50, keyBytes: 0, from: { position: 0 } },
  { title: "a long message over many", before: 90, length: QUARTER, keyBytes: 0, from: { position: 7 } },
  { title: "a message around the ring's end", before: 63, length: 500, keyBytes: 60, from: { position: 4 } },
  {
    title: "a message whose number is 2^32",
    before: 5,
    length: 100,
    keyBytes: 0,
    from: { position: 0, sequence: 2 ** 32 - 5 },
  },
  { title: "a message around 2^32 units", before: 70, length: 100, keyBytes: 9, from: endingBehind(2 ** 32, 70) },
  { title: "a message around 2^31 units", before: 70, length: 100, keyBytes: 9, from: endingBehind(2 ** 31, 70) },
  { title: "a message into a new era", before: 10, length: 300, keyBytes: 0, from: endingBehind(2 ** 29, 10) },
  {
    title: "a message that ends where an era begins",
    before: 1,
    length: 48,
    keyBytes: 0,
    from: endingBehind(2 ** 29, 1),
  },
];

/** Kills a publish before each of its accesses, and shows what it left behind. Gives the number of kills. */
function killEverywhere(
  { before, length, keyBytes, from }: Case,
  check: (memory: BroadcastMemory, readers: { log: BroadcastLog; slow: BroadcastLog; ahead: number }) => void,
): number {
  for (let killAt = 1; ; killAt++) {
    const memory = new BroadcastMemory(UNITS, from);
    const [log, slow] = [0, 1].map((number) => new BroadcastLog(memory, memory.reader(number)));
    for (let i = 0; i < before; i++) {
      memory.publish(100);
      if (i < before - 2) log.drain();
    }
    const gate = new AccessGate();
    gate.killAt = killAt;
    const ahead = memory.published.size;
    try {
      memory.publish(length, keyBytes, 0, memory.ring(gate));
      return killAt - 1;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    inContext(
      () => `killed before access ${killAt}`,
      () => check(memory, { log, slow, ahead }),
    );
  }
}

describe("a broadcast ring whose writer is killed", () => {
  for (const one of cases)
    test(`${one.title}: killed at any access and repaired, the ring has whole messages in order, and numbers go on`, (t) => {
      const kills = killEverywhere(one, (memory, { log, slow, ahead }) => {
        memory.ring().repair();
        const numbers = [...memory.there()].map(({ sequence }) => sequence);
        const wasPublished = memory.published.size > ahead;
        if (numbers.length > 0) assert.equal(memory.ring().sequence, (numbers.at(-1) as number) + 1, "the next number");
        log.drain();
        assert.deepEqual([log.given.length, log.missed], [ahead + Number(wasPublished), 0], "to who keeps up");
        // what comes next may be shorter or longer than what the killed one was about to publish
        for (const next of [0, 5, 700, 30, QUARTER, 0, 0]) {
          memory.publish(next);
          memory.check();
          log.drain();
        }
        for (let i = 0; i < 60; i++) memory.publish(0);
        memory.check();
        for (const reader of [log, slow]) {
          reader.drain();
          assert.equal(reader.given.length + reader.missed, memory.published.size);
        }
        assert.equal(log.missed, 0, "who keeps up misses nothing");
        assert.ok(memory.isGuardWhole);
      });
      t.diagnostic(`${kills} kills`);
      assert.ok(kills > 10);
    });

  test("a repair that is killed at any access is done by the next one", () => {
    for (const one of cases)
      killEverywhere(one, (memory, { log, ahead }) => {
        for (let killAt = 1; ; killAt++) {
          const gate = new AccessGate();
          gate.killAt = killAt;
          try {
            memory.ring(gate).repair();
            break;
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
          if (killAt > 60) killAt += 40;
        }
        memory.publish(20);
        memory.check();
        log.drain();
        assert.equal(log.missed, 0, one.title);
        assert.ok(log.given.length > ahead);
      });
  });

  test("a message is there for readers from one access on, and not a moment before or half", () => {
    for (const one of cases) {
      const seen: number[] = [];
      killEverywhere(one, (_, { log, ahead }) => {
        log.drain(); // nobody has repaired
        assert.equal(log.missed, 0);
        seen.push(log.given.length - ahead);
      });
      assert.deepEqual([...seen].sort(), seen, one.title);
      assert.deepEqual([...new Set(seen)], [0, 1], one.title);
    }
  });

  test("killed again and again, each time at another access, it loses nothing that was published", () => {
    for (const from of [0, 2 ** 29 - 900, 2 ** 32 - 900]) {
      const memory = new BroadcastMemory(UNITS, { position: from });
      const log = new BroadcastLog(memory, memory.reader(0));
      for (let turn = 0; turn < 400; turn++) {
        const gate = new AccessGate();
        gate.killAt = 1 + ((turn * 7) % 43);
        try {
          memory.publish((turn * 53) % 900, turn % 30, 0, memory.ring(gate));
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
          memory.ring().repair();
        }
        log.drain();
      }
      memory.check();
      assert.deepEqual([log.given.length, log.missed], [memory.published.size, 0]);
      assert.ok(memory.published.size > 50);
    }
  });
});
