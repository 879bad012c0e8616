import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ClosedError,
  Lock,
  MismatchError,
  NotFoundError,
  pipe,
  RLock,
  SharedArray,
  SharedValue,
  TimeoutError,
  UsageError,
} from "interproc";
import { countUnderLock } from "../../programs/count-under-lock.js";
import { holdLock } from "../../programs/hold-lock.js";
import { eightContenders } from "./eight-contenders.js";
import { eventually, segmentOf, untilTimerFires, waitingBits } from "./inside.js";
import { forms, start, ways } from "./parties.js";

const timeout = 60_000;

describe("Lock", { timeout }, () => {
  test("smoke: [case 49] a lock is taken, refused to a second taker, given back and taken again", async () => {
    using lock = new Lock();
    const hold = lock.acquireSync();
    assert.deepEqual([lock.isLocked, lock.owner, hold.isHeld, hold.abandoned], [true, process.pid, true, false]);
    assert.equal(lock.tryAcquire(), undefined);
    hold.release();
    assert.deepEqual([lock.isLocked, lock.owner, hold.isHeld], [false, undefined, false]);
    (await lock.acquire()).release();
    lock.tryAcquire()?.release();
    assert.equal(lock.isLocked, false);
  });

  test("[case 49] giving back what is not held, or twice, is a UsageError; disposing twice is not", () => {
    using lock = new Lock();
    assert.throws(() => lock.release(), { code: "ERR_INTERPROC_USAGE", message: /this thread does not hold it/ });
    const hold = lock.acquireSync();
    hold.release();
    assert.throws(() => hold.release(), UsageError);
    assert.throws(() => lock.release(), UsageError);
    hold[Symbol.dispose]();
    const next = lock.acquireSync();
    assert.throws(() => hold.release(), UsageError);
    assert.equal(lock.isLocked, true);
    lock.release();
    next[Symbol.dispose]();
    assert.equal(next.isHeld, false);
  });

  test("[case 52] a bounded wait gives up when its time is over, and leaves nothing behind", async () => {
    using lock = new Lock();
    using state = new SharedValue("i32", 0);
    const holder = start("process", holdLock, lock, state);
    await state.waitUntil((value) => value === 1);
    for (const bound of [0, -5, 20]) {
      const from = performance.now();
      await assert.rejects(lock.acquire({ timeout: bound }), TimeoutError);
      assert.throws(() => lock.acquireSync({ timeout: bound }), TimeoutError);
      assert.ok(performance.now() - from >= 2 * Math.max(0, bound) - 2);
    }
    await assert.rejects(lock.acquire({ timeout: Number.NaN }), UsageError);
    await assert.rejects(lock.acquire({ signal: AbortSignal.abort(new RangeError("no")) }), RangeError);
    const controller = new AbortController();
    const aborted = lock.acquire({ signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await assert.rejects(aborted, RangeError);
    assert.deepEqual(waitingBits(lock), []);
    const patient = lock.acquire();
    state.value = 2;
    (await patient).release();
    assert.equal(await holder.result, false);
  });

  test("a blocking wait for a lock that this very thread holds is a UsageError at once", async () => {
    using lock = new Lock();
    const hold = await lock.acquire();
    assert.throws(() => lock.acquireSync(), { code: "ERR_INTERPROC_USAGE", message: /this very thread holds it/ });
    hold.release();
  });

  test("async functions of one thread get it one after the other, in the order in which they asked", async () => {
    using lock = new Lock();
    const order: number[] = [];
    const one = async (id: number): Promise<void> =>
      lock.withLock(async () => {
        order.push(id);
        await new Promise((done) => setImmediate(done));
        assert.equal(order.at(-1), id);
      });
    await Promise.all([0, 1, 2, 3, 4, 5].map(one));
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
    assert.equal(lock.isLocked, false);
  });

  test("processes, worker threads and functions that count under it, awaiting and blocking, lose nothing", async () => {
    using lock = new Lock();
    using counter = new SharedValue("i32", 0);
    const rounds = 2000;
    const parties = [
      ...forms.map(([way, sync]) => start(way, countUnderLock, lock, counter, rounds, sync)),
      start("function", countUnderLock, lock, counter, rounds, false),
    ];
    await Promise.all(parties.map(({ result }) => result));
    assert.deepEqual([counter.value, lock.isLocked], [parties.length * rounds, false]);
  });

  test("of eight contenders each gets its turns", async (t) => {
    using lock = new Lock();
    await eightContenders(t, lock);
  });

  test("[case 58] after a killed holder the next one gets it, and is told until somebody releases normally", async () => {
    for (const way of ["process", "worker"] as const) {
      using lock = new Lock();
      using state = new SharedValue("i32", 0);
      const holder = start(way, holdLock, lock, state);
      await state.waitUntil((value) => value === 1);
      const [first, second] = [lock.acquire(), lock.acquire()];
      await eventually(() => waitingBits(lock).length === 1);
      await holder.kill();
      const hold = await first;
      assert.equal(hold.abandoned, true);
      hold.release();
      const next = await second;
      assert.equal(next.abandoned, false);
      next.release();
    }
  });

  test("[case 58] a killed holder's lock is taken over without waiting, too, and by a blocking wait", async () => {
    using lock = new Lock();
    for (const take of [() => lock.tryAcquire(), () => lock.acquireSync()]) {
      using state = new SharedValue("i32", 0);
      const holder = start("process", holdLock, lock, state);
      await state.waitUntil((value) => value === 1);
      await holder.kill();
      assert.deepEqual([lock.isLocked, lock.owner], [false, undefined]);
      using hold = take();
      assert.equal(hold?.abandoned, true);
    }
    using hold = lock.tryAcquire();
    assert.equal(hold?.abandoned, false);
  });

  test("who dies with what a dead one held leaves it abandoned", async () => {
    using lock = new Lock();
    for (const way of ["process", "worker", "process"] as const) {
      using state = new SharedValue("i32", 0);
      const holder = start(way, holdLock, lock, state);
      await state.waitUntil((value) => value === 1);
      await holder.kill();
    }
    using hold = lock.acquireSync();
    assert.equal(hold.abandoned, true);
  });

  test("a killed waiter takes nobody's turn", async () => {
    using lock = new Lock();
    using state = new SharedValue("i32", 0);
    const hold = lock.acquireSync();
    const waiters = [start("process", holdLock, lock, state), start("process", holdLock, lock, state, true)];
    await eventually(() => waitingBits(lock).length === 2);
    const mine = lock.acquire();
    await eventually(() => waitingBits(lock).length === 3);
    await Promise.all(waiters.map((waiter) => waiter.kill()));
    hold.release();
    (await mine).release();
    assert.equal(state.value, 0);
  });

  test("waits given up at any moment lose nothing", async () => {
    using lock = new Lock();
    using counter = new SharedValue("i32", 0);
    const party = start("process", countUnderLock, lock, counter, 3000, true);
    let [got, late] = [0, 0];
    while (counter.value < 3000) {
      const bound = Math.random() * 0.3;
      try {
        const controller = new AbortController();
        if (got % 2 === 0) setTimeout(() => controller.abort(new TimeoutError("mine")), bound);
        using _hold = await lock.acquire(got % 2 === 0 ? { signal: controller.signal } : { timeout: bound });
        got++;
      } catch (error) {
        assert.ok(error instanceof TimeoutError);
        late++;
      }
    }
    await party.result;
    assert.ok(got + late > 0);
    assert.deepEqual([counter.value, lock.isLocked, waitingBits(lock)], [3000, false, []]);
    using hold = lock.tryAcquire();
    assert.equal(hold?.abandoned, false);
  });

  test("close() gives back what was taken through the handle, and ends its waits; other handles go on", async () => {
    using lock = Lock.create("closing");
    const other = Lock.open("closing");
    const hold = await other.acquire();
    const [mine, theirs] = [lock.acquire(), other.acquire()];
    other.close();
    await assert.rejects(theirs, ClosedError);
    assert.equal(hold.isHeld, false);
    (await mine).release();
    assert.throws(() => other.acquireSync(), ClosedError);
    assert.throws(() => other.isLocked, ClosedError);
    await assert.rejects(other.acquire(), ClosedError);
  });

  test("by name the same lock is found, and nothing else under that name", () => {
    using lock = Lock.openOrCreate("one");
    using same = Lock.openOrCreate("one");
    using _hold = lock.acquireSync();
    assert.equal(same.tryAcquire(), undefined);
    assert.throws(() => RLock.open("one"), MismatchError);
    assert.throws(() => SharedValue.open("one"), MismatchError);
    assert.throws(() => Lock.open("two"), NotFoundError);
  });

  test("withLock gives what its work gives, and gives the lock back whatever happens", async () => {
    using lock = new Lock();
    assert.equal(await lock.withLock(async ({ isHeld }) => isHeld && 7), 7);
    assert.equal(
      lock.withLockSync(() => 8),
      8,
    );
    await assert.rejects(
      lock.withLock(() => Promise.reject(new RangeError("mine"))),
      RangeError,
    );
    assert.throws(() => lock.withLockSync(() => assert.fail("mine")), /mine/);
    assert.equal(lock.isLocked, false);
  });

  test("taking and giving back a free lock is always ready, and lets timers run", async () => {
    using lock = new Lock();
    await untilTimerFires(async () => (await lock.acquire()).release());
  });

  test("a value and an array have a lock each: the same handle each time, the same lock for all", async () => {
    using value = new SharedValue("i32", 0);
    using array = new SharedArray("u8", 3);
    const [left, right] = pipe<Lock[]>();
    assert.equal(value.lock, value.lock);
    await left.send([value.lock, array.lock]);
    const received = await right.recv();
    for (const [index, lock] of [value.lock, array.lock].entries()) {
      using _hold = lock.acquireSync();
      assert.ok(received[index].isLocked);
      assert.throws(() => lock.unlink(), UsageError);
    }
    const parties = ways.map((way) => start(way, countUnderLock, value.lock, value, 500, way !== "function"));
    await Promise.all(parties.map(({ result }) => result));
    assert.equal(value.value, 500 * parties.length);
    const change = value.waitUntil((seen) => seen < 0);
    const held = value.lock.acquireSync();
    const next = received[0].acquire();
    held.release();
    (await next).release();
    value.value = -1;
    assert.equal(await change, -1);
    for (const one of [...received, left, right]) one.close();
    const { lock } = value;
    value.close();
    assert.ok(lock.closed);
    assert.throws(() => value.lock, ClosedError);
  });

  test("a lock that stood in a place whose owner was killed while it waited wakes the right ones", async () => {
    using value = SharedValue.create("lone", "i32", 0, { maxAttached: 2 });
    using state = new SharedValue("i32", 0);
    const hold = value.lock.acquireSync();
    const waiter = start("process", holdLock, value.lock, state);
    await eventually(() => waitingBits(value).length === 1);
    await waiter.kill();
    const other = start("process", countUnderLock, value.lock, value, 1, false);
    await eventually(() => waitingBits(value).length === 1);
    hold.release();
    await other.result;
    assert.deepEqual([value.value, segmentOf(value).maxAttached], [1, 2]);
  });
});
