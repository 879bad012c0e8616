import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Words } from "#src/memory/words.js";
import { WorkSlots } from "#src/sync/work-slots.js";
import { SLOTS, WORK_STATES, WORK_WORDS, workHead } from "#src/sync/work-slots.layout.js";
import { SeededRandom } from "../rings/seeded-random.js";

/** As many messages as have numbers of their own. */
const NUMBERS = 2 ** 30;
const STEP = SLOTS + workHead.word.step;

/** A giver and a worker over one memory, which begins some words in. */
function pair(at = 0) {
  const memory = new Int32Array(new SharedArrayBuffer((at + WORK_WORDS + 4) * 4));
  const words = new Words(memory);
  return { memory, words, giver: new WorkSlots(words, at), worker: new WorkSlots(words, at) };
}

class Killed extends Error {}

/** Throws at an access, and at every one after it. */
class Killing extends Words {
  accesses = 0;
  killAt = Number.POSITIVE_INFINITY;

  private step(): void {
    if (this.accesses++ >= this.killAt) throw new Killed();
  }

  override load(index: number): number {
    this.step();
    return super.load(index);
  }

  override store(index: number, value: number): void {
    this.step();
    super.store(index, value);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    this.step();
    return super.compareExchange(index, expected, value);
  }
}

describe("work slots", () => {
  test("smoke: what is offered is begun once, or taken back once, and never both", () => {
    const { giver, worker } = pair();
    giver.offer(0);
    giver.offer(1);
    assert.equal(giver.hasBegun(0), false);
    assert.equal(worker.begin(0), true);
    assert.equal(giver.hasBegun(0), true);
    assert.equal(giver.withdraw(0), false);
    assert.equal(giver.withdraw(1), true);
    assert.equal(giver.withdraw(1), false);
    assert.equal(worker.begin(1), false);
    assert.equal(giver.hasBegun(1), false);
    assert.equal(worker.begin(0), false);
  });

  test("what nobody has offered is neither begun nor taken back", () => {
    const { giver, worker, memory } = pair();
    for (const number of [0, 1, SLOTS - 1, SLOTS]) {
      assert.equal(worker.begin(number), false);
      assert.equal(giver.withdraw(number), false);
      assert.equal(giver.hasBegun(number), false);
    }
    assert.ok(memory.every((word) => word === 0));
  });

  test("use the words that are theirs, and no others", () => {
    const { giver, worker, memory } = pair(3);
    for (let number = 0; number < SLOTS; number++) {
      giver.offer(number);
      worker.begin(number);
      worker.setStep(number);
    }
    assert.deepEqual([...memory.subarray(0, 3)], [0, 0, 0]);
    assert.deepEqual([...memory.subarray(3 + WORK_WORDS)], [0, 0, 0, 0]);
    assert.ok(memory.subarray(3, 3 + SLOTS).every((word) => word !== 0));
    assert.equal(memory[3 + STEP], SLOTS - 1);
  });

  test("tell how far the worker is in what it has begun last", () => {
    const { giver, worker } = pair();
    giver.offer(0);
    giver.offer(1);
    worker.begin(0);
    assert.equal(giver.step, 0);
    worker.setStep(4095);
    assert.equal(giver.step, 4095);
    worker.begin(1);
    assert.equal(giver.step, 0);
  });

  test("a slot serves one message after another, and a late look never takes one for the other", () => {
    const { giver, worker } = pair();
    const endings: readonly ((number: number) => boolean)[] = [
      (number) => worker.begin(number),
      (number) => giver.withdraw(number),
    ];
    for (let round = 0; round < 6; round++) {
      const [before, now] = [5 + round * SLOTS, 5 + (round + 1) * SLOTS];
      giver.offer(before);
      endings[round % 2](before);
      giver.offer(now);
      assert.equal(giver.withdraw(before), false);
      assert.equal(worker.begin(before), false);
      assert.equal(giver.hasBegun(before), false);
      assert.equal(endings[1 - (round % 2)](now), true);
      assert.equal(giver.hasBegun(before), false);
    }
  });

  for (const from of [NUMBERS / 2, NUMBERS, NUMBERS * 2, NUMBERS * 4, NUMBERS * 1024])
    test(`numbers go past ${from.toLocaleString("en")}, and every slot is decided as before`, () => {
      const { giver, worker } = pair();
      const random = new SeededRandom(from / NUMBERS);
      for (let number = from - 2 * SLOTS; number < from + 2 * SLOTS; number++) {
        giver.offer(number);
        assert.equal(giver.hasBegun(number), false);
        assert.equal(giver.hasBegun(number - SLOTS), false);
        const isTakenBack = random.below(2) === 0;
        assert.equal(isTakenBack ? giver.withdraw(number) : worker.begin(number), true);
        assert.equal(giver.hasBegun(number), !isTakenBack);
        assert.equal(isTakenBack ? worker.begin(number) : giver.withdraw(number), false);
      }
    });

  test("a worker killed at each access in turn leaves its message offered, or begun at a step that it had reached", () => {
    const CALLS = 3;
    for (let killAt = 0; ; killAt++) {
      const { memory, giver } = pair();
      const words = new Killing(memory);
      const worker = new WorkSlots(words);
      const ended = [0, 0];
      giver.offer(0);
      giver.offer(1);
      words.killAt = killAt;
      let isKilled = false;
      try {
        for (const number of [0, 1]) {
          if (!worker.begin(number)) continue;
          for (let call = 0; call < CALLS; call++) {
            worker.setStep(call);
            ended[number]++;
          }
        }
      } catch (error) {
        assert.ok(error instanceof Killed);
        isKilled = true;
      }
      if (!isKilled) {
        assert.equal(killAt, 2 * (2 + CALLS));
        break;
      }
      const running = giver.hasBegun(1) ? 1 : 0;
      if (giver.hasBegun(running)) {
        const isBetween = running === 0 && ended[0] === CALLS; // it was about to begin the next one
        assert.ok(isBetween || Math.abs(giver.step - ended[running]) <= 1, `step ${giver.step} at access ${killAt}`);
        assert.ok(isBetween || giver.step <= ended[running], `step ${giver.step} at access ${killAt}`);
      }
      for (const number of [0, 1])
        if (!giver.hasBegun(number)) {
          assert.equal(ended[number], 0);
          assert.equal(giver.withdraw(number), true);
        }
    }
  });

  test("whatever a broken worker writes, it is told by what stands in the slot alone, and steps are whole numbers from 0", () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 20_000; round++) {
      const { giver, memory } = pair();
      const number = random.word() >>> 0;
      giver.offer(number);
      const slot = number & (SLOTS - 1);
      memory[slot] = random.below(2) === 0 ? random.word() | 0 : memory[slot] ^ (1 << random.below(32));
      memory[STEP] = random.word() | 0;
      const found = memory[slot];
      const itsOwn = (state: number): number => (number << 2) | state;
      assert.equal(giver.hasBegun(number), found === itsOwn(WORK_STATES.begun));
      assert.equal(giver.withdraw(number), found === itsOwn(WORK_STATES.offered));
      if (found !== itsOwn(WORK_STATES.offered)) assert.equal(memory[slot], found);
      assert.ok(Number.isInteger(giver.step) && giver.step >= 0, `step ${giver.step}`);
    }
  });
});
