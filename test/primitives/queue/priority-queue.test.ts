import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PriorityQueue, pipe, spawn } from "interproc";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { draining, taking } from "../../programs/queueing.js";
import { SeededRandom } from "../../rings/seeded-random.js";

describe("a priority queue", watchdog, () => {
  test("smoke: the lowest number goes first, first come first served among equals, 0 when none is said", async () => {
    using queue = new PriorityQueue<string>();
    await queue.put("late", { priority: 7 });
    queue.putSync("b");
    queue.tryPut("first", { priority: -1.5 });
    queue.tryPut("c", { priority: 0 });
    queue.tryPut("later", { priority: 7 });
    assert.deepEqual(await queue.getMany(), ["first", "b", "c", "late", "later"]);
  });

  test("any priorities in any order come out sorted and stable", async () => {
    using queue = new PriorityQueue<[number, number]>({ capacity: 2 ** 18 });
    const random = new SeededRandom(5);
    const all: [number, number][] = Array.from({ length: 1000 }, (_, i) => [random.below(20) - 10, i]);
    for (const one of all) await queue.put(one, { priority: one[0] });
    const sorted = all.map((one) => one).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    assert.deepEqual(await queue.getMany(), sorted);
  });

  test("a batch has one priority for all", async () => {
    using queue = new PriorityQueue<number>();
    await queue.putMany([1, 2], { priority: 5 });
    queue.putManySync([3, 4], { priority: 1 });
    queue.putManySync([5]);
    assert.deepEqual(await queue.getMany(), [5, 3, 4, 1, 2]);
  });

  test("what is given back goes before its equals, and not before lower numbers", () => {
    using queue = new PriorityQueue<string>();
    for (const [value, priority] of [
      ["a", 1],
      ["b", 1],
      ["c", 0],
    ] as const)
      queue.tryPut(value, { priority });
    const [c, a] = [queue.takeSync(), queue.takeSync()];
    queue.tryPut("d", { priority: 1 });
    a.nack();
    queue.tryPut("e", { priority: 0.5 });
    c.nack();
    assert.deepEqual(queue.getManySync(), ["c", "e", "a", "b", "d"]);
  });

  test("long messages keep their priority, and waiting puts too", async () => {
    using queue = new PriorityQueue<Uint8Array>({ capacity: 65_536, maxItems: 2 });
    await queue.put(patterned(100_000), { priority: 3 });
    await queue.put(patterned(9000), { priority: 2 });
    const waiting = queue.put(patterned(5), { priority: 1 });
    assert.equal((await queue.get()).length, 9000);
    await waiting;
    assert.deepEqual([(await queue.get()).length, (await queue.get()).length], [5, 100_000]);
  });

  test("a killed consumer's messages come again, in their places", async () => {
    using queue = new PriorityQueue<number>();
    for (const priority of [3, 1, 2, 4]) queue.tryPut(priority, { priority });
    const [mine, theirs] = pipe<string, unknown>();
    const child = spawn(taking, [queue, 3, theirs]);
    assert.deepEqual(await mine.recv(), [
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    queue.tryPut(2.5, { priority: 2.5 });
    child.kill();
    await child.join();
    queue.shutdown();
    assert.deepEqual(await spawn(draining, [queue, "messages"]).result(), [1, 2, 2.5, 3, 4]);
    mine.close();
  });

  test("a priority that is no finite number is a UsageError", async () => {
    using queue = new PriorityQueue<number>();
    for (const priority of [Number.NaN, Number.POSITIVE_INFINITY, "1" as unknown as number, 1n as unknown as number]) {
      assert.throws(() => queue.tryPut(1, { priority }), { ...codes.usage, message: /priority/ });
      await assert.rejects(queue.put(1, { priority }), codes.usage);
      await assert.rejects(queue.putMany([1], { priority }), codes.usage);
    }
    assert.equal(queue.size, 0);
  });

  test("by name it is opened as what it is", () => {
    using made = PriorityQueue.create<number>("priorities");
    using opened: PriorityQueue<number> = PriorityQueue.open<number>("priorities");
    using either: PriorityQueue<number> = PriorityQueue.openOrCreate<number>("priorities");
    opened.tryPut(2, { priority: 2 });
    either.tryPut(1, { priority: 1 });
    assert.deepEqual([made.tryGet(), made.tryGet()], [1, 2]);
  });
});
