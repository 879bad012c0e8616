import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { pipe, SharedValue, type Subscription, spawn, Topic } from "interproc";
import { codes } from "../../contract/connection-kind.js";
import { runProgram } from "../../processes/running.js";
import { collecting, flooding } from "../../programs/publishing.js";
import { heldFor, isQuiet } from "./inside-topic.js";

const lossless = { capacity: 8192, lossless: true } as const;
const long = (number = 0): Uint8Array => new Uint8Array(1100).fill(number);

/** Publishes long messages until there is no room; gives how many. */
function fill(topic: Topic<unknown>): number {
  let count = 0;
  while (topic.tryPublish(long(count))) count++;
  return count;
}

/** Takes whatever is there; gives how many. */
function drain(subscription: Subscription<unknown>): number {
  let count = 0;
  while (subscription.tryTake()) count++;
  return count;
}

describe("a wait at a topic", { timeout: 60_000 }, () => {
  test("smoke: ends when something is published, or when the slowest subscriber has read on", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    const waiting = one.get();
    await topic.publish("first");
    assert.equal(await waiting, "first");
    const count = fill(topic);
    assert.ok(count >= 7, `${count} messages`);
    const publishing = topic.publish(long(99));
    assert.equal(topic.tryPublish("not now"), false);
    for (let i = 0; i < count; i++) assert.deepEqual(await one.get(), long(i));
    await publishing;
    assert.deepEqual(await one.get(), long(99));
    assert.ok(isQuiet(topic));
  });

  test("whoever wants none of a flood of messages leaves its event loop to others", async () => {
    using topic = new Topic<Uint8Array>();
    using none = topic.subscribe("never");
    using count = new SharedValue("i32", 0);
    const flood = spawn(flooding, [topic, 8, count]);
    await count.waitUntil((published) => published > 1000);
    const enough = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 20) enough.abort(); // never, if timers had no turn; the watchdog ends that
    }, 1);
    await assert.rejects(none.get({ signal: enough.signal }), { name: "AbortError" });
    clearInterval(timer);
    flood.kill();
    await flood.join();
    const last = none.tryTake();
    assert.equal(last, undefined);
    assert.throws(() => none.getSync({ timeout: 1 }), codes.timeout);
  });

  test("calls of one subscription that wait share the messages, in the order in which they came, in every form", async () => {
    using topic = new Topic<number>();
    using one = topic.subscribe();
    using other = topic.subscribe();
    const first = [one.get(), one.take().then(({ value }) => value)];
    assert.equal(one.tryGet(), undefined);
    topic.tryPublish(1);
    topic.tryPublish(2);
    first.push(one.get());
    topic.tryPublish(3);
    topic.tryPublish(4);
    assert.equal(one.tryGet(), 4);
    topic.tryPublish(5);
    const late = one.get();
    topic.tryPublish(6);
    assert.equal(one.getSync(), 6);
    assert.deepEqual([...(await Promise.all(first)), await late], [1, 2, 3, 5]);
    for (let i = 1; i <= 6; i++) assert.equal(await other.get(), i);
  });

  test("getSync goes behind the calls of its subscription that wait already", async () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe("to");
    using _stays = topic.subscribe("never");
    const waiting = [one.get(), one.get()];
    await turn();
    for (let i = 1; i <= 3; i++) topic.tryPublish(i, { key: "to" });
    assert.equal(one.getSync(), 3);
    assert.deepEqual(await Promise.all(waiting), [1, 2]);
    const more = one.get();
    topic.tryPublish(4, { key: "to" });
    assert.throws(() => one.getSync({ timeout: 5 }), codes.timeout);
    assert.equal(await more, 4);
  });

  test("each waiting subscription of a thread gets the message", async () => {
    using topic = new Topic<number>();
    const all = Array.from({ length: 20 }, () => topic.subscribe());
    const waiting = all.map((one) => one.get());
    await turn();
    topic.tryPublish(7);
    assert.deepEqual(
      await Promise.all(waiting),
      all.map(() => 7),
    );
  });

  test("a wait for a message times out, and takes nothing", async () => {
    using topic = new Topic<number>();
    using one = topic.subscribe("a");
    topic.tryPublish(0, { key: "b" });
    for (const timeout of [0, 5]) {
      await assert.rejects(one.get({ timeout }), codes.timeout);
      await assert.rejects(one.take({ timeout }), codes.timeout);
      assert.throws(() => one.getSync({ timeout }), codes.timeout);
      assert.throws(() => one.takeSync({ timeout }), codes.timeout);
    }
    assert.ok(isQuiet(topic));
    topic.tryPublish(1, { key: "a" });
    assert.equal(await one.get({ timeout: 0 }), 1);
    for (const timeout of [Number.NaN, "5" as unknown as number]) {
      await assert.rejects(one.get({ timeout }), codes.usage);
      assert.throws(() => one.getSync({ timeout }), codes.usage);
    }
  });

  test("a wait for a message is given up by its signal, and leaves no trace", async () => {
    using topic = new Topic<number>();
    using one = topic.subscribe();
    const reason = new Error("enough");
    await assert.rejects(one.get({ signal: AbortSignal.abort(reason) }), reason);
    const control = new AbortController();
    const given = one.get({ signal: control.signal });
    const kept = one.get();
    await turn();
    control.abort(reason);
    await assert.rejects(given, reason);
    topic.tryPublish(1);
    assert.equal(await kept, 1);
    assert.ok(isQuiet(topic));
    assert.equal(one.tryGet(), undefined);
  });

  test("a lossless publish that times out or is given up has published nothing, and tells what it had in hand", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    let count = fill(topic);
    while (topic.tryPublish("")) count++;
    const value = { big: "x".repeat(5000) };
    for (const timeout of [0, 5]) {
      await assert.rejects(topic.publish(value, { timeout }), { ...codes.timeout, undelivered: value });
      assert.throws(() => topic.publishSync(value, { timeout }), { ...codes.timeout, undelivered: value });
    }
    const reason = new Error("enough");
    await assert.rejects(topic.publish(long(), { signal: AbortSignal.abort(reason) }), reason);
    const control = new AbortController();
    const given = topic.publish(value, { signal: control.signal });
    await turn();
    control.abort(reason);
    await assert.rejects(given, reason);
    assert.deepEqual([heldFor(topic), isQuiet(topic), drain(one)], [[], true, count]);
    for (const timeout of [Number.NaN, "5" as unknown as number]) {
      await assert.rejects(topic.publish(1, { timeout }), codes.usage);
      assert.throws(() => topic.publishSync(1, { timeout }), codes.usage);
    }
  });

  test("calls that wait to publish keep their order, and one that is given up lets the next one through", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    const count = fill(topic);
    const control = new AbortController();
    const given = topic.publish(long(), { signal: control.signal });
    const waiting = [1, 2, 3].map((number) => topic.publish(number));
    assert.equal(topic.tryPublish("overtaking"), false);
    control.abort(new Error("enough"));
    await assert.rejects(given);
    await Promise.all(waiting); // there was room for these all the time
    assert.equal(topic.tryPublish(4), true);
    for (let i = 0; i < count; i++) assert.deepEqual(one.tryGet(), long(i));
    assert.deepEqual(
      [1, 2, 3, 4].map(() => one.tryGet()),
      [1, 2, 3, 4],
    );
  });

  test("what waits to be published is a snapshot", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    const count = fill(topic);
    const bytes = long(1);
    const value = { count: 1 };
    const waiting = [topic.publish(bytes), topic.publish(value)];
    bytes.fill(2);
    value.count = 2;
    for (let i = 0; i < count; i++) one.tryGet();
    await Promise.all(waiting);
    assert.deepEqual([one.tryGet(), one.tryGet()], [long(1), { count: 1 }]);
  });

  test("publishSync goes behind the publishes of this handle that wait already", async () => {
    using topic = new Topic<unknown>(lossless);
    const [mine, theirs] = pipe<never, string>();
    const child = spawn(collecting, [topic, "#", "getSync", theirs]);
    await mine.recv();
    const waiting: Promise<void>[] = [];
    const expected: number[] = [];
    for (let i = 0; i < 40; i++) {
      waiting.push(topic.publish([i, long()]));
      expected.push(i);
    }
    topic.publishSync([40, long()]);
    topic.publishSync("end");
    await Promise.all(waiting);
    const { got } = await child.result();
    assert.deepEqual(
      got.map((one) => (one as [number])[0]),
      [...expected, 40],
    );
    mine.close();
  });

  test("without a timeout, a wait that only this very thread could end is a UsageError at once", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    assert.throws(() => one.getSync(), codes.usage);
    assert.throws(() => one.takeSync(), codes.usage);
    const count = fill(topic);
    assert.throws(() => topic.publishSync(long()), codes.usage);
    assert.equal(topic.tryPublish("little"), true);
    const waiting = topic.publish(long());
    // there would be room for this one, but not for the one before it
    assert.throws(() => topic.publishSync("little"), codes.usage);
    assert.equal(drain(one), count + 1);
    await waiting;
    topic.publishSync("now");
    assert.equal(drain(one), 2);
  });

  test("the slowest subscriber is waited for, however many have read everything", async () => {
    using topic = new Topic<unknown>(lossless);
    const fast = Array.from({ length: 5 }, () => topic.subscribe());
    const slow = topic.subscribe("nothing");
    const count = fill(topic);
    for (const one of fast) assert.equal(drain(one), count);
    assert.equal(topic.tryPublish(long()), false);
    assert.equal(slow.tryGet(), undefined); // what does not match is read as well
    assert.equal(topic.tryPublish(long()), true);
    fill(topic);
    const waiting = topic.publish(long());
    for (const one of fast) drain(one);
    slow.close();
    await waiting;
    for (const one of fast) assert.equal(drain(one), 1);
    for (const one of fast) assert.equal(one.missed, 0);
  });

  test("whoever subscribes while a publisher waits gets what it publishes", async () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    fill(topic);
    const waiting = topic.publish(long(5));
    using late = topic.subscribe();
    drain(one);
    await waiting;
    assert.deepEqual([late.tryGet(), late.tryGet()], [long(5), undefined]);
  });

  test("room is given back by short messages that were read before a long one that was not", () => {
    using topic = new Topic<unknown>(lossless);
    using one = topic.subscribe();
    for (let i = 0; i < 5; i++) topic.tryPublish(long(i));
    topic.tryPublish("x".repeat(10_000));
    fill(topic);
    for (let i = 0; i < 5; i++) assert.deepEqual(one.tryGet(), long(i));
    assert.equal(topic.tryPublish(long()), true);
  });

  test("closing a subscription ends its waits with a ClosedError and its loops, and no others", async () => {
    using topic = new Topic<number>();
    const one = topic.subscribe();
    using other = topic.subscribe();
    const rejected = [one.get(), one.take()].map((wait) => assert.rejects(wait, codes.closed));
    const loop = (async () => {
      const got: number[] = [];
      for await (const value of one) got.push(value);
      for await (const { value } of one.messages()) got.push(value);
      return got;
    })();
    const kept = other.get();
    await turn();
    one.close();
    await Promise.all(rejected);
    assert.deepEqual(await loop, []);
    topic.tryPublish(1);
    assert.equal(await kept, 1);
    assert.ok(isQuiet(topic));
  });

  test("closing a topic's handle ends its waits and its subscriptions' loops, and not those of another handle", async () => {
    const topic = Topic.create<unknown>("topic-closing", lossless);
    using other = Topic.open<unknown>("topic-closing");
    const one = topic.subscribe();
    using its = other.subscribe();
    const loop = (async () => {
      let count = 0;
      for await (const _ of one) count++;
      return count;
    })();
    const count = fill(topic);
    while (drain(one) > 0) await turn();
    const rejected = assert.rejects(topic.publish(long()), codes.closed);
    const kept = other.publish(long());
    await turn();
    topic.close();
    await rejected;
    assert.ok((await loop) <= count);
    assert.equal(drain(its), count);
    await kept;
    assert.deepEqual([drain(its), other.subscribers], [1, 1]);
  });

  test("a pending wait keeps the process alive, an idle topic and one that is unreferenced do not", () => {
    for (const [how, printed] of [
      ["idle", ""],
      ["get-unref", ""],
      ["publish-unref", ""],
      ["get", "1\n"],
      ["publish", "published\n"],
      ["get-ref", "1\n"],
    ]) {
      const { stdout, stderr, status } = runProgram("topic-waiting", how);
      assert.deepEqual([stdout, status], [printed, 0], `${how}: ${stderr}`);
    }
  });

  test("awaits that are always ready still let timers run", async () => {
    using topic = new Topic<number>({ capacity: 2 ** 20 });
    using one = topic.subscribe();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let i = 0; ticks < 3; i++) {
      await topic.publish(i);
      assert.equal(await one.get(), i);
    }
    clearInterval(timer);
  });
});
