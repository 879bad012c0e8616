import assert from "node:assert/strict";
import { once } from "node:events";
import { after, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { attach, pipe, Queue, registerClass, type Subscription, share, spawn, Topic } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { runNode, runProgram } from "../../processes/running.js";
import { collecting, publishing, relaying } from "../../programs/publishing.js";
import { programFile } from "../child-program.js";
import { objectsInDirectory } from "../queue/inside-queue.js";
import { coreOf, isQuiet } from "./inside-topic.js";

after(() => sweep());

/** Whatever is there for a subscription. */
function drain<T>(subscription: Subscription<T>): T[] {
  const got: T[] = [];
  for (let message = subscription.tryTake(); message; message = subscription.tryTake()) got.push(message.value);
  return got;
}

describe("a topic", watchdog, () => {
  test("smoke: every subscriber gets every message, in all three forms", async () => {
    using topic = new Topic<number>();
    const subscriptions = [topic.subscribe(), topic.subscribe()];
    await topic.publish(1);
    topic.publishSync(2);
    assert.equal(topic.tryPublish(3), true);
    for (const one of subscriptions) {
      assert.deepEqual([await one.get(), one.getSync(), one.tryGet(), one.tryGet()], [1, 2, 3, undefined]);
      assert.equal(one.missed, 0);
    }
    assert.equal(topic.subscribers, 2);
  });

  test("take gives a message with its key, its number and what was missed before it, in all three forms", async () => {
    using topic = new Topic<string>();
    using one = topic.subscribe();
    for (const key of ["a", "b.c", ""]) topic.tryPublish(`to ${key}`, { key });
    assert.deepEqual(await one.take(), { value: "to a", key: "a", sequence: 0, missed: 0 });
    assert.deepEqual(one.takeSync(), { value: "to b.c", key: "b.c", sequence: 1, missed: 0 });
    assert.deepEqual(one.tryTake(), { value: "to ", key: "", sequence: 2, missed: 0 });
    assert.equal(one.tryTake(), undefined);
  });

  test("a subscription sees what is published from its subscribe() on, and nothing of before", () => {
    using topic = new Topic<number>();
    assert.equal(topic.tryPublish(0), true); // nobody hears it
    using first = topic.subscribe();
    topic.tryPublish(1);
    using second = topic.subscribe();
    topic.tryPublish(2);
    assert.deepEqual([drain(first), drain(second)], [[1, 2], [2]]);
  });

  test("messages of several publishers come to all in one order, in which those of each keep theirs", async () => {
    using topic = new Topic<number | string>({ capacity: 2 ** 20 });
    const children = [];
    for (const form of ["get", "getSync", "for await", "messages"] as const) {
      const [mine, theirs] = pipe<never, string>();
      children.push(spawn(collecting, [topic as Topic<unknown>, "#", form, theirs]));
      assert.equal(await mine.recv(), "subscribed");
      mine.close();
    }
    using here = topic.subscribe();
    assert.equal(topic.subscribers, 5);
    const publishers = [
      spawn(publishing, [topic as Topic<number>, 1_000_000, 500, "publish"]),
      spawn(publishing, [topic as Topic<number>, 2_000_000, 500, "publishSync"]),
    ];
    for (const one of publishers) assert.equal((await one.join()).code, 0);
    await topic.publish("end");
    const got = drain(here);
    assert.equal(got.pop(), "end");
    for (const first of [1_000_000, 2_000_000])
      assert.deepEqual(
        got.filter((number) => Math.floor(Number(number) / 1e6) === first / 1e6),
        Array.from({ length: 500 }, (_, i) => first + i),
      );
    for (const child of children) assert.deepEqual(await child.result(), { got, missed: 0 });
    assert.equal(topic.subscribers, 1);
  });

  test("carries every kind of value, and what was published is a snapshot", async () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    const values: unknown[] = [undefined, null, -0, "", "ä🙂", 5n, new Date(3), /x/g, new Map([[1, new Set([2])]])];
    const bytes = patterned(777);
    values.push([1, [2, [3]]], { a: { b: bytes } }, bytes, new Float64Array([0.5]), new Error("no"));
    for (const value of values) await topic.publish(value);
    for (const value of values) assert.deepEqual((await one.take()).value, value);
    const value = { count: 1, bytes };
    await topic.publish(value);
    value.count = 2;
    bytes.fill(0);
    assert.deepEqual(await one.get(), { count: 1, bytes: patterned(777) });
  });

  test("what was got stays as it is when later messages take its place", () => {
    using topic = new Topic<unknown>({ capacity: 8192 });
    using one = topic.subscribe();
    const kept: unknown[] = [];
    for (let i = 0; i < 100; i++) {
      topic.tryPublish(i % 2 === 0 ? patterned(700, i) : { bytes: patterned(700, i), text: `text ${i}` });
      kept.push(one.tryGet());
    }
    kept.forEach((value, i) => {
      assert.deepEqual(value, i % 2 === 0 ? patterned(700, i) : { bytes: patterned(700, i), text: `text ${i}` });
    });
  });

  test("a value that cannot be sent is its publisher's error, and the topic goes on", async () => {
    using topic = new Topic<unknown>();
    for (const subscribers of [0, 1]) {
      await assert.rejects(topic.publish({ call: () => 1 }), codes.codec);
      assert.throws(() => topic.publishSync(Symbol("x")), codes.codec);
      assert.throws(() => topic.tryPublish(new WeakMap()), codes.codec);
      assert.equal(topic.subscribers, subscribers);
      if (subscribers === 0) topic.subscribe();
    }
    using one = topic.subscribe();
    await topic.publish("after");
    assert.deepEqual(drain(one), ["after"]);
  });

  test("a message that cannot be decoded is passed over with a CodecError, and the next one comes", async () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    let isBroken = true;
    class Fragile {
      constructor(readonly number: number) {}
    }
    registerClass(Fragile, {
      name: "topic-fragile",
      setState: (state) => {
        if (isBroken) throw new Error("broken");
        return new Fragile((state as { number: number }).number);
      },
    });
    for (const form of ["tryTake", "takeSync", "take"] as const) {
      topic.tryPublish(new Fragile(1));
      topic.tryPublish("next");
      isBroken = true;
      await assert.rejects(async () => one[form](), codes.codec);
      isBroken = false;
      assert.deepEqual(drain(one), ["next"]);
    }
    const waiting = one.get();
    isBroken = true;
    topic.tryPublish(new Fragile(2));
    await assert.rejects(waiting, codes.codec);
    assert.ok(isQuiet(topic));
  });

  test("a message's own class may not take from its subscription while it is decoded, but from another one", () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    using other = topic.subscribe();
    const seen: unknown[] = [];
    class Nested {}
    registerClass(Nested, {
      name: "topic-nested",
      setState: () => {
        assert.throws(() => one.tryGet(), codes.usage);
        seen.push(other.tryGet());
        return new Nested();
      },
    });
    topic.tryPublish("before");
    topic.tryPublish(new Nested());
    topic.tryPublish("after");
    assert.equal(one.tryGet(), "before");
    assert.ok(one.tryGet() instanceof Nested);
    assert.equal(one.tryGet(), "after");
    assert.deepEqual(seen, ["before"]);
  });

  test("a getter of a value that is published may publish something itself", () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    const value = {
      get inner() {
        topic.tryPublish("inner");
        return 1;
      },
    };
    topic.tryPublish(value);
    assert.deepEqual(drain(one), ["inner", { inner: 1 }]);
  });

  test("subscribers that fall behind are told exactly how many messages they missed, and the next ones come", () => {
    using topic = new Topic<number>({ capacity: 8192 });
    using slow = topic.subscribe();
    using fast = topic.subscribe();
    const told: number[] = [];
    slow.onMissed = (count) => told.push(count);
    const got: number[] = [];
    let seen = 0;
    for (let i = 0; i < 5000; i++) {
      topic.tryPublish(i);
      assert.equal(fast.tryGet(), i);
      if (i % 900 !== 899) continue;
      for (let message = slow.tryTake(); message; message = slow.tryTake()) {
        got.push(message.value);
        assert.equal(message.missed, message.value - (got.at(-2) ?? -1) - 1, "missed since the one before");
        assert.equal(message.sequence, message.value);
        seen += message.missed;
      }
      assert.equal(got.length + slow.missed, i + 1);
    }
    assert.equal(seen, slow.missed);
    assert.equal(
      told.reduce((sum, count) => sum + count, 0),
      slow.missed,
    );
    assert.deepEqual([told.length, fast.missed], [5, 0]);
  });

  test("what was missed is counted of whatever key, and told before the next message that matches", () => {
    using topic = new Topic<number>({ capacity: 8192 });
    using one = topic.subscribe("wanted");
    for (let i = 0; i < 3000; i++) topic.tryPublish(i, { key: "other" });
    assert.equal(one.tryTake(), undefined);
    const missed = one.missed;
    assert.ok(missed > 0 && missed < 3000);
    topic.tryPublish(1, { key: "wanted" });
    assert.deepEqual(one.tryTake(), { value: 1, key: "wanted", sequence: 3000, missed });
    topic.tryPublish(2, { key: "wanted" });
    assert.equal(one.tryTake()?.missed, 0);
  });

  test("an onMissed that takes is refused, one that throws loses no message, and one that closes ends the subscription", () => {
    using topic = new Topic<number>({ capacity: 8192 });
    const overtake = (): void => {
      for (let i = 0; i < 1000; i++) topic.tryPublish(i);
    };
    using taking = topic.subscribe();
    let refused: unknown;
    taking.onMissed = () => {
      try {
        taking.tryGet();
      } catch (error) {
        refused = error;
      }
    };
    const closing = topic.subscribe();
    closing.onMissed = () => closing.close();
    overtake();
    const first = taking.tryTake();
    assert.equal((refused as { code?: string }).code, codes.usage.code);
    assert.deepEqual([first?.value, first?.missed], [taking.missed, taking.missed]);
    assert.throws(() => closing.tryTake(), codes.closed);
    assert.equal(closing.closed, true);
    assert.equal(topic.subscribers, 1);
    const { stdout, stderr } = runProgram("throw-on-missed");
    assert.equal(stdout, "from onMissed; true\n", stderr);
  });

  test("capacity, lossless and maxSubscribers are checked and told", () => {
    for (const capacity of [0, -1, 8191, 2 ** 30 + 1, 1.5, Number.NaN, "9000" as unknown as number])
      assert.throws(() => new Topic({ capacity }), codes.usage, String(capacity));
    for (const maxSubscribers of [0, -1, 65_537, 1.5])
      assert.throws(() => new Topic({ maxSubscribers }), codes.usage, String(maxSubscribers));
    assert.throws(() => new Topic({ lossless: 1 as unknown as boolean }), codes.usage);
    for (const [asked, given] of [
      [undefined, 262_144],
      [8192, 8192],
      [8193, 16_384],
      [100_000, 131_072],
    ] as const) {
      using topic = new Topic({ capacity: asked });
      assert.equal(topic.capacity, given);
    }
    using topic = new Topic({ lossless: true });
    assert.equal(topic.lossless, true);
  });

  test("there are 128 subscriptions at once, the next is a SystemError, and one that is closed makes room", () => {
    using topic = new Topic<number>();
    const all = Array.from({ length: 128 }, () => topic.subscribe());
    assert.throws(() => topic.subscribe(), { code: "ERR_INTERPROC_SYSTEM", message: /maxSubscribers/ });
    topic.tryPublish(5);
    for (const one of all) assert.deepEqual(drain(one), [5]);
    all[77].close();
    using again = topic.subscribe();
    topic.tryPublish(6);
    assert.deepEqual(drain(again), [6]);
    assert.equal(topic.subscribers, 128);
    using small = new Topic<number>({ maxSubscribers: 1 });
    using _one = small.subscribe();
    assert.throws(() => small.subscribe(), { code: "ERR_INTERPROC_SYSTEM" });
  });

  test("a subscription that nobody refers to any more is forgotten, and holds up no publisher", () => {
    const { stdout, stderr } = runNode(["--expose-gc", programFile("forget-subscription")]);
    assert.equal(stdout, "1 then 0, and published\n", stderr);
  });

  test("every call after close is a ClosedError, and close is allowed twice", async () => {
    const topic = new Topic<number>();
    const one = topic.subscribe();
    using other = topic.subscribe();
    one.close();
    one.close();
    assert.deepEqual([one.closed, other.closed, topic.subscribers], [true, false, 1]);
    for (const form of ["get", "take"] as const) await assert.rejects(one[form](), codes.closed);
    for (const form of ["getSync", "takeSync", "tryGet", "tryTake"] as const)
      assert.throws(() => one[form](), codes.closed);
    topic.close();
    topic.close();
    assert.equal(other.closed, true);
    assert.throws(() => other.tryGet(), codes.closed);
    await assert.rejects(topic.publish(1), codes.closed);
    for (const call of [
      () => topic.publishSync(1),
      () => topic.tryPublish(1),
      () => topic.subscribe(),
      () => topic.subscribers,
      () => topic.capacity,
      () => topic.lossless,
    ])
      assert.throws(call, codes.closed);
  });

  test("using ends a subscription and a topic; a handle's close ends its own subscriptions only", () => {
    const objects = (): string[] => objectsInDirectory().filter((name) => name !== "alive"); // of who has shared something
    const before = objects();
    {
      using topic = new Topic<number>();
      {
        using _one = topic.subscribe();
        assert.equal(topic.subscribers, 1);
      }
      assert.equal(topic.subscribers, 0);
      const twin = attach<Topic<number>>(share(topic));
      const [mine, theirs] = [topic.subscribe(), twin.subscribe()];
      twin.close();
      assert.deepEqual([mine.closed, theirs.closed, topic.subscribers], [false, true, 1]);
      topic.tryPublish(1);
      assert.equal(mine.tryGet(), 1);
    }
    assert.deepEqual(objects(), before);
  });

  test("leaving a loop closes nothing and loses nothing", async () => {
    using topic = new Topic<number>();
    using one = topic.subscribe();
    for (let i = 0; i < 6; i++) topic.tryPublish(i);
    for await (const value of one) if (value === 1) break;
    for await (const { value } of one.messages()) if (value === 3) break;
    for await (const value of one) {
      assert.equal(value, 4);
      break;
    }
    assert.deepEqual([one.tryGet(), one.closed], [5, false]);
  });

  test("names: create demands a free one, open an existing one, openOrCreate takes either", async () => {
    const name = "topic-names";
    assert.throws(() => Topic.open(name), { code: "ERR_INTERPROC_NOT_FOUND" });
    {
      using made = Topic.create<number>(name, { capacity: 10_000, lossless: true, maxSubscribers: 3 });
      assert.throws(() => Topic.create(name), { code: "ERR_INTERPROC_EXISTS" });
      using opened = Topic.open<number>(name);
      using either = Topic.openOrCreate<number>(name, { capacity: 10_000, lossless: true });
      assert.deepEqual([opened.capacity, opened.lossless, either.name], [16_384, true, name]);
      using one = opened.subscribe();
      made.tryPublish(4);
      assert.equal(one.tryGet(), 4);
      assert.throws(() => Queue.open(name), { code: "ERR_INTERPROC_MISMATCH" });
      assert.throws(() => Queue.openOrCreate(name), { code: "ERR_INTERPROC_MISMATCH" });
    }
    assert.throws(() => Topic.open(name), { code: "ERR_INTERPROC_NOT_FOUND" });
    using _queue = Queue.create(name);
    assert.throws(() => Topic.open(name), { code: "ERR_INTERPROC_MISMATCH" });
    assert.throws(() => Topic.openOrCreate(name), { code: "ERR_INTERPROC_MISMATCH" });
    for (const bad of ["", "a/b", "..", "x".repeat(300)]) assert.throws(() => Topic.create(bad), codes.usage, bad);
  });

  test("persist keeps a topic and its numbers until unlink", () => {
    const name = "topic-persists";
    {
      using topic = Topic.create<number>(name, { persist: true });
      using _one = topic.subscribe();
      topic.tryPublish(1);
    }
    {
      using again = Topic.open<number>(name);
      assert.equal(again.subscribers, 0);
      using one = again.subscribe();
      again.tryPublish(2);
      assert.deepEqual(one.tryTake(), { value: 2, key: "", sequence: 1, missed: 0 });
      again.unlink();
    }
    assert.throws(() => Topic.open(name), { code: "ERR_INTERPROC_NOT_FOUND" });
  });

  test("another process finds it by name, subscribes and publishes", async () => {
    using topic = Topic.create<number>("topic-relay");
    using one = topic.subscribe("out.#");
    const [mine, theirs] = pipe<unknown>();
    const child = spawn(relaying, ["topic-relay", theirs]);
    await mine.recv();
    for (let i = 0; i < 50; i++) await topic.publish(i, { key: `in.${i}` });
    for (let i = 0; i < 50; i++) {
      const { value, key } = await one.take();
      assert.deepEqual([value, key], [i * 2, `out.${i}`]);
    }
    await topic.publish(-1, { key: "in" });
    assert.equal((await child.join()).code, 0);
    mine.close();
  });

  test("it is the same topic behind share and attach, and at the end of a queue", async () => {
    using topic = new Topic<string>();
    using one = topic.subscribe();
    using queue = new Queue<Topic<string>>();
    await queue.put(topic);
    using through = await queue.get();
    using attached = attach<Topic<string>>(share(topic));
    through.tryPublish("through a queue");
    attached.tryPublish("attached");
    assert.deepEqual(drain(one), ["through a queue", "attached"]);
    using later = through.subscribe();
    topic.tryPublish("back");
    assert.deepEqual([drain(later), topic.subscribers], [["back"], 2]);
  });

  test("worker threads publish and subscribe, by the forms that block too", async () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe("back");
    const worker = new Worker(new URL("../../programs/topic-worker.js", import.meta.url), {
      workerData: { topic: share(topic) },
    });
    await once(worker, "message");
    assert.equal(topic.subscribers, 2);
    for (let i = 0; i < 100; i++) topic.publishSync(i, { key: "to" });
    for (let i = 0; i < 100; i++) assert.equal(i % 2 === 0 ? one.getSync() : await one.get(), i);
    topic.publishSync("end", { key: "to" });
    await once(worker, "exit");
    assert.equal(topic.subscribers, 1);
  });

  test("a topic's type is that of its messages", () => {
    using topic = new Topic<{ id: number }>();
    const subscription: Subscription<{ id: number }> = topic.subscribe();
    topic.tryPublish({ id: 1 });
    const id: number | undefined = subscription.tryGet()?.id;
    assert.equal(id, 1);
    // @ts-expect-error: a message of another type
    const wrong: () => boolean = () => topic.tryPublish("text");
    assert.equal(typeof wrong, "function");
    const opened: (name: string) => Topic<string> = Topic.open<string>;
    assert.equal(typeof opened, "function");
    assert.equal(coreOf(topic).isLossless, false);
  });
});
