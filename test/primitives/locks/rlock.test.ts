import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lock, RLock, SharedValue, TimeoutError, UsageError } from "interproc";
import { countUnderLock } from "../../programs/count-under-lock.js";
import { holdLock } from "../../programs/hold-lock.js";
import { eventually, waitingBits } from "./inside.js";
import { start, ways } from "./parties.js";

describe("RLock", { timeout: 60_000 }, () => {
  test("smoke: [case 50] it is taken several times by its thread, and free when given back as often", () => {
    using lock = new RLock();
    const holds = [lock.acquireSync(), lock.acquireSync(), lock.tryAcquire()];
    for (const hold of holds) {
      assert.equal(lock.isLocked, true);
      hold?.release();
    }
    assert.equal(lock.isLocked, false);
    assert.throws(() => lock.release(), { code: "ERR_INTERPROC_USAGE", message: /this thread does not hold it/ });
    assert.throws(() => holds[0]?.release(), UsageError);
    assert.ok(lock instanceof Lock);
  });

  test("[case 50] no other process or thread gets it meanwhile, and each sees that it is locked", async () => {
    for (const way of ["process", "worker"] as const) {
      using lock = new RLock();
      using state = new SharedValue("i32", 0);
      const [outer, inner] = [lock.acquireSync(), lock.acquireSync()];
      const other = start(way, holdLock, lock, state);
      await eventually(() => waitingBits(lock).length === 1);
      inner.release();
      assert.deepEqual([state.value, lock.isLocked], [0, true]);
      outer.release();
      await state.waitUntil((value) => value === 1);
      assert.deepEqual([lock.isLocked, lock.tryAcquire()], [true, undefined]);
      state.value = 2;
      assert.equal(await other.result, false);
      assert.equal(lock.isLocked, false);
    }
  });

  test("who has a hold takes it again through that; a second bare acquire() waits", async () => {
    using lock = new RLock();
    const hold = await lock.acquire();
    await assert.rejects(lock.acquire({ timeout: 5 }), TimeoutError);
    const again = await hold.acquire();
    const more = again.acquireSync();
    for (const one of [hold, more, again]) {
      assert.equal(lock.isLocked, true);
      one.release();
    }
    assert.equal(lock.isLocked, false);
    await assert.rejects(hold.acquire(), UsageError);
  });

  test("withLock inside withLock goes in at once, also after awaiting; two of them do not share it", async () => {
    using lock = new RLock();
    let inside = 0;
    const twice = (): Promise<void> =>
      lock.withLock(async () => {
        assert.equal(inside++, 0);
        await new Promise((done) => setImmediate(done));
        await lock.withLock(async (hold) => assert.ok(hold.isHeld && lock.isLocked));
        assert.equal(--inside, 0);
      });
    await Promise.all([twice(), twice(), twice()]);
    assert.equal(
      lock.withLockSync(() => lock.withLockSync(() => lock.isLocked)),
      true,
    );
    assert.equal(lock.isLocked, false);
  });

  test("[case 58] a holder that had taken it twice and is killed leaves it abandoned, and free after one release", async () => {
    using lock = new RLock();
    using state = new SharedValue("i32", 0);
    const holder = start("process", holdLock, lock, state);
    await state.waitUntil((value) => value === 1);
    await holder.kill();
    const hold = await lock.acquire();
    assert.deepEqual([hold.abandoned, (await hold.acquire()).abandoned], [true, true]);
    lock.release();
    hold.release();
    assert.equal((await lock.acquire()).abandoned, false);
    lock.release();
  });

  test("processes, workers and functions that count under it lose nothing", async () => {
    using lock = new RLock();
    using counter = new SharedValue("i32", 0);
    const parties = ways.map((way) => start(way, countUnderLock, lock, counter, 1000, false));
    await Promise.all(parties.map(({ result }) => result));
    assert.deepEqual([counter.value, lock.isLocked], [3000, false]);
  });
});
