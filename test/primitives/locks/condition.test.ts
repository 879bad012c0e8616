import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ClosedError,
  Condition,
  Lock,
  MismatchError,
  pipe,
  RLock,
  SharedValue,
  spawn,
  TimeoutError,
  UsageError,
} from "interproc";
import { awaitNotice } from "../../programs/await-notice.js";
import { holdLock } from "../../programs/hold-lock.js";
import { eventually, waitingBits } from "./inside.js";
import { forms, type Party, start } from "./parties.js";

const timeout = 60_000;

/** Six waiters of all kinds, once all of them wait. */
async function sixWaiters(condition: Condition, woken: SharedValue<"i32">): Promise<Party<boolean>[]> {
  using here = new SharedValue("i32", 0);
  const parties = [
    start("process", awaitNotice, condition, here, woken, true),
    ...forms.map(([way, sync]) => start(way, awaitNotice, condition, here, woken, sync)),
  ];
  await here.waitUntil((count) => count === parties.length);
  await condition.lock.withLock(() => undefined); // the last one has given the lock back, so that it waits
  return parties;
}

describe("Condition", { timeout }, () => {
  test("smoke: [case 53] notify has one go on, notify(2) two, notifyAll all, in their order", async () => {
    using condition = new Condition();
    const order: number[] = [];
    const waits = [0, 1, 2, 3, 4].map((id) =>
      condition.lock.withLock(async (hold) => {
        await condition.wait();
        order.push(id);
        assert.ok(hold.isHeld && condition.lock.isLocked);
      }),
    );
    await Promise.resolve(condition.lock.withLock(() => condition.notify()));
    await waits[0];
    assert.deepEqual(order, [0]);
    await condition.lock.withLock(() => condition.notify(2));
    await waits[2];
    assert.deepEqual(order, [0, 1, 2]);
    await condition.lock.withLock(() => condition.notifyAll());
    await Promise.all(waits);
    assert.deepEqual([order, condition.lock.isLocked], [[0, 1, 2, 3, 4], false]);
  });

  test("[case 53] of three processes, two workers and a function, notify has as many go on as it says", async () => {
    for (const lock of [undefined, new Lock(), new RLock()]) {
      using condition = new Condition(lock);
      using woken = new SharedValue("i32", 0);
      const parties = await sixWaiters(condition, woken);
      for (const [count, sum] of [
        [1, 1],
        [2, 3],
      ] as const) {
        condition.lock.withLockSync(() => condition.notify(count));
        await woken.waitUntil((value) => value === sum);
        await new Promise((done) => setTimeout(done, 20));
        assert.equal(woken.value, sum);
      }
      await condition.lock.withLock(() => condition.notifyAll());
      assert.deepEqual(
        await Promise.all(parties.map(({ result }) => result)),
        parties.map(() => true),
      );
      assert.deepEqual([woken.value, condition.lock.isLocked], [parties.length, false]);
      lock?.close();
    }
  });

  test("[case 54] a wait in vain is a TimeoutError, with the lock held again; one that is notified is not", async () => {
    using condition = new Condition();
    for (const bound of [0, -1, 15]) {
      using hold = await condition.lock.acquire();
      const from = performance.now();
      await assert.rejects(condition.wait({ timeout: bound }), {
        code: "ERR_INTERPROC_TIMEOUT",
        message: /^Condition: wait\(\)/,
      });
      assert.throws(() => condition.waitSync({ timeout: bound }), TimeoutError);
      assert.ok(performance.now() - from >= 2 * Math.max(bound, 0) - 2);
      assert.ok(hold.isHeld && condition.lock.isLocked);
    }
    assert.equal(condition.lock.isLocked, false);
    const wait = condition.lock.withLock(() => condition.wait({ timeout: 10_000 }));
    await condition.lock.withLock(() => condition.notify());
    await wait;
  });

  test("[case 54] waitFor gives what its predicate gives, looks again at the end of its time, and passes its errors", async () => {
    using condition = new Condition();
    using value = new SharedValue("i32", 0);
    const wait = condition.lock.withLock(() => condition.waitFor(() => value.value));
    for (const next of [0, 7]) {
      await condition.lock.withLock(() => {
        value.value = next;
        condition.notify();
      });
    }
    assert.equal(await wait, 7);
    using _hold = condition.lock.acquireSync();
    assert.equal(await condition.waitFor(() => value.value), 7);
    assert.equal(
      condition.waitForSync(() => value.value === 7),
      true,
    );
    await assert.rejects(
      condition.waitFor(() => false, { timeout: 5 }),
      { code: "ERR_INTERPROC_TIMEOUT", message: /waitFor\(\).*5 ms/ },
    );
    assert.throws(() => condition.waitForSync(() => false, { timeout: 5 }), TimeoutError);
    let looks = 0;
    assert.equal(await condition.waitFor(() => looks++ === 1, { timeout: 5 }), true);
    await assert.rejects(
      condition.waitFor(() => assert.fail("mine")),
      /mine/,
    );
    await assert.rejects(condition.waitFor(3 as never), UsageError);
  });

  test("who does not hold the lock can neither wait nor notify", async () => {
    using condition = new Condition();
    const refused = { code: "ERR_INTERPROC_USAGE", message: /this thread does not hold its lock/ };
    await assert.rejects(condition.wait(), refused);
    await assert.rejects(
      condition.waitFor(() => true),
      refused,
    );
    assert.throws(() => condition.waitSync(), refused);
    assert.throws(() => condition.notify(), refused);
    assert.throws(() => condition.notifyAll(), refused);
    using hold = condition.lock.acquireSync();
    for (const wrong of [0, -1, 1.5, "1"]) assert.throws(() => condition.notify(wrong as number), UsageError);
    assert.throws(() => condition.waitSync(), { code: "ERR_INTERPROC_USAGE", message: /nobody could ever end/ });
    await assert.rejects(condition.wait({ timeout: Number.NaN }), UsageError);
    assert.ok(hold.isHeld);
    assert.throws(() => new Condition({} as never), UsageError);
  });

  test("a notice that came before a wait began does not end it", async () => {
    using condition = new Condition();
    using _hold = condition.lock.acquireSync();
    condition.notify(3);
    condition.notifyAll();
    await assert.rejects(condition.wait({ timeout: 10 }), TimeoutError);
    const given = condition.wait({ timeout: 5 }).catch(() => "late");
    const other = condition.lock.withLock(() => {
      condition.notify();
      return condition.wait({ timeout: 30 }).catch(() => "late");
    });
    assert.deepEqual([await given, condition.lock.isLocked], [undefined, true]);
    condition.lock.release();
    assert.equal(await other, "late");
  });

  test("an RLock is given back as often as it is held, and restored", async () => {
    using lock = new RLock();
    using condition = new Condition(lock);
    const holds = [lock.acquireSync(), lock.acquireSync(), lock.acquireSync()];
    const wait = condition.wait();
    assert.equal(lock.isLocked, false);
    lock.withLockSync(() => condition.notify());
    await wait;
    for (const hold of holds) {
      assert.ok(lock.isLocked && hold.isHeld);
      hold.release();
    }
    assert.equal(lock.isLocked, false);
  });

  test("when a holder of the lock died meanwhile, the hold says so after the wait", async () => {
    using condition = new Condition();
    using state = new SharedValue("i32", 0);
    using hold = await condition.lock.acquire();
    const controller = new AbortController();
    const wait = condition.wait({ signal: controller.signal });
    const other = start("process", holdLock, condition.lock, state);
    await state.waitUntil((value) => value === 1);
    await other.kill();
    assert.equal(hold.abandoned, false);
    controller.abort();
    await assert.rejects(wait, { name: "AbortError" });
    assert.deepEqual([hold.abandoned, hold.isHeld], [true, true]);
  });

  test("[case 59] killed waiters hold up nobody, and take nobody's notice", async () => {
    using condition = new Condition();
    using woken = new SharedValue("i32", 0);
    const parties = await sixWaiters(condition, woken);
    await Promise.all(parties.slice(0, 4).map((party) => party.kill()));
    condition.lock.withLockSync(() => condition.notify(2));
    assert.deepEqual(await Promise.all(parties.slice(4).map(({ result }) => result)), [true, true]);
    assert.equal(woken.value, 2);
    condition.lock.withLockSync(() => condition.notifyAll());
  });

  test("[case 59] the notice of a waiter that dies before it looks goes to another that waited by then", async () => {
    for (const sync of [true, false]) {
      using condition = new Condition();
      using here = new SharedValue("i32", 0);
      using woken = new SharedValue("i32", 0);
      const first = spawn(awaitNotice, [condition, here, woken, true]);
      await here.waitUntil((count) => count === 1);
      condition.lock.withLockSync(() => undefined); // it has given the lock back, so that it waits
      const second = start("process", awaitNotice, condition, here, woken, sync);
      await here.waitUntil((count) => count === 2);
      condition.lock.withLockSync(() => undefined);
      process.kill(first.pid, "SIGSTOP");
      condition.lock.withLockSync(() => condition.notify());
      const third = condition.lock.withLock(() => condition.wait({ timeout: 500 }));
      first.kill();
      assert.equal(await second.result, true);
      await assert.rejects(third, TimeoutError);
      assert.equal(woken.value, 1);
    }
  });

  test("a wait that is given up leaves nothing behind, and loses no notice", async () => {
    using condition = new Condition();
    using value = new SharedValue("i32", 0);
    let [taken, late] = [0, 0];
    const consume = async (id: number): Promise<void> => {
      while (taken < 300)
        await condition.lock.withLock(async () => {
          try {
            await condition.waitFor(() => value.value > 0 || taken >= 300, {
              timeout: id % 2 ? Math.random() : 10_000,
            });
            if (value.value === 0) return;
            value.value = value.value - 1;
            taken++;
          } catch (error) {
            assert.ok(error instanceof TimeoutError);
            late++;
          }
        });
    };
    const produce = async (): Promise<void> => {
      for (let put = 0; put < 300; put++) {
        await condition.lock.withLock(() => {
          value.value = value.value + 1;
          condition.notify();
        });
        if (put % 3 === 0) await new Promise((done) => setTimeout(done, 1));
      }
      while (taken < 300) await new Promise((done) => setTimeout(done, 1));
      await condition.lock.withLock(() => condition.notifyAll());
    };
    await Promise.all([consume(0), consume(1), consume(2), consume(3), produce()]);
    assert.ok(late >= 0);
    assert.deepEqual([taken, value.value, waitingBits(condition), condition.lock.isLocked], [300, 0, [], false]);
  });

  test("an aborted wait rejects with the reason, with the lock held again", async () => {
    using condition = new Condition();
    using hold = await condition.lock.acquire();
    const controller = new AbortController();
    const wait = condition.wait({ signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await assert.rejects(wait, RangeError);
    assert.ok(hold.isHeld && condition.lock.isLocked);
    await assert.rejects(condition.wait({ signal: controller.signal }), RangeError);
    assert.deepEqual(waitingBits(condition), []);
  });

  test("close() ends its waits, whose holds are over; others go on", async () => {
    using condition = Condition.create("closing");
    const other = Condition.open("closing");
    const hold = await other.lock.acquire();
    const theirs = other.wait();
    const mine = condition.lock.withLock(() => condition.wait());
    await eventually(() => !condition.lock.isLocked);
    other.close();
    await assert.rejects(theirs, ClosedError);
    assert.equal(hold.isHeld, false);
    hold[Symbol.dispose]();
    await condition.lock.withLock(() => condition.notify());
    await mine;
    assert.throws(() => other.notify(), ClosedError);
    await assert.rejects(other.wait(), ClosedError);
  });

  test("handed over, it brings its lock along, its own or the given one", async () => {
    const lock = new RLock();
    const [left, right] = pipe<unknown[]>();
    for (const condition of [new Condition(lock), new Condition()]) {
      await left.send([condition, condition.lock]);
      const [taken, same] = (await right.recv()) as [Condition, Lock];
      using hold = condition.lock.acquireSync();
      assert.ok(taken.lock.isLocked && same.isLocked);
      assert.equal(taken.lock instanceof RLock, condition.lock instanceof RLock);
      hold.release();
      const wait = taken.lock.withLock(() => taken.wait());
      await condition.lock.withLock(() => condition.notify());
      await wait;
      same.close();
      taken.close();
      condition.close();
    }
    assert.equal(lock.closed, false);
    for (const one of [lock, left, right]) one.close();
  });

  test("by name the same condition is found, and nothing else under that name", () => {
    using condition = Condition.openOrCreate("meeting");
    using same = Condition.openOrCreate("meeting");
    using _hold = same.lock.acquireSync();
    assert.ok(condition.lock.isLocked);
    assert.throws(() => Lock.open("meeting"), MismatchError);
  });
});
