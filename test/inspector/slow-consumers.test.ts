import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Queue, Topic } from "interproc";
import { SlowConsumers } from "#src/inspector/slow-consumers.js";
import { snapshot } from "#src/inspector/snapshot.js";
import type { Snapshot } from "#src/inspector/snapshot-model.js";
import { until } from "../memory/processes.js";

const WATCHDOG = { timeout: 60_000 };

/** Looks again and again, a second apart by the snapshots' own clock, whatever the machine does meanwhile. */
function watching(): { look(): ReturnType<SlowConsumers["look"]> } {
  const slow = new SlowConsumers();
  let second = 0;
  return { look: () => slow.look({ ...(snapshot() as Snapshot), bootSeconds: second++ }) };
}

describe("slow consumers", WATCHDOG, () => {
  test("smoke: a queue that is emptied as fast as it is filled has none", () => {
    using queue = Queue.create<number>("even");
    const { look } = watching();
    for (let i = 0; i < 10; i++) {
      queue.tryPut(i);
      queue.tryGet();
      assert.deepEqual(look(), []);
    }
  });

  test("a queue that grows from look to look is told from the fifth on, and no more once it is worked off", () => {
    using queue = Queue.create<number>("growing");
    const { look } = watching();
    const { id } = snapshot().objects.find(({ name }) => name === "growing") ?? {};
    for (let i = 0; i < 8; i++) {
      queue.putManySync([1, 2, 3]);
      queue.tryGet();
      assert.deepEqual(look(), i < 4 ? [] : [{ object: id, why: "grows by 2 messages a second" }], `look ${i}`);
    }
    while (queue.tryGet() !== undefined);
    assert.deepEqual(look(), []);
  });

  test("a queue whose only taker acknowledges nothing names it", async () => {
    using queue = Queue.create<number>("unacked");
    queue.tryPut(0);
    const taken = await queue.messages()[Symbol.asyncIterator]().next();
    const { look } = watching();
    let found: ReturnType<typeof look> = [];
    for (let i = 0; i < 6; i++) {
      queue.tryPut(i);
      found = look();
    }
    const self = snapshot().threads.find(({ pid }) => pid === process.pid)?.thread;
    assert.deepEqual(
      found.map(({ thread, why }) => [thread, why]),
      [[self, "grows by 1 message a second"]],
    );
    taken.value?.ack();
  });

  test("a full queue is told at once, and whoever waits for room", async () => {
    using queue = Queue.create<string>("full", { capacity: 4096 });
    while (queue.tryPut("x".repeat(100)));
    const { look } = watching();
    assert.deepEqual(
      look().map(({ why }) => why),
      ["it is full"],
    );
    const aborter = new AbortController();
    const put = queue.put("y".repeat(100), { signal: aborter.signal }).catch(() => undefined);
    await until(() => snapshot().waits.some(({ waitsFor }) => waitsFor === "room"));
    assert.deepEqual(
      look().map(({ why }) => why),
      ["1 thread waits for room"],
    );
    aborter.abort();
    await put;
  });

  test("a subscriber that is behind by half is told, then what it has missed", () => {
    using topic = Topic.create<string>("news", { capacity: 8192 });
    using subscription = topic.subscribe();
    const { look } = watching();
    assert.deepEqual(look(), []);
    for (let i = 0; i < 50; i++) topic.publishSync("n".repeat(100));
    const [{ thread, why }] = look();
    assert.ok(snapshot().threads.some((one) => one.thread === thread && one.pid === process.pid));
    assert.match(why, /^is behind by \d\d % of what it has room for$/);
    for (let i = 0; i < 200; i++) topic.publishSync("n".repeat(100));
    subscription.tryGet(); // what it has missed it finds out when it reads
    assert.match(look()[0].why, /^missed \d+ messages in 2 s$/);
  });
});
