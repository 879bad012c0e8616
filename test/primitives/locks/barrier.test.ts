import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  Barrier,
  BrokenBarrierError,
  ClosedError,
  MismatchError,
  Semaphore,
  SharedValue,
  TimeoutError,
  UsageError,
} from "interproc";
import { awaitBarrier } from "../../programs/await-barrier.js";
import { eventually, waitingBits } from "./inside.js";
import { forms, start } from "./parties.js";

const timeout = 120_000;

/** How each of these ended: the index, or the error's name. */
const ends = async (waits: Promise<number>[]): Promise<(number | string)[]> =>
  (await Promise.allSettled(waits)).map((one) => (one.status === "fulfilled" ? one.value : one.reason.name));

describe("Barrier", { timeout }, () => {
  test("smoke: [case 56] two functions wait for each other, and each is told which it was", async () => {
    using barrier = new Barrier(2);
    assert.deepEqual([barrier.parties, barrier.waiting, barrier.isBroken], [2, 0, false]);
    const first = barrier.wait();
    assert.equal(barrier.waiting, 1);
    assert.deepEqual([await barrier.wait(), await first, barrier.waiting], [1, 0, 0]);
  });

  test("[case 56] five parties of all kinds pass ten rounds; in each the indexes are 0 to 4, once each", async () => {
    using barrier = new Barrier(5);
    const parties = forms.map(([way, sync]) => start(way, awaitBarrier, barrier, 10, sync));
    const found = await Promise.all(parties.map(({ result }) => result));
    for (let round = 0; round < 10; round++)
      assert.deepEqual(found.map((indexes) => indexes[round]).sort(), [0, 1, 2, 3, 4]);
    assert.deepEqual([barrier.waiting, barrier.isBroken], [0, false]);
  });

  test("[case 56] a thousand rounds of five are exact: nobody takes another round's end for its own", async () => {
    using barrier = new Barrier(5);
    const parties = forms.map(([way, sync]) => start(way, awaitBarrier, barrier, 1000, sync));
    const found = await Promise.all(parties.map(({ result }) => result));
    for (let round = 0; round < 1000; round++)
      assert.deepEqual(found.map((indexes) => indexes[round]).sort(), [0, 1, 2, 3, 4], `round ${round}`);
  });

  test("[case 57] abort() breaks it for those who wait and those who come, until a reset()", async () => {
    using barrier = new Barrier(3);
    const waits = [barrier.wait(), barrier.wait()];
    barrier.abort();
    assert.deepEqual(await ends([...waits, barrier.wait()]), Array(3).fill("BrokenBarrierError"));
    assert.throws(() => barrier.waitSync(), BrokenBarrierError);
    assert.deepEqual([barrier.isBroken, barrier.waiting], [true, 0]);
    barrier.reset();
    assert.equal(barrier.isBroken, false);
    assert.deepEqual(await ends([barrier.wait(), barrier.wait(), barrier.wait()]), [0, 1, 2]);
  });

  test("[case 57] reset() breaks the wait of those who wait, and is whole and empty at once", async () => {
    using barrier = new Barrier(3);
    const waits = [barrier.wait(), barrier.wait()];
    barrier.reset();
    const next = [barrier.wait(), barrier.wait(), barrier.wait()];
    assert.deepEqual(await ends(waits), ["BrokenBarrierError", "BrokenBarrierError"]);
    assert.deepEqual(await ends(next), [0, 1, 2]);
  });

  test("[case 57] abort() and reset() right after each other, again and again, leave everybody with the right answer", async () => {
    using barrier = new Barrier(2);
    const broken: Promise<number>[] = [];
    for (let round = 0; round < 20; round++) {
      broken.push(barrier.wait());
      if (round % 2) barrier.abort();
      barrier.reset();
    }
    assert.deepEqual(await ends(broken), Array(20).fill("BrokenBarrierError"));
    assert.deepEqual(await ends([barrier.wait(), barrier.wait()]), [0, 1]);
  });

  test("[case 57] the action runs in the last one before anybody goes on; what it throws breaks the barrier", async () => {
    const done: string[] = [];
    using barrier = new Barrier(2, {
      action: async () => {
        await new Promise((next) => setImmediate(next));
        done.push("action");
      },
    });
    for (let round = 0; round < 2; round++)
      await Promise.all([barrier.wait().then(() => done.push("on")), barrier.wait()]);
    assert.deepEqual(done, ["action", "on", "action", "on"]);
    using failing = new Barrier(2, { action: () => assert.fail("mine") });
    assert.deepEqual(await ends([failing.wait(), failing.wait()]), ["BrokenBarrierError", "AssertionError"]);
    assert.equal(failing.isBroken, true);
    using later = new Barrier(1, { action: async () => undefined });
    assert.throws(() => later.waitSync(), { code: "ERR_INTERPROC_USAGE", message: /async function/ });
    assert.equal(later.isBroken, true);
    assert.throws(() => new Barrier(1, { action: 3 as never }), UsageError);
  });

  test("who comes while the action runs waits for the next time", async () => {
    let [inside, runs] = [0, 0];
    using barrier = new Barrier(2, {
      action: async () => {
        assert.equal(inside++, 0);
        await new Promise((next) => setTimeout(next, 10));
        inside--;
        runs++;
      },
    });
    const first = [barrier.wait(), barrier.wait()];
    const second = [barrier.wait(), barrier.wait()];
    assert.deepEqual([await ends(first), await ends(second), runs], [[0, 1], [0, 1], 2]);
  });

  test("[case 57] a timeout or an abort of one breaks it for all; there is a timeout for every wait, too", async () => {
    using barrier = new Barrier(3);
    assert.deepEqual(await ends([barrier.wait({ timeout: 10 }), barrier.wait()]), [
      "TimeoutError",
      "BrokenBarrierError",
    ]);
    assert.equal(barrier.isBroken, true);
    barrier.reset();
    assert.throws(() => barrier.waitSync({ timeout: 5 }), TimeoutError);
    barrier.reset();
    const controller = new AbortController();
    const waits = [barrier.wait({ signal: controller.signal }), barrier.wait()];
    controller.abort(new RangeError("enough"));
    assert.deepEqual(await ends(waits), ["RangeError", "BrokenBarrierError"]);
    await assert.rejects(barrier.wait({ timeout: Number.NaN }), UsageError);
    using bounded = Barrier.create("bounded", 2, { timeout: 15 });
    using same = Barrier.open("bounded");
    await assert.rejects(same.wait(), TimeoutError);
    assert.throws(() => bounded.waitSync(), BrokenBarrierError);
    bounded.reset();
    assert.deepEqual(await ends([same.wait({ timeout: 10_000 }), bounded.wait()]), [0, 1]);
  });

  test("[case 57] a single party passes at once, and runs the action", async () => {
    let runs = 0;
    using barrier = new Barrier(1, { action: () => void runs++ });
    assert.deepEqual([barrier.waitSync(), await barrier.wait(), runs], [0, 0, 2]);
  });

  test("a party that is killed while it waits breaks it for all the others", async () => {
    for (const way of ["process", "worker"] as const) {
      using barrier = new Barrier(4);
      using here = new SharedValue("i32", 0);
      const victim = start(way, awaitBarrier, barrier, 1, true, here);
      const others = [true, false].map((sync) => start("process", awaitBarrier, barrier, 1, sync, here));
      await eventually(() => barrier.waiting === 3);
      await victim.kill();
      for (const { result } of others) assert.deepEqual(await result, ["BrokenBarrierError"]);
      assert.equal(barrier.isBroken, true);
      barrier.reset();
      assert.deepEqual(await ends([0, 1, 2, 3].map(() => barrier.wait())), [0, 1, 2, 3]);
    }
  });

  test("a party that ever waited and is killed later breaks it, too; a bystander does not", async () => {
    using barrier = new Barrier(2);
    using here = new SharedValue("i32", 0);
    const party = start("process", awaitBarrier, barrier, 2, false, here);
    const bystander = start("process", awaitBarrier, barrier, 0, false, here);
    await here.waitUntil((count) => count === 2);
    await barrier.wait();
    await bystander.kill();
    await eventually(() => barrier.waiting === 1);
    assert.equal(barrier.isBroken, false);
    await barrier.wait();
    assert.deepEqual((await party.result).length, 2);
    const next = start("process", awaitBarrier, barrier, 3, true);
    await barrier.wait();
    await eventually(() => barrier.waiting === 1);
    await next.kill();
    await assert.rejects(barrier.wait(), BrokenBarrierError);
  });

  test("parties that have ended in an orderly way do not break it for those that come", async () => {
    using barrier = new Barrier(2);
    for (const way of ["process", "worker"] as const) {
      const party = start(way, awaitBarrier, barrier, 1, true);
      await barrier.wait();
      await party.result;
    }
    await new Promise((done) => setTimeout(done, 300));
    assert.equal(barrier.isBroken, false);
    assert.deepEqual(await ends([barrier.wait(), barrier.wait()]), [0, 1]);
  });

  test("a blocking wait for ever that nobody else could end is a UsageError, and does not count", async () => {
    using barrier = new Barrier(2);
    assert.throws(() => barrier.waitSync(), { code: "ERR_INTERPROC_USAGE", message: /nobody could ever end/ });
    assert.deepEqual([barrier.waiting, barrier.isBroken], [0, false]);
    const first = barrier.wait();
    assert.deepEqual([barrier.waitSync(), await first], [1, 0]);
  });

  test("close() ends its waits, which breaks it for the others", async () => {
    using barrier = Barrier.create("closing", 3);
    const other = Barrier.open("closing");
    const waits = [other.wait(), barrier.wait()];
    other.close();
    assert.deepEqual(await ends(waits), ["ClosedError", "BrokenBarrierError"]);
    for (const use of [() => other.waiting, () => other.abort(), () => other.reset(), () => other.waitSync()])
      assert.throws(use, ClosedError);
    assert.deepEqual(waitingBits(barrier), []);
  });

  test("parties that are none are a UsageError; by name the same barrier is found", () => {
    for (const wrong of [0, -1, 1.5, "2", 2 ** 31]) assert.throws(() => new Barrier(wrong as number), UsageError);
    using barrier = Barrier.openOrCreate("meeting", 3);
    using same = Barrier.openOrCreate("meeting", 4);
    assert.deepEqual([barrier.parties, same.parties], [3, 3]);
    assert.throws(() => Semaphore.open("meeting"), MismatchError);
  });

  test("waits given up at any moment leave nobody with a wrong answer", async () => {
    using barrier = new Barrier(3);
    for (let round = 0; round < 60; round++) {
      const waits = [0, 1, 2].map(() => barrier.wait({ timeout: Math.random() * 3 }));
      const found = await ends(waits);
      const passed = found.filter((end) => typeof end === "number");
      assert.ok(passed.length === 3 || passed.length === 0, found.join());
      if (barrier.isBroken) barrier.reset();
    }
    assert.deepEqual(waitingBits(barrier), []);
  });
});
