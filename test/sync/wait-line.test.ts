import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Wait } from "#src/sync/wait.js";
import { WaitLine } from "#src/sync/wait-line.js";
import { chooseSeed, SeededRandom } from "../rings/seeded-random.js";

const wait = (): Wait => ({
  attempt: () => false,
  arm: () => undefined,
  disarm: () => undefined,
  recheck: () => undefined,
  peers: () => [],
  holdsLoop: false,
});

describe("the line of those who wait", () => {
  test("smoke: those who leave, come and come again while it is gone along are met as in a Set", () => {
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const all = Array.from({ length: 1 + random.below(6) }, wait);
      const [line, set] = [new WaitLine(), new Set<Wait>()];
      const change = (what: { add(one: Wait): unknown; delete(one: Wait): boolean }, step: number): unknown => {
        const one = all[step % all.length];
        return step & 64 ? what.delete(one) : void what.add(one);
      };
      for (const index of all.keys()) if (random.below(2) === 0) for (const what of [line, set]) change(what, index);
      const steps = Array.from({ length: 12 }, () => random.below(128));
      const goAlong = (what: typeof line | typeof set): unknown[] => {
        const seen: unknown[] = [];
        let left = steps.length;
        for (const one of what) {
          seen.push(all.indexOf(one));
          // what leaves and comes again is met once more, so that this has to end
          for (let count = 0; count < 2 && left > 0; count++) seen.push(change(what, steps[--left]));
          if (seen.length > 100) break;
        }
        return [...seen, ...[...what].map((other) => all.indexOf(other)), what.size];
      };
      assert.deepEqual(goAlong(line), goAlong(set), `seed ${seed}, round ${round}, steps ${steps}`);
    }
  });

  test("one that left may come again, and one that is not there cannot leave", () => {
    const [line, first, second] = [new WaitLine(), wait(), wait()];
    assert.equal(line.delete(first), false);
    line.add(first);
    line.add(second);
    line.add(first);
    assert.deepEqual([...line], [first, second]);
    assert.equal(line.delete(first), true);
    line.add(first);
    assert.deepEqual([...line], [second, first]);
    assert.equal(line.size, 2);
  });
});
