import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unitsOf } from "#src/rings/broadcast-ring.js";
import { UNIT } from "#src/rings/broadcast-ring.layout.js";
import { BroadcastLog, BroadcastMemory, LASTS, MOST_READERS } from "./broadcast-memory.js";
import { inContext } from "./in-context.js";
import { chooseSeed, SeededRandom } from "./seeded-random.js";

const isFast = process.env.INTERPROC_TEST === "fast";

/** Random steps of writers and readers, held against the array of all that was published. */
function runOnce(seed: number, isLossless: boolean): void {
  const random = new SeededRandom(seed);
  const units = 512 << random.below(3);
  const quarter = (units / 4) * UNIT - UNIT;
  const position = random.pick([
    0,
    2 ** 29 - random.below(4000),
    2 ** 31 - random.below(4000),
    2 ** 32 - random.below(4000),
  ]);
  const memory = new BroadcastMemory(units, {
    position,
    rounds: random.below(9),
    sequence: random.pick([0, 2 ** 32 - 40]),
  });
  const logs = new Map<number, BroadcastLog>();
  const ring = memory.ring();
  const first = memory.nextSequence;
  const overwritten: number[] = [];
  for (let steps = 300; steps > 0; steps--) {
    const what = random.below(10);
    const number = random.below(MOST_READERS);
    const log = logs.get(number);
    if (what < 5) {
      for (let count = 1 + random.below(random.pick([1, 1, 5, 80])); count > 0; count--) {
        const keyBytes = random.below(4) === 0 ? random.below(256) : random.below(12);
        const length = random.below(random.pick([40, 200, 2000, quarter - 256]) + 1) % (quarter - 255);
        if (isLossless && memory.lag(...logs.keys()) + unitsOf(keyBytes, length) > units) break;
        memory.publish(length, keyBytes, random.below(8) === 0 ? LASTS : random.below(8), ring, (_, bytes) => {
          const old = memory.published.get(first + overwritten.length);
          assert.equal(bytes, old?.body.length);
          overwritten.push(bytes);
        });
      }
    } else if (what < 8 && log) {
      const oldest = [...memory.there()][0]?.sequence ?? memory.nextSequence;
      const { next, missed } = log;
      for (let count = 1 + random.below(20); count > 0; count--) if (!log.take()) break;
      if (log.missed > missed)
        assert.ok(next < oldest + 2000 && !isLossless, "a reader misses what was written over only");
    } else if (what === 8) log?.drain();
    else if (log && random.below(3) === 0) logs.delete(number);
    else if (!log) logs.set(number, new BroadcastLog(memory, memory.reader(number)));
    memory.check();
  }
  for (const log of logs.values()) {
    log.drain();
    assert.equal(log.next, memory.nextSequence, "a reader has come to the head");
    if (isLossless) assert.equal(log.missed, 0);
  }
  assert.ok(memory.isGuardWhole);
}

describe("a broadcast ring and an array", () => {
  for (const isLossless of [false, true])
    test(`do the same in random steps, where writers ${isLossless ? "wait for" : "overtake"} readers`, (t) => {
      const seed = chooseSeed();
      const runs = isFast ? 150 : 600;
      t.diagnostic(`${runs} runs, INTERPROC_SEED=${seed}`);
      for (let run = 0; run < runs; run++)
        inContext(
          () => `run ${run} of INTERPROC_SEED=${seed}`,
          () => runOnce(seed + Math.imul(run, 0x9e37_79b9), isLossless),
        );
    });
});
