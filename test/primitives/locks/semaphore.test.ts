import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  BoundedSemaphore,
  ClosedError,
  MismatchError,
  NotFoundError,
  type Permit,
  Semaphore,
  SharedValue,
  TimeoutError,
  UsageError,
} from "interproc";
import { crowd } from "../../programs/crowd.js";
import { holdPermits } from "../../programs/hold-permits.js";
import { eightContenders } from "./eight-contenders.js";
import { eventually, untilTimerFires, waitingBits } from "./inside.js";
import { start } from "./parties.js";

const timeout = 60_000;

describe("Semaphore", { timeout }, () => {
  test("smoke: [case 51] its value counts from 2 to 0 and back", async () => {
    using semaphore = new Semaphore(2);
    assert.equal(semaphore.value, 2);
    const first = semaphore.acquireSync();
    assert.equal(semaphore.value, 1);
    const second = await semaphore.acquire();
    assert.deepEqual([semaphore.value, semaphore.tryAcquire()], [0, undefined]);
    first.release();
    assert.equal(semaphore.value, 1);
    second[Symbol.dispose]();
    assert.deepEqual([semaphore.value, second.isHeld], [2, false]);
    semaphore.release();
    assert.equal(semaphore.value, 3);
  });

  test("[case 51] a bounded one refuses to get more than it had; a permit is given back once", () => {
    using bounded = new BoundedSemaphore(2);
    assert.ok(bounded instanceof Semaphore);
    assert.throws(() => bounded.release(), {
      code: "ERR_INTERPROC_USAGE",
      message: /release\(1\), and this thread holds 0/,
    });
    const permit = bounded.acquireSync();
    assert.throws(() => bounded.release(2), UsageError);
    permit.release();
    assert.throws(() => permit.release(), UsageError);
    permit[Symbol.dispose]();
    assert.equal(bounded.value, 2);
    using plain = new BoundedSemaphore(1, { owned: false });
    assert.throws(() => plain.release(), { code: "ERR_INTERPROC_USAGE", message: /as many as it began with/ });
    plain.acquireSync();
    plain.release();
    assert.equal(plain.value, 1);
  });

  test("release(n) gives back this thread's newest permits first, and beyond them new ones", () => {
    using semaphore = new Semaphore(3);
    const permits = [1, 2, 3].map(() => semaphore.acquireSync());
    semaphore.release(2);
    assert.deepEqual(
      permits.map(({ isHeld }) => isHeld),
      [true, false, false],
    );
    for (const permit of permits.slice(1)) permit[Symbol.dispose]();
    assert.equal(semaphore.value, 2);
    semaphore.release(3);
    assert.deepEqual([semaphore.value, permits[0].isHeld], [5, false]);
    for (const wrong of [0, -1, 1.5, "1", Number.NaN, 2 ** 31])
      assert.throws(() => semaphore.release(wrong as number), UsageError);
    assert.equal(semaphore.value, 5);
  });

  test("a count that is none is a UsageError that says what is allowed", () => {
    for (const wrong of [-1, 0.5, 2 ** 31, "2", null])
      assert.throws(() => new Semaphore(wrong as number), {
        code: "ERR_INTERPROC_USAGE",
        message: /allowed: an integer from 0/,
      });
    assert.throws(() => new Semaphore(1, { owned: "no" as never }), UsageError);
    using most = new Semaphore(2 ** 31 - 1);
    assert.throws(() => most.release(), { code: "ERR_INTERPROC_USAGE", message: /2,147,483,647 permits in all/ });
    assert.equal(most.value, 2 ** 31 - 1);
    using none = new Semaphore(0);
    assert.equal(none.tryAcquire(), undefined);
  });

  test("[case 52] a bounded wait gives up when its time is over, and leaves nothing behind", async () => {
    using semaphore = new Semaphore(1);
    const permit = semaphore.acquireSync();
    for (const bound of [0, -5, 20]) {
      const from = performance.now();
      await assert.rejects(semaphore.acquire({ timeout: bound }), TimeoutError);
      assert.throws(() => semaphore.acquireSync({ timeout: bound }), TimeoutError);
      assert.ok(performance.now() - from >= 2 * Math.max(0, bound) - 2);
    }
    await assert.rejects(semaphore.acquire({ timeout: "x" as never }), UsageError);
    assert.throws(() => semaphore.acquireSync(), { code: "ERR_INTERPROC_USAGE", message: /nobody could ever end/ });
    await assert.rejects(semaphore.acquire({ signal: AbortSignal.abort(new RangeError("no")) }), RangeError);
    const controller = new AbortController();
    const [aborted, patient] = [semaphore.acquire({ signal: controller.signal }), semaphore.acquire()];
    controller.abort(new RangeError("enough"));
    await assert.rejects(aborted, RangeError);
    permit.release();
    (await patient).release();
    assert.deepEqual([semaphore.value, waitingBits(semaphore)], [1, []]);
  });

  test("no more are inside than it has permits: processes, workers and functions, awaiting and blocking", async () => {
    for (const owned of [true, false]) {
      using semaphore = new Semaphore(2, { owned });
      using inside = new SharedValue("i32", 0);
      using most = new SharedValue("i32", 0);
      const parties = [
        start("process", crowd, semaphore, inside, most, 500, true),
        start("process", crowd, semaphore, inside, most, 500, false),
        start("worker", crowd, semaphore, inside, most, 500, true),
        start("function", crowd, semaphore, inside, most, 500, false),
        start("function", crowd, semaphore, inside, most, 500, false),
      ];
      await Promise.all(parties.map(({ result }) => result));
      assert.deepEqual([semaphore.value, inside.value, most.value], [2, 0, 2]);
    }
  });

  test("of eight contenders each gets its turns", async (t) => {
    using semaphore = new Semaphore(2);
    await eightContenders(t, semaphore);
    assert.equal(semaphore.value, 2);
  });

  test("a killed holder's permits come back, to those who wait and to the value", async () => {
    for (const way of ["process", "worker"] as const) {
      using semaphore = new Semaphore(3);
      using state = new SharedValue("i32", 0);
      const holder = start(way, holdPermits, semaphore, 3, state, way === "worker");
      await state.waitUntil((value) => value === 1);
      const waits = [semaphore.acquire(), semaphore.acquire()];
      await eventually(() => waitingBits(semaphore).length === 1);
      assert.equal(semaphore.value, 0);
      await holder.kill();
      const permits = await Promise.all(waits);
      await eventually(() => semaphore.value === 1);
      for (const permit of permits) permit.release();
      assert.equal(semaphore.value, 3);
    }
  });

  test("a killed holder's permits are taken without waiting, too, and by a blocking wait", async () => {
    using semaphore = new BoundedSemaphore(1);
    for (const take of [() => semaphore.tryAcquire(), () => semaphore.acquireSync()]) {
      using state = new SharedValue("i32", 0);
      const holder = start("process", holdPermits, semaphore, 1, state);
      await state.waitUntil((value) => value === 1);
      assert.equal(semaphore.tryAcquire(), undefined);
      await holder.kill();
      take()?.release();
      assert.equal(semaphore.value, 1);
    }
  });

  test("a plain counter's permits are gone with who took them", async () => {
    using semaphore = new Semaphore(2, { owned: false });
    using state = new SharedValue("i32", 0);
    const holder = start("process", holdPermits, semaphore, 2, state);
    await state.waitUntil((value) => value === 1);
    await holder.kill();
    assert.deepEqual([semaphore.value, semaphore.tryAcquire()], [0, undefined]);
    semaphore.release(2);
    assert.equal(semaphore.value, 2);
  });

  test("a killed waiter takes nobody's turn, and is handed nothing", async () => {
    for (const owned of [true, false]) {
      using semaphore = new Semaphore(0, { owned });
      using state = new SharedValue("i32", 0);
      const waiters = [true, false].map((sync) => start("process", holdPermits, semaphore, 1, state, sync));
      await eventually(() => waitingBits(semaphore).length === 2);
      const mine = semaphore.acquire();
      await eventually(() => waitingBits(semaphore).length === 3);
      await Promise.all(waiters.map((waiter) => waiter.kill()));
      semaphore.release();
      (await mine).release();
      assert.deepEqual([state.value, semaphore.value], [0, 1]);
    }
  });

  test("permits that come at once wake as many waiters, wherever they are", async () => {
    for (const owned of [true, false]) {
      using semaphore = new Semaphore(0, { owned });
      const states = [0, 1, 2, 3].map(() => new SharedValue("i32", 0));
      const [a, b, c, d] = states;
      const parties = [
        start("process", holdPermits, semaphore, 1, a),
        start("process", holdPermits, semaphore, 1, b, true),
        start("worker", holdPermits, semaphore, 1, c, true),
        start("function", holdPermits, semaphore, 1, d),
      ];
      await eventually(() => waitingBits(semaphore).length === 4);
      semaphore.release(4);
      for (const state of states) await state.waitUntil((value) => value === 1);
      assert.equal(semaphore.value, 0);
      for (const state of states) state.value = 2;
      await Promise.all(parties.map(({ result }) => result));
      assert.equal(semaphore.value, 4);
      for (const state of states) state.close();
    }
  });

  test("a thread's waits are served in their order, and nobody who comes passes them", async () => {
    using semaphore = new Semaphore(1);
    const order: number[] = [];
    const first = semaphore.acquireSync();
    const waits = [1, 2, 3].map(async (id) => {
      using _permit = await semaphore.acquire();
      order.push(id);
    });
    first.release();
    assert.equal(semaphore.tryAcquire(), undefined);
    await Promise.all(waits);
    assert.deepEqual([order, semaphore.value], [[1, 2, 3], 1]);
  });

  test("waits given up at any moment lose no permit", async () => {
    using semaphore = new Semaphore(1);
    using inside = new SharedValue("i32", 0);
    using most = new SharedValue("i32", 0);
    const parties = [true, false].map((sync) => start("process", crowd, semaphore, inside, most, 1500, sync));
    let over = false;
    const end = Promise.all(parties.map(({ result }) => result)).then(() => {
      over = true;
    });
    const restless = async (): Promise<void> => {
      for (let turn = 0; !over; turn++) {
        const bound = Math.random() * 0.4;
        const controller = new AbortController();
        if (turn % 2 === 0) setTimeout(() => controller.abort(new TimeoutError("mine")), bound);
        const options = turn % 2 === 0 ? { signal: controller.signal } : { timeout: bound };
        const permit: Permit | undefined = await semaphore.acquire(options).catch((error) => {
          assert.ok(error instanceof TimeoutError);
          return undefined;
        });
        if (permit) assert.equal(inside.value, 0);
        permit?.release();
        await new Promise((done) => setImmediate(done));
      }
    };
    await Promise.all([restless(), restless(), end]);
    assert.deepEqual([semaphore.value, most.value, waitingBits(semaphore)], [1, 1, []]);
  });

  test("close() gives back what was taken through the handle, and ends its waits; the others go on", async () => {
    using semaphore = Semaphore.create("closing", 1);
    const other = Semaphore.open("closing");
    const permit = other.acquireSync();
    const [theirs, mine] = [other.acquire(), semaphore.acquire()];
    other.close();
    await assert.rejects(theirs, ClosedError);
    assert.equal(permit.isHeld, false);
    (await mine).release();
    for (const use of [() => other.value, () => other.acquireSync(), () => other.tryAcquire(), () => other.release()])
      assert.throws(use, ClosedError);
  });

  test("by name the same semaphore is found, and nothing else under that name", () => {
    using semaphore = BoundedSemaphore.openOrCreate("slots", 2);
    using same = BoundedSemaphore.openOrCreate("slots", 5);
    same.acquireSync();
    assert.equal(semaphore.value, 1);
    assert.throws(() => Semaphore.open("slots"), MismatchError);
    assert.throws(() => BoundedSemaphore.open("none"), NotFoundError);
    using plain = Semaphore.create("plain", 0, { owned: false });
    using opened = Semaphore.open("plain");
    opened.release(3);
    assert.equal(plain.value, 3);
  });

  test("a permit that is always free lets timers run", async () => {
    using semaphore = new Semaphore(1);
    await untilTimerFires(async () => (await semaphore.acquire()).release());
  });
});
