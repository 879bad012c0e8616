import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Lock, pipe, Queue, SharedValue, spawn, Topic } from "interproc";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { touching } from "../../programs/publishing.js";
import { objectsInDirectory } from "../queue/inside-queue.js";
import { heldFor } from "./inside-topic.js";

/** Writes over everything that is in a topic. */
function turnOver(topic: Topic<unknown>): void {
  for (let i = 0; i < 12; i++) topic.tryPublish(new Uint8Array(1000));
}

describe("handles and long messages in a topic", watchdog, () => {
  test("smoke: a shared object is the same object for every subscriber, and its link goes when it is written over", () => {
    const before = objectsInDirectory();
    {
      using topic = new Topic<unknown>({ capacity: 8192 });
      const subscriptions = [topic.subscribe(), topic.subscribe(), topic.subscribe()];
      using value = new SharedValue("i32", 5);
      topic.tryPublish({ value });
      assert.equal(heldFor(topic).length, 1);
      for (const one of subscriptions) {
        const got = one.tryGet() as { value: SharedValue<"i32"> };
        got.value.add(1);
        got.value.close();
      }
      assert.deepEqual([value.value, heldFor(topic).length], [8, 1]);
      turnOver(topic);
      assert.deepEqual(heldFor(topic), []);
    }
    assert.deepEqual(objectsInDirectory(), before);
  });

  test("an object lives on in a message when its publisher has closed it, and goes with the message", () => {
    const before = objectsInDirectory().length;
    using topic = new Topic<SharedValue<"i32"> | Uint8Array>({ capacity: 8192 });
    using one = topic.subscribe();
    const value = new SharedValue("i32", 41);
    topic.tryPublish(value);
    value.close();
    using got = one.tryGet() as SharedValue<"i32">;
    assert.equal(got.add(1), 41);
    turnOver(topic as Topic<unknown>);
    got.close();
    assert.equal(objectsInDirectory().length, before + 1); // the topic's own
  });

  test("objects as deep as they stand, a queue, a lock and another topic, are the same ones", () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    using lock = new Lock();
    using queue = new Queue<string>();
    using other = new Topic<unknown>();
    using heard = other.subscribe();
    topic.tryPublish({ a: [new Map([["lock", lock]])], queue, topic: other, again: lock });
    type Parcel = { a: [Map<string, Lock>]; queue: Queue<string>; topic: Topic<unknown>; again: Lock };
    const got = one.tryGet() as Parcel;
    assert.equal(got.a[0].get("lock"), got.again);
    {
      using _hold = got.again.acquireSync();
      assert.ok(lock.isLocked);
    }
    got.queue.tryPut("put");
    assert.equal(queue.tryGet(), "put");
    got.topic.tryPublish("inner");
    assert.equal(heard.tryGet(), "inner");
    for (const object of [got.again, got.queue, got.topic]) object.close();
  });

  test("several processes get the same objects out of one message", async () => {
    using topic = new Topic<unknown>();
    using value = new SharedValue("i32", 0);
    using queue = new Queue<string>();
    const children = [];
    for (let i = 0; i < 3; i++) {
      const [mine, theirs] = pipe<string>();
      children.push(spawn(touching, [topic as never, theirs]));
      await mine.recv();
      mine.close();
    }
    topic.tryPublish({ value, queue });
    for (const child of children) assert.deepEqual(await child.join(), { code: 0, signal: null });
    assert.deepEqual([value.value, queue.size], [3, 3]);
  });

  test("[case 24] a connection end is refused, also inside of something else, and goes on working", async () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    const [mine, theirs] = pipe<string>();
    using value = new SharedValue("i32", 0);
    for (const parcel of [theirs, { deep: [new Map([["end", theirs]])] }, [value, theirs, mine]]) {
      await assert.rejects(topic.publish(parcel), codes.codec);
      assert.throws(() => topic.publishSync(parcel), codes.codec);
      assert.throws(() => topic.tryPublish(parcel), { ...codes.codec, message: /connection end/ });
    }
    assert.deepEqual(heldFor(topic), []);
    await mine.send("still here");
    assert.equal(await theirs.recv(), "still here");
    assert.equal(one.tryGet(), undefined);
    mine.close();
    theirs.close();
  });

  test("an object that cannot be handed over is its publisher's error, and nothing is left of the others", () => {
    using topic = new Topic<unknown>();
    using one = topic.subscribe();
    using value = new SharedValue("i32", 0);
    const closed = new SharedValue("i32", 0);
    closed.close();
    assert.throws(() => topic.tryPublish([value, closed]), { code: /^ERR_INTERPROC_/ });
    assert.deepEqual([heldFor(topic), one.tryGet()], [[], undefined]);
  });

  for (const length of [1400, 1536, 1537, 2048, 100_000, 3_000_000])
    test(`messages of ${length} bytes come whole, and their files go when they are written over`, () => {
      using topic = new Topic<unknown>({ capacity: 8192 });
      using one = topic.subscribe();
      using two = topic.subscribe("#");
      for (let i = 0; i < 4; i++) {
        topic.tryPublish(patterned(length, i), { key: "k".repeat(255) });
        topic.tryPublish({ bytes: patterned(length, i) });
        for (const each of [one, two]) {
          assert.deepEqual(each.tryGet(), patterned(length, i));
          assert.deepEqual(each.tryGet(), { bytes: patterned(length, i) });
        }
      }
      assert.equal(heldFor(topic).length > 0, length > 1500);
      turnOver(topic);
      assert.deepEqual(heldFor(topic), []);
    });

  test("a long message that was written over before it was read is missed, exactly", () => {
    using topic = new Topic<unknown>({ capacity: 8192 });
    using one = topic.subscribe();
    const published = 500;
    for (let i = 0; i < published; i++) topic.tryPublish(i % 3 === 0 ? new Uint8Array(5000).fill(i) : i);
    let seen = 0;
    for (let message = one.tryTake(); message; message = one.tryTake()) {
      const i = message.sequence;
      assert.deepEqual(message.value, i % 3 === 0 ? new Uint8Array(5000).fill(i) : i);
      seen += 1 + message.missed;
    }
    assert.equal(seen, published);
    assert.ok(one.missed > 0);
  });

  test("while nobody listens nothing of a long message or of an object stays", () => {
    using topic = new Topic<unknown>({ capacity: 8192 });
    using value = new SharedValue("i32", 0);
    for (const message of [new Uint8Array(50_000), { value }, { value, text: "x".repeat(50_000) }]) {
      assert.equal(topic.tryPublish(message), true);
      assert.deepEqual(heldFor(topic), []);
    }
  });

  test("a lossless topic keeps a message's files until each subscriber has read it", () => {
    using topic = new Topic<unknown>({ capacity: 8192, lossless: true });
    using fast = topic.subscribe();
    using slow = topic.subscribe();
    using value = new SharedValue("i32", 0);
    let published = 0;
    while (topic.tryPublish({ value, published, text: "x".repeat(3000) })) published++;
    for (let message = fast.tryTake(); message; message = fast.tryTake())
      (message.value as { value: SharedValue<"i32"> }).value.close();
    assert.equal(topic.tryPublish({ value }), false);
    for (let i = 0; i < published; i++) {
      const got = slow.tryGet() as { value: SharedValue<"i32">; published: number; text: string };
      assert.deepEqual([got.published, got.text.length], [i, 3000]);
      got.value.add(1);
      got.value.close();
    }
    assert.deepEqual([value.value, slow.missed, fast.missed], [published, 0, 0]);
  });

  test("everything in it goes with the topic", () => {
    const before = objectsInDirectory();
    const inner = new Topic<number>();
    {
      using topic = new Topic<unknown>();
      using one = topic.subscribe();
      topic.tryPublish("x".repeat(1_000_000));
      topic.tryPublish({ inner, text: "y".repeat(200_000) });
      assert.equal((one.tryGet() as string).length, 1_000_000);
      using _got = (one.tryGet() as { inner: Topic<number> }).inner;
      inner.close();
      assert.equal(heldFor(topic).length, 3);
    }
    assert.deepEqual(objectsInDirectory(), before);
  });
});
