import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UNIT } from "#src/rings/broadcast-ring.layout.js";
import { AccessGate, Killed } from "./access-gate.js";
import { BroadcastLog, BroadcastMemory, LASTS } from "./broadcast-memory.js";
import { inContext } from "./in-context.js";

const UNITS = 512;
const QUARTER = (UNITS / 4) * UNIT - UNIT;
const positions = [0, 2 ** 29 - 300, 2 ** 31 - 300, 2 ** 32 - 300];

/** A step of a party, with whole steps of the other one in the middle of it. */
interface Interleaving {
  readonly title: string;
  /** Lengths of the messages that lie in the ring unread, and of those that the writer publishes meanwhile. */
  readonly before: readonly number[];
  readonly meanwhile: readonly number[];
  readonly flags?: number;
}

const many = (count: number, length: number): number[] => Array.from({ length: count }, () => length);

const interleavings: readonly Interleaving[] = [
  { title: "an empty ring, and a message comes", before: [], meanwhile: [100] },
  { title: "a message is there, and another one comes", before: [100], meanwhile: [30] },
  { title: "a full ring, and one message is written over", before: many(64, 100), meanwhile: [100] },
  { title: "a full ring, and a quarter of it is written over", before: many(64, 100), meanwhile: [QUARTER] },
  { title: "a full ring, and all of it is written over", before: many(64, 100), meanwhile: many(5, QUARTER) },
  {
    title: "a full ring of long messages, and all is written over by short ones",
    before: many(4, QUARTER),
    meanwhile: many(300, 9),
  },
  { title: "an overtaken reader that is overtaken again", before: many(100, 100), meanwhile: many(40, 200) },
  {
    title: "an overtaken reader that is overtaken again, several times around",
    before: many(100, 100),
    meanwhile: many(40, QUARTER - 90),
  },
  { title: "messages that are to last, written over", before: many(64, 100), meanwhile: many(9, 900), flags: LASTS },
];

describe("a writer and a reader of a broadcast ring at once", () => {
  for (const { title, before, meanwhile, flags = 0 } of interleavings)
    for (const interrupted of ["reader", "writer"] as const)
      test(`${title}, at any access of the ${interrupted}: no message is torn, and every one is given or missed`, (t) => {
        let runs = 0;
        // far into a long step every access is like one before it
        for (const position of positions)
          for (let at = 1, isReached = true; isReached; at += 1 + (at >> 6), runs++)
            isReached = inContext(
              () => `from position ${position}, at access ${at}`,
              () => {
                const memory = new BroadcastMemory(UNITS, { position });
                const gate = new AccessGate();
                const log = new BroadcastLog(memory, memory.reader(0, interrupted === "reader" ? gate : undefined));
                const ring = memory.ring(interrupted === "writer" ? gate : undefined);
                for (const length of before) memory.publish(length, length % 7, flags);
                let ran = false;
                gate.interludeAt = gate.count + at;
                const publish = (): void => {
                  for (const length of meanwhile) memory.publish(length, length % 7, flags, ring);
                };
                const read = (): void => void log.drain();
                gate.interlude = () => {
                  ran = true;
                  if (interrupted === "reader") publish();
                  else log.take();
                };
                if (interrupted === "reader") read();
                else publish();
                log.drain();
                memory.check();
                assert.equal(log.given.length + log.missed, memory.published.size, "messages given and missed");
                const whole = (memory.head("head") - position) >>> 0;
                if (whole <= UNITS) assert.equal(log.missed, 0, "nothing was written over");
                return ran;
              },
            );
        t.diagnostic(`${runs} runs`);
      });

  for (const units of [2 ** 29, 2 ** 30, 2 ** 31 - UNITS, 2 ** 31, 2 ** 32 - UNITS, 2 ** 32, 2 ** 32 + UNITS])
    test(`a reader that is stopped at any access while the head goes on by ${units} units gives out nothing torn`, () => {
      for (const state of [[], many(3, 100), many(100, 100)])
        for (const position of [0, 2 ** 29 - 300, 2 ** 32 - 300])
          for (let at = 1, isReached = true; isReached; at++)
            isReached = inContext(
              () => `${state.length} messages from position ${position}, at access ${at}`,
              () => {
                const memory = new BroadcastMemory(UNITS, { position });
                const gate = new AccessGate();
                const log = new BroadcastLog(memory, memory.reader(0, gate));
                for (const length of state) memory.publish(length);
                let ran = false;
                gate.interludeAt = gate.count + at;
                gate.interlude = () => {
                  ran = true;
                  memory.leap(units, 10_000);
                };
                log.drain();
                memory.publish(10);
                log.drain();
                assert.equal(log.given.length + log.missed, memory.nextSequence);
                return ran;
              },
            );
    });

  test("a writer is killed at any of its accesses while a reader stands at any of its own: nothing torn, nothing lost", (t) => {
    let runs = 0;
    for (const position of [2 ** 29 - 300, 2 ** 32 - 800])
      for (const [count, length] of [
        [64, 100],
        [100, 100],
        [4, QUARTER],
      ])
        for (let at = 1, isReached = true; isReached; at += 3)
          for (let killAt = 1, isKilled = true; isKilled && (isReached || killAt === 1); killAt++, runs++) {
            const memory = new BroadcastMemory(UNITS, { position });
            const readerGate = new AccessGate();
            const writerGate = new AccessGate();
            const log = new BroadcastLog(memory, memory.reader(0, readerGate));
            for (let i = 0; i < count; i++) memory.publish(length);
            isReached = isKilled = false;
            readerGate.interludeAt = readerGate.count + at;
            writerGate.killAt = killAt;
            readerGate.interlude = () => {
              isReached = true;
              const ring = memory.ring(writerGate);
              try {
                for (const next of [10, 300, QUARTER]) memory.publish(next, 3, 0, ring);
              } catch (error) {
                if (!(error instanceof Killed)) throw error;
                isKilled = true;
              }
            };
            inContext(
              () => `from position ${position}, at access ${at}, killed at ${killAt}`,
              () => {
                log.drain();
                readerGate.interludeAt = 0;
                memory.ring().repair();
                memory.publish(1000);
                memory.publish(40);
                log.drain();
                memory.check();
                assert.equal(log.given.length + log.missed, memory.published.size, "messages given and missed");
              },
            );
          }
    t.diagnostic(`${runs} runs`);
    assert.ok(runs > 500);
  });
});
