import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClosedError, MismatchError, Semaphore, SharedEvent, SharedValue, TimeoutError, UsageError } from "interproc";
import { awaitEvent } from "../../programs/await-event.js";
import { eventually, waitingBits } from "./inside.js";
import { forms, start, ways } from "./parties.js";

describe("SharedEvent", { timeout: 60_000 }, () => {
  test("smoke: [case 55] a wait ends when it is set, at once while it is, and not after it was cleared", async () => {
    using event = new SharedEvent();
    assert.deepEqual([event.isSet, event.tryWait()], [false, false]);
    await assert.rejects(event.wait({ timeout: 5 }), TimeoutError);
    const wait = event.wait();
    event.set();
    event.set();
    await wait;
    event.waitSync();
    await event.wait({ timeout: 0 });
    assert.deepEqual([event.isSet, event.tryWait()], [true, true]);
    event.clear();
    event.clear();
    assert.equal(event.isSet, false);
    assert.throws(() => event.waitSync({ timeout: 5 }), TimeoutError);
  });

  test("[case 55] processes, workers and functions wait in vain, and then all see it set", async () => {
    using event = new SharedEvent();
    using here = new SharedValue("i32", 0);
    const bounded = ways.map((way) => start(way, awaitEvent, event, here, false, 20));
    assert.deepEqual(await Promise.all(bounded.map(({ result }) => result)), [false, false, false]);
    const parties = forms.map(([way, sync]) => start(way, awaitEvent, event, here, sync));
    await eventually(() => waitingBits(event).length === forms.length);
    event.set();
    assert.deepEqual(
      await Promise.all(parties.map(({ result }) => result)),
      forms.map(() => true),
    );
    assert.equal(await start("process", awaitEvent, event, here, true).result, true);
  });

  test("a set that is followed by a clear at once still releases all who waited, and nobody later", async () => {
    using event = new SharedEvent();
    using here = new SharedValue("i32", 0);
    const parties = forms.map(([way, sync]) => start(way, awaitEvent, event, here, sync));
    await eventually(() => waitingBits(event).length === forms.length);
    event.set();
    event.clear();
    await Promise.all(parties.map(({ result }) => result));
    await assert.rejects(event.wait({ timeout: 5 }), TimeoutError);
  });

  test("[case 59] a killed waiter does not hold up who sets it, and the others are released", async () => {
    using event = new SharedEvent();
    using here = new SharedValue("i32", 0);
    const parties = [true, false, true].map((sync) => start("process", awaitEvent, event, here, sync));
    await eventually(() => waitingBits(event).length === 3);
    await Promise.all(parties.slice(0, 2).map((party) => party.kill()));
    event.set();
    assert.equal(await parties[2].result, true);
    await event.wait();
  });

  test("waits end by their signal and by close(), and leave nothing behind", async () => {
    const event = new SharedEvent();
    const controller = new AbortController();
    const aborted = event.wait({ signal: controller.signal });
    controller.abort(new RangeError("enough"));
    await assert.rejects(aborted, RangeError);
    await assert.rejects(event.wait({ signal: AbortSignal.abort(new RangeError("no")) }), RangeError);
    assert.deepEqual(waitingBits(event), []);
    const waits = [event.wait(), event.wait({ timeout: 60_000 })];
    event.close();
    for (const wait of waits) await assert.rejects(wait, ClosedError);
    for (const use of [
      () => event.set(),
      () => event.clear(),
      () => event.isSet,
      () => event.tryWait(),
      () => event.waitSync(),
    ])
      assert.throws(use, ClosedError);
    await assert.rejects(event.wait(), ClosedError);
  });

  test("a blocking wait for ever that nobody else could end is a UsageError", () => {
    using event = new SharedEvent();
    assert.throws(() => event.waitSync(), { code: "ERR_INTERPROC_USAGE", message: /nobody could ever end/ });
    assert.throws(() => event.waitSync({ timeout: Number.NaN }), UsageError);
  });

  test("by name the same event is found, and nothing else under that name", () => {
    using event = SharedEvent.create("start");
    using same = SharedEvent.openOrCreate("start");
    same.set();
    assert.equal(event.isSet, true);
    assert.throws(() => Semaphore.open("start"), MismatchError);
    using again = SharedEvent.open("start");
    assert.equal(again.tryWait(), true);
  });

  test("waits given up at any moment leave the event whole", async () => {
    using event = new SharedEvent();
    const late = Array.from({ length: 200 }, () => event.wait({ timeout: Math.random() * 10 }).catch(() => "late"));
    const patient = event.wait();
    await Promise.all(late);
    event.set();
    await patient;
    assert.deepEqual(waitingBits(event), []);
  });
});
