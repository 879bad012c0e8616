import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Process, pipe, SharedValue, type Subscription, spawn, Topic } from "interproc";
import { codes } from "../../contract/connection-kind.js";
import { stateOf, until } from "../../memory/processes.js";
import { counting, flooding, forgetting, idling, pressing, publishing } from "../../programs/publishing.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";
import { objectsInDirectory } from "../queue/inside-queue.js";
import { heldFor, rowsOf } from "./inside-topic.js";

const lossless = { capacity: 8192, lossless: true } as const;
const long = new Uint8Array(1100);

/** A process that has so many subscriptions of a topic and does nothing with them, or waits for a message. */
async function subscriber(topic: Topic<unknown>, count: number, how: "idle" | "get" | "getSync"): Promise<Process> {
  const [mine, theirs] = pipe<string>();
  const child = spawn(idling, [topic, count, how, theirs]);
  assert.equal(await mine.recv(), "subscribed");
  void child.join().then(() => mine.close());
  return child;
}

function drain(subscription: Subscription<unknown>): number {
  let count = 0;
  while (subscription.tryTake()) count++;
  return count;
}

async function stop(child: Process): Promise<void> {
  process.kill(child.pid, "SIGSTOP");
  await until(() => stateOf(child.pid) === "T");
}

describe("a topic whose user is killed or stopped", { timeout: 120_000 }, () => {
  for (const form of ["publish", "publishSync"] as const)
    test(`${form === "publish" ? "smoke: " : ""}a lossless ${form} that waits for a subscriber goes on when that one is killed`, async () => {
      using topic = new Topic<unknown>(lossless);
      using one = topic.subscribe();
      const child = await subscriber(topic, 1, "idle");
      while (topic.tryPublish(long)) drain(one);
      const death = new SharedValue("i32", 0);
      if (form === "publish") {
        const waiting = topic.publish(long).then(() => death.value);
        await assert.rejects(topic.publish(long, { timeout: 5 }), codes.timeout);
        death.value = 1;
        child.kill();
        assert.equal(await waiting, 1, "published after the death, not before");
      } else {
        child.kill(); // it is noticed while this thread is blocked
        topic.publishSync(long);
      }
      assert.equal(topic.subscribers, 1);
      assert.equal(drain(one), 1);
      await child.join();
      death.close();
    });

  for (const form of ["publish", "publishSync"] as const)
    test(`another process's ${form} that waits for two subscribers goes on when both are killed, one after the other`, async () => {
      using topic = new Topic<unknown>(lossless);
      using one = topic.subscribe();
      const victims = [await subscriber(topic, 1, "idle"), await subscriber(topic, 3, "getSync")];
      await stop(victims[1]);
      const [mine, theirs] = pipe<never, string>();
      const publisher = spawn(pressing, [topic, form, theirs]);
      assert.equal(await mine.recv(), "full");
      drain(one);
      victims[0].kill();
      await victims[0].join();
      assert.equal(await mine.poll({ timeout: 50 }), false, "the other one is still waited for");
      victims[1].kill();
      assert.equal(await mine.recv(), "published");
      assert.equal((await publisher.join()).code, 0);
      assert.deepEqual([one.tryGet(), topic.subscribers], ["after", 1]);
      mine.close();
    });

  test("a lossless publisher waits for a subscriber that is stopped, and goes on when that one does", async () => {
    using topic = new Topic<unknown>(lossless);
    using count = new SharedValue("i32", -1);
    const child = spawn(counting, [topic, count]);
    await until(() => count.value === 0);
    await stop(child);
    let published = 0;
    while (topic.tryPublish(long)) published++;
    await assert.rejects(topic.publish(long, { timeout: 20 }), codes.timeout);
    assert.throws(() => topic.publishSync(long, { timeout: 20 }), codes.timeout);
    const waiting = topic.publish(long);
    process.kill(child.pid, "SIGCONT");
    await waiting;
    await until(() => count.value === published + 1);
    child.kill();
    await child.join();
  });

  test("a publisher that is not lossless never waits for a subscriber that is stopped, and others miss nothing", async () => {
    using topic = new Topic<unknown>({ capacity: 8192 });
    using one = topic.subscribe();
    const children = [await subscriber(topic, 2, "get"), await subscriber(topic, 1, "getSync")];
    using count = new SharedValue("i32", -1);
    children.push(spawn(counting, [topic, count]));
    await until(() => count.value === 0);
    for (const child of children) await stop(child);
    for (let i = 0; i < 2000; i++) {
      if (i % 2 === 0) topic.publishSync(i, { timeout: 0 });
      else await topic.publish(i, { timeout: 0 });
      assert.equal(await one.get(), i);
    }
    assert.deepEqual([one.missed, topic.subscribers], [0, 5]);
    for (const child of children) child.kill();
    for (const child of children) await child.join();
    assert.equal(topic.subscribers, 1);
  });

  for (const how of ["idle", "get", "getSync"] as const)
    test(`subscriptions of a process that is killed while it is in "${how}" are forgotten, and their rows are given out again`, async () => {
      using topic = new Topic<unknown>({ maxSubscribers: 20 });
      using one = topic.subscribe();
      const child = await subscriber(topic, 19, how);
      assert.throws(() => topic.subscribe(), { code: "ERR_INTERPROC_SYSTEM" });
      assert.deepEqual([topic.subscribers, rowsOf(topic)], [20, 20]);
      child.kill();
      await child.join();
      assert.equal(topic.subscribers, 1);
      const others = Array.from({ length: 19 }, () => topic.subscribe());
      await topic.publish("on");
      for (const each of [one, ...others]) assert.equal(await each.get(), "on");
    });

  test("a process that exits without closing anything is forgotten too", async () => {
    using topic = new Topic<number>(lossless);
    using one = topic.subscribe();
    for (const form of ["publish", "publishSync"] as const) {
      const child = spawn(publishing, [topic, 0, 5, form]);
      assert.equal((await child.join()).code, 0);
      assert.deepEqual([drain(one as Subscription<unknown>), topic.subscribers], [5, 1]);
    }
  });

  test("a publisher killed at random leaves whole messages, each that it had published, and no number is lost", async (t) => {
    const seed = chooseSeed();
    t.diagnostic(`INTERPROC_SEED=${seed}`);
    const random = new SeededRandom(seed);
    for (const isLossless of [true, false]) {
      using topic = new Topic<Uint8Array>({ capacity: 65_536, lossless: isLossless });
      using one = topic.subscribe();
      using count = new SharedValue("i32", 0);
      let sequence = 0;
      let seen = 0;
      const consume = (): boolean => {
        const message = one.tryTake();
        if (!message) return false;
        const { value } = message;
        const whole = Buffer.alloc(value.length, value[0]);
        assert.equal(Buffer.compare(value, whole), 0, "no message is half of one and half of another");
        assert.equal(message.sequence, sequence + message.missed);
        sequence = message.sequence + 1;
        seen += 1 + message.missed;
        return true;
      };
      for (let kill = 0; kill < 6; kill++) {
        const before = count.value;
        const firstSeen = seen;
        // every other one with messages that have files of their own
        const child = spawn(flooding, [topic, kill % 2 === 0 ? 1 + random.below(15_000) : 20_000, count]);
        const target = before + 5 + random.below(40);
        await until(() => {
          for (let most = 20; most > 0 && consume(); most--);
          return count.value >= target;
        });
        child.kill();
        await child.join();
        while (consume());
        const published = count.value - before;
        const found = seen - firstSeen;
        assert.ok(found === published || found === published + 1, `${found} came; ${published} were published`);
        if (isLossless) assert.equal(one.missed, 0);
        await topic.publish(new Uint8Array(10));
        assert.ok(consume());
        count.value += 1;
      }
    }
  });

  test("a subscriber that waits is woken by who publishes after another publisher was killed", async () => {
    using topic = new Topic<Uint8Array>({ capacity: 65_536 });
    using one = topic.subscribe("mine");
    using count = new SharedValue("i32", 0);
    for (let kill = 0; kill < 5; kill++) {
      const child = spawn(flooding, [topic, 500, count]);
      const target = count.value + 50;
      await until(() => count.value >= target);
      const waiting = one.get();
      child.kill();
      await topic.publish(new Uint8Array(1), { key: "mine" });
      assert.equal((await waiting).length, 1);
      await child.join();
    }
  });

  test("what a process that is killed, or forgets to close, had in its topic goes with it", async () => {
    const before = objectsInDirectory();
    for (const name of ["", "topic-forgotten"]) assert.equal((await spawn(forgetting, [name]).join()).code, 0);
    assert.deepEqual(objectsInDirectory(), before);
    using topic = Topic.create<unknown>("topic-forgotten", { capacity: 8192 });
    assert.deepEqual([heldFor(topic), topic.subscribers], [[], 0]);
  });
});
