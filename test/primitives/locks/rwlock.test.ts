import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ClosedError,
  Lock,
  MismatchError,
  pipe,
  RWLock,
  SharedArray,
  SharedValue,
  spawn,
  TimeoutError,
  UsageError,
} from "interproc";
import { holdAccess } from "../../programs/hold-access.js";
import { readAndWrite } from "../../programs/read-and-write.js";
import { eventually, waitingBits } from "./inside.js";
import { forms, start } from "./parties.js";

const timeout = 60_000;

describe("RWLock", { timeout }, () => {
  test("smoke: many read at once, or one writes", async () => {
    using lock = new RWLock();
    const reads = [await lock.acquireRead(), lock.acquireReadSync(), lock.tryAcquireRead()];
    assert.deepEqual(
      [lock.isLocked, lock.readers, lock.owner, lock.tryAcquireWrite()],
      [true, 3, undefined, undefined],
    );
    for (const read of reads) read?.release();
    const write = await lock.acquireWrite();
    assert.deepEqual([lock.isLocked, lock.readers, lock.owner], [true, 0, process.pid]);
    assert.deepEqual([lock.tryAcquireRead(), lock.tryAcquireWrite()], [undefined, undefined]);
    write.release();
    assert.throws(() => write.release(), UsageError);
    write[Symbol.dispose]();
    lock.acquireWriteSync().release();
    assert.equal(lock.isLocked, false);
  });

  test("processes, workers and functions that read and write see nothing half written", async () => {
    using lock = new RWLock();
    using pair = new SharedArray("i32", 2);
    const parties = [
      ...forms.map(([way, sync]) => start(way, readAndWrite, lock, pair, 400, sync)),
      start("function", readAndWrite, lock, pair, 400, false),
    ];
    assert.deepEqual(
      await Promise.all(parties.map(({ result }) => result)),
      parties.map(() => 0),
    );
    assert.deepEqual([[...pair], lock.isLocked], [[600, 600], false]);
  });

  test("a reader that comes after a waiting writer goes in after it; neighbouring readers go in together", async () => {
    using lock = new RWLock();
    const order: string[] = [];
    const first = await lock.acquireRead();
    const one = async (name: string, access: "Read" | "Write"): Promise<void> => {
      using _hold = await lock[`acquire${access}`]();
      order.push(name);
      await new Promise((done) => setTimeout(done, 5));
      order.push(name);
    };
    const all = [one("w1", "Write"), one("r1", "Read"), one("r2", "Read"), one("w2", "Write"), one("r3", "Read")];
    assert.equal(lock.tryAcquireRead(), undefined);
    first.release();
    await Promise.all(all);
    assert.deepEqual(order, ["w1", "w1", "r1", "r2", "r1", "r2", "w2", "w2", "r3", "r3"]);
  });

  test("a writer in another process comes before readers that come later, and they before the next writer", async () => {
    using lock = new RWLock();
    using written = new SharedValue("i32", 0);
    using read = new SharedValue("i32", 0);
    const first = lock.acquireReadSync();
    const writer = start("process", holdAccess, lock, "Write", written, true);
    await eventually(() => waitingBits(lock).length === 1);
    const reader = start("process", holdAccess, lock, "Read", read, false);
    await eventually(() => waitingBits(lock).length === 2);
    const mine = lock.acquireWrite();
    assert.deepEqual([lock.tryAcquireRead(), written.value, read.value], [undefined, 0, 0]);
    first.release();
    await written.waitUntil((value) => value === 1);
    assert.equal(read.value, 0);
    written.value = 2;
    await read.waitUntil((value) => value === 1);
    assert.ok(lock.owner === undefined && lock.isLocked);
    read.value = 2;
    (await mine).release();
    assert.deepEqual([await writer.result, await reader.result], [false, false]);
  });

  test("after a killed writer, readers and writers are told until a writer releases normally", async () => {
    for (const way of ["process", "worker"] as const) {
      using lock = new RWLock();
      using state = new SharedValue("i32", 0);
      const writer = start(way, holdAccess, lock, "Write", state, true);
      await state.waitUntil((value) => value === 1);
      const waits = [lock.acquireRead(), lock.acquireRead(), lock.acquireWrite(), lock.acquireRead()];
      await eventually(() => waitingBits(lock).length === 1);
      await writer.kill();
      for (const [index, wait] of waits.entries()) {
        const hold = await wait;
        assert.equal(hold.abandoned, index < 3, `hold ${index}`);
        hold.release();
      }
      assert.equal(lock.isLocked, false);
    }
  });

  test("a killed reader frees its part, and nobody is told", async () => {
    using lock = new RWLock();
    using state = new SharedValue("i32", 0);
    const reader = start("process", holdAccess, lock, "Read", state, false);
    await state.waitUntil((value) => value === 1);
    const mine = lock.acquireRead();
    const write = lock.acquireWrite();
    (await mine).release();
    await reader.kill();
    const hold = await write;
    assert.deepEqual([hold.abandoned, lock.readers], [false, 0]);
    hold.release();
    using again = new SharedValue("i32", 0);
    const other = start("worker", holdAccess, lock, "Read", again, true);
    await again.waitUntil((value) => value === 1);
    await other.kill();
    assert.equal(lock.tryAcquireWrite()?.abandoned, false);
  });

  test("a killed waiter holds up nobody, and a stopped one not for ever", async () => {
    using lock = new RWLock();
    using state = new SharedValue("i32", 0);
    const read = lock.acquireReadSync();
    const writer = start("process", holdAccess, lock, "Write", state, true);
    await eventually(() => waitingBits(lock).length === 1);
    const mine = lock.acquireRead();
    await writer.kill();
    (await mine).release();
    assert.deepEqual(waitingBits(lock), []);
    const stopped = spawn(holdAccess, [lock, "Write", state, false]);
    await eventually(() => waitingBits(lock).length === 1);
    process.kill(stopped.pid, "SIGSTOP");
    const [next, last] = [lock.acquireRead(), lock.acquireWrite()];
    read.release();
    (await next).release();
    (await last).release();
    assert.equal(state.value, 0);
    process.kill(stopped.pid, "SIGCONT");
    await state.waitUntil((value) => value === 1);
    state.value = 2;
    assert.equal(await stopped.result(), false);
  });

  test("bounded and aborted waits give up, let those behind them go on, and leave nothing behind", async () => {
    using lock = new RWLock();
    const read = lock.acquireReadSync();
    const write = lock.acquireWrite({ timeout: 20 });
    const behind = lock.acquireRead();
    await assert.rejects(write, { code: "ERR_INTERPROC_TIMEOUT", message: /^RWLock: acquireWrite\(\)/ });
    (await behind).release();
    const controller = new AbortController();
    const aborted = lock.acquireWrite({ signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await assert.rejects(aborted, RangeError);
    read.release();
    for (let round = 0; round < 100; round++) {
      const hold = await lock.acquireWrite();
      const waits = [0, 1, 2].map((index) =>
        (index % 2 ? lock.acquireRead : lock.acquireWrite).call(lock, { timeout: Math.random() }).then(
          (one) => one.release(),
          (error) => assert.ok(error instanceof TimeoutError),
        ),
      );
      await new Promise((done) => setTimeout(done, Math.random()));
      hold.release();
      await Promise.all(waits);
    }
    assert.deepEqual([lock.isLocked, waitingBits(lock)], [false, []]);
    assert.equal(lock.tryAcquireWrite()?.abandoned, false);
  });

  test("a blocking wait for what this very thread holds is a UsageError; reading twice is none", async () => {
    using lock = new RWLock();
    const read = lock.acquireReadSync();
    const refused = { code: "ERR_INTERPROC_USAGE", message: /this very thread holds it/ };
    assert.throws(() => lock.acquireWriteSync(), refused);
    const write = lock.acquireWrite();
    const again = lock.acquireReadSync();
    again.release();
    read.release();
    const hold = await write;
    assert.throws(() => lock.acquireReadSync(), refused);
    assert.throws(() => lock.acquireWriteSync(), refused);
    hold.release();
  });

  test("withRead and withWrite give what their work gives, and give the lock back", async () => {
    using lock = new RWLock();
    assert.equal(await lock.withRead(async () => lock.withRead(() => lock.readers)), 2);
    assert.equal(await lock.withWrite(() => lock.owner), process.pid);
    assert.equal(
      lock.withReadSync(() => lock.readers),
      1,
    );
    assert.throws(() => lock.withWriteSync(() => assert.fail("mine")), /mine/);
    assert.equal(lock.isLocked, false);
  });

  test("handed over or found by name it is the same lock; close() gives back what was taken through it", async () => {
    using lock = RWLock.create("shelf");
    const same = RWLock.open("shelf");
    const [left, right] = pipe<RWLock>();
    await left.send(lock);
    using taken = await right.recv();
    const hold = same.acquireReadSync();
    const wait = taken.acquireWrite();
    const theirs = same.acquireWrite();
    same.close();
    await assert.rejects(theirs, ClosedError);
    assert.equal(hold.isHeld, false);
    (await wait).release();
    assert.throws(() => same.readers, ClosedError);
    assert.throws(() => Lock.open("shelf"), MismatchError);
    using again = RWLock.openOrCreate("shelf");
    assert.equal(again.isLocked, false);
    left.close();
    right.close();
  });
});
