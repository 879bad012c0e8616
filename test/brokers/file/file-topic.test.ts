import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openTopic } from "interproc";
import { FileLocks } from "#src/brokers/file/file-locks.js";
import { openedTopic } from "./opened-topic.js";
import { drained } from "./what-is-left.js";

const watchdog = { timeout: 60_000 };
const program = fileURLToPath(new URL("../../programs/topic-by-url.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "interproc-file-topic-"));
let made = 0;
const fresh = (): string => join(home, `t${++made}`);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Another process with the topic, and the lines that it prints. */
function start(role: string, path: string) {
  const child = spawn(process.execPath, [program, role, `file:${path}`], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => String((await lines.next()).value);
  return { child, line, exited: once(child, "exit") };
}

describe("a durable topic in a folder", () => {
  test("smoke: it says what it can, and a durable group goes on where it was", watchdog, async () => {
    const path = fresh();
    const durable = { group: "billing", durable: true };
    {
      await using topic = await openTopic<number>(`file:${path}`);
      assert.deepEqual([...topic.capabilities].sort(), ["durable", "group", "headers", "missed"]);
      await using billing = await topic.subscribe("paid.#", durable);
      for (const n of numbers(4))
        await topic.publish(n, { key: n === 3 ? "lost" : "paid.eu", id: `m${n}`, headers: { n } });
      assert.equal(await billing.get(), 0);
    }
    await using topic = await openTopic<number>(`file:${path}`);
    await using billing = await topic.subscribe("paid.#", durable);
    for await (const message of billing.messages()) {
      assert.deepEqual([message.value, message.id, message.headers, message.redelivered], [1, "m1", { n: 1 }, false]);
      await message.ack();
      break;
    }
    assert.deepEqual(await drained(billing), [2]);
  });

  test("a plain subscriber in another process sees what comes after it, however slow", watchdog, async () => {
    const path = fresh();
    await using topic = await openTopic<number>(`file:${path}`);
    await topic.publish(-1);
    const other = start("hear", path);
    assert.equal(await other.line(), "listens");
    await Promise.all(numbers(300).map((n) => topic.publish(n)));
    for (const n of numbers(300)) assert.equal(await other.line(), `heard ${n}`);
    other.child.kill("SIGKILL");
    await other.exited;
  });

  test(
    "what a killed member had taken goes to another one, marked; what it had acknowledged does not",
    watchdog,
    async () => {
      const path = fresh();
      await using topic = await openTopic<number>(`file:${path}`);
      const other = start("hold", path);
      assert.equal(await other.line(), "joined");
      for (const n of numbers(3)) await topic.publish(n);
      assert.equal(await other.line(), "acknowledged 0");
      assert.equal(await other.line(), "holds 1");
      await using member = await topic.subscribe("#", { group: "workers", durable: true });
      const waiting = member.messages();
      other.child.kill("SIGKILL");
      await other.exited;
      const got = new Map<number, boolean>();
      for await (const message of waiting) {
        got.set(message.value, message.redelivered);
        await message.ack();
        if (got.size === 2) break;
      }
      assert.deepEqual([...got].sort(), [
        [1, true],
        [2, false],
      ]);
    },
  );

  test(
    "a group that is not durable shares messages, and ends with its last member, also a killed one",
    watchdog,
    async () => {
      const path = fresh();
      await using topic = await openTopic<number>(`file:${path}`);
      const group = { group: "ears" };
      const [one, two] = [await topic.subscribe("#", group), await topic.subscribe("#", group)];
      for (const n of numbers(4)) await topic.publish(n);
      const found = [await one.get(), await two.get()];
      await one.close();
      found.push(...(await drained(two)));
      assert.deepEqual(found, [0, 1, 2, 3]);
      await topic.publish(4);
      await two.close();
      const other = start("lose", path);
      assert.equal(await other.line(), "joined");
      await topic.publish(5);
      other.child.kill("SIGKILL");
      await other.exited;
      await topic.publish(6);
      await using late = await topic.subscribe("#", group);
      assert.deepEqual(await drained(late), []);
      await assert.rejects(topic.subscribe("#", { ...group, durable: true }), {
        code: "ERR_INTERPROC_MISMATCH",
        message: /"ears" is not durable/,
      });
    },
  );

  test(
    "the pattern with which a group was joined last holds for what is published from then on",
    watchdog,
    async () => {
      await using topic = await openTopic<string>(`file:${fresh()}`);
      const durable = { group: "g", durable: true };
      await using one = await topic.subscribe("a.#", durable);
      await topic.publish("first", { key: "a" });
      await topic.publish("none", { key: "b" });
      await using two = await topic.subscribe("b.#", durable);
      await topic.publish("neither", { key: "a" });
      await topic.publish("second", { key: "b" });
      assert.deepEqual([await one.get(), await two.get()], ["first", "second"]);
    },
  );

  test("unsubscribe() ends a group for all its members, and what it had gathered is gone", watchdog, async () => {
    await using topic = await openTopic<number>(`file:${fresh()}`);
    const durable = { group: "g", durable: true };
    const one = await topic.subscribe("#", durable);
    await using two = await topic.subscribe("#", durable);
    const waiting = assert.rejects(two.get(), { code: "ERR_INTERPROC_CLOSED" });
    await one.unsubscribe();
    await waiting;
    await topic.publish(1);
    await using again = await topic.subscribe("#", durable);
    assert.deepEqual(await drained(again), []);
  });

  test(
    "what nobody needs is removed, what a group needs stays, and who reads on in the old log misses nothing",
    watchdog,
    async () => {
      const path = fresh();
      await using topic = await openedTopic<number>(path, { leastToRewrite: 16_384 });
      await using group = await topic.subscribe("needed", { group: "g", durable: true });
      await using listener = await topic.subscribe();
      const before = statSync(join(path, "log")).ino;
      let [n, anew] = [0, before];
      for (; anew === before; anew = statSync(join(path, "log")).ino)
        await topic.publish(n++, { key: n % 20 === 0 ? "needed" : "x" });
      assert.ok(n > 100, `written anew after ${n} messages`);
      assert.ok(statSync(join(path, "log")).size < 8192);
      for (const last = n + 20; n < last; ) await topic.publish(n++, { key: n % 20 === 0 ? "needed" : "x" });
      assert.deepEqual(await drained(listener), numbers(n));
      assert.equal(listener.missed, 0);
      assert.deepEqual(
        await drained(group),
        numbers(n).filter((one) => one % 20 === 19),
      );
    },
  );

  test("a listener that was overtaken is told how many it missed, and sees the rest in order", watchdog, async () => {
    const path = fresh();
    await using topic = await openedTopic<number>(path, { leastToRewrite: 16_384 });
    await using group = await topic.subscribe("needed", { group: "g", durable: true });
    await using listener = await topic.subscribe();
    for (const n of numbers(1000)) await topic.publish(n, { key: n % 100 === 50 ? "needed" : "x" });
    const found = await drained(listener);
    assert.ok(listener.missed > 0);
    assert.equal(found.length + listener.missed, 1000);
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      found,
    );
    // what the group needs was there all the time
    assert.deepEqual(
      found.filter((n) => n % 100 === 50),
      await drained(group),
    );
    await topic.publish(1000);
    assert.equal(await listener.get(), 1000);
  });

  test("a stopped listener holds up nobody, and hears all when it goes on", watchdog, async () => {
    const path = fresh();
    await using topic = await openTopic<number>(`file:${path}`);
    const other = start("hear", path);
    assert.equal(await other.line(), "listens");
    other.child.kill("SIGSTOP");
    for (const n of numbers(50)) await topic.publish(n);
    other.child.kill("SIGCONT");
    for (const n of numbers(50)) assert.equal(await other.line(), `heard ${n}`);
    other.child.kill("SIGKILL");
    await other.exited;
  });

  test(
    "an end closes also while somebody has stopped in the middle of a turn, and its message is another member's",
    watchdog,
    async () => {
      const path = fresh();
      const topic = await openTopic<number>(`file:${path}`);
      const durable = { group: "g", durable: true };
      const member = await topic.subscribe("#", durable);
      await topic.publish(1);
      for await (const message of member.messages()) {
        assert.equal(message.value, 1);
        const stopped = await FileLocks.open(join(path, "lock"));
        await stopped.acquire(() => true);
        await topic.close();
        stopped.release();
        stopped.close();
        break;
      }
      await using later = await openTopic<number>(`file:${path}`);
      await using other = await later.subscribe("#", durable);
      for await (const message of other.messages()) {
        assert.deepEqual([message.value, message.redelivered], [1, true]);
        break;
      }
    },
  );

  test("an end with subscriptions that is idle does not keep its process alive", watchdog, async () => {
    const idle = start("idle", fresh());
    assert.deepEqual(await idle.exited, [0, null]);
  });

  test(
    "a call that is given up publishes and takes nothing, and a deleted folder is a NotFoundError",
    watchdog,
    async () => {
      const path = fresh();
      await using topic = await openTopic<number>(`file:${path}`);
      await using listener = await topic.subscribe();
      await using group = await topic.subscribe("#", { group: "g", durable: true });
      for (const one of [listener, group]) {
        await assert.rejects(one.get({ signal: AbortSignal.timeout(10) }), { name: "TimeoutError" });
        await assert.rejects(one.get({ timeout: 10 }), { code: "ERR_INTERPROC_TIMEOUT" });
      }
      await assert.rejects(topic.publish(1, { signal: AbortSignal.abort(new Error("no")) }), { message: "no" });
      await topic.publish(2);
      assert.deepEqual([await listener.get(), await group.get()], [2, 2]);
      rmSync(path, { recursive: true });
      await assert.rejects(topic.publish(3), { code: "ERR_INTERPROC_NOT_FOUND" });
      await assert.rejects(listener.get(), { code: "ERR_INTERPROC_NOT_FOUND" });
    },
  );
});
