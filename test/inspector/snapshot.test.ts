import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  activeChildren,
  Barrier,
  BoundedSemaphore,
  Condition,
  Lock,
  Pool,
  type Process,
  pipe,
  Queue,
  RWLock,
  SharedArray,
  SharedEvent,
  SharedMap,
  SharedMemory,
  SharedValue,
  spawn,
  Topic,
} from "interproc";
import { snapshot } from "#src/inspector/snapshot.js";
import type { ObjectView, Snapshot } from "#src/inspector/snapshot-model.js";
import { directoryPath } from "#src/memory/directory.js";
import { until } from "../memory/processes.js";
import { crossing } from "../programs/crossing.js";
import { holdLock } from "../programs/hold-lock.js";
import { taking } from "../programs/queueing.js";

const WATCHDOG = { timeout: 60_000 };

function named(name: string, shot: Snapshot = snapshot()): ObjectView {
  const found = shot.objects.find((one) => one.name === name);
  assert.ok(found, `${name} is in ${shot.objects.map((one) => one.name)}`);
  return found;
}

async function ended(...children: Process<unknown>[]): Promise<void> {
  for (const child of children) {
    child.kill();
    await child.join();
  }
}

describe("snapshot", () => {
  after(() => {
    for (const child of activeChildren()) child.kill(); // those of a test that failed
  });

  test("smoke: a queue of this process is there with what is in it, and who has it", WATCHDOG, () => {
    using queue = Queue.create<string>("jobs", { capacity: 8192, maxItems: 10 });
    queue.putManySync(["a", "b", "c"]);
    queue.tryGet();
    const { type, state, depth, counts, capacity, used, attached, facts } = named("jobs");
    assert.deepEqual([type, state, depth, counts, capacity, used], ["Queue", "live", 2, { in: 3, out: 1 }, 8192, 256]);
    assert.equal(facts.maxItems, 10);
    assert.deepEqual(
      attached.map(({ pid, isAlive }) => [pid, isAlive]),
      [[process.pid, true]],
    );
  });

  test("each kind is told with what matters of it", WATCHDOG, () => {
    using value = SharedValue.create("value", "i64", -5n);
    using array = SharedArray.create("array", "f32", 12);
    using memory = SharedMemory.create("memory", { size: 1000 });
    using map = SharedMap.create<string, number>("map", { maxEntries: 5 });
    using topic = Topic.create<string>("topic", { capacity: 8192 });
    using subscription = topic.subscribe();
    using event = SharedEvent.create("event");
    using barrier = Barrier.create("barrier", 3);
    using permits = BoundedSemaphore.create("permits", 2);
    using readers = RWLock.create("readers");
    using condition = Condition.create("condition");
    using _reading = readers.acquireReadSync();
    using _permit = permits.acquireSync();
    map.set("k", 1);
    topic.tryPublish("x".repeat(100));
    event.set();
    const shot = snapshot();
    const facts = (name: string) => named(name, shot).facts;
    assert.deepEqual(facts("value"), { element: "i64", value: "-5" });
    assert.deepEqual(facts("array"), { element: "f32", length: 12 });
    assert.deepEqual([named("memory", shot).type, named("memory", shot).size], ["SharedMemory", 1000]);
    assert.deepEqual([facts("map").entries, facts("map").maxEntries], [1, 5]);
    assert.deepEqual([facts("topic").subscribers, facts("topic").published], [1, 1]);
    assert.ok((named("topic", shot).used ?? 0) >= 100, "the subscriber is a message behind");
    assert.deepEqual(facts("event"), { set: true });
    assert.deepEqual(facts("barrier"), { parties: 3, arrived: 0, broken: false });
    assert.deepEqual(facts("permits"), { free: 1, total: 2, owned: true });
    assert.deepEqual(
      ["readers", "permits"].map((name) => named(name, shot).holders.map(({ how, count }) => [how, count])),
      [[["reads", 1]], [["permits", 1]]],
    );
    assert.equal(named("condition", shot).type, "Condition");
    void [value, array, memory, subscription, barrier, condition];
  });

  test("a pipe without a name is there by its identity, with the messages and bytes of each way", WATCHDOG, () => {
    const before = new Set(snapshot().objects.map(({ id }) => id));
    const [mine, theirs] = pipe<string>();
    mine.sendSync("one");
    mine.sendSync("two");
    theirs.sendSync("back");
    const [found] = snapshot().objects.filter(({ id }) => !before.has(id));
    assert.deepEqual([found.type, found.name, found.depth, found.counts], ["pipe", undefined, 3, { in: 3, out: 0 }]);
    assert.ok((found.used ?? 0) > 0);
    assert.deepEqual(found.facts.ends, ["open", "open"]);
    mine.close();
    theirs.close();
  });

  test(
    "another process that holds a lock and one that waits for it are told, with pid and name",
    WATCHDOG,
    async () => {
      using lock = Lock.create("guarded");
      using first = new SharedValue("i32");
      using second = new SharedValue("i32");
      const holder = spawn(holdLock, [lock, first], { name: "holder" });
      await first.waitUntil((state) => state === 1);
      const waiter = spawn(holdLock, [lock, second, true], { name: "waiter" });
      await until(() => snapshot().waits.some(({ waitsFor }) => waitsFor === "the lock"));
      const shot = snapshot();
      const { id, holders, depth, attached } = named("guarded", shot);
      const wait = shot.waits.find(({ object }) => object === id);
      const processOf = (thread?: string) => shot.threads.find((one) => one.thread === thread);
      assert.deepEqual([holders.length, depth, wait?.blockers], [1, 1, [holders[0].thread]]);
      assert.deepEqual([processOf(holders[0].thread)?.pid, processOf(holders[0].thread)?.name], [holder.pid, "holder"]);
      assert.deepEqual([processOf(wait?.thread)?.pid, processOf(wait?.thread)?.name], [waiter.pid, "waiter"]);
      assert.deepEqual(attached.map(({ pid }) => pid).sort(), [process.pid, holder.pid, waiter.pid].sort());
      assert.deepEqual(shot.deadlocks, []);
      assert.match(shot.processes.find(({ pid }) => pid === process.pid)?.command ?? "", /node/);
      await ended(holder, waiter);
    },
  );

  test(
    "a process is told with the task that it runs, a worker of a pool only while it runs one",
    WATCHDOG,
    async () => {
      using lock = Lock.create("for-task");
      using state = new SharedValue("i32");
      const child = spawn(holdLock, [lock, state], { name: "with-task" });
      await state.waitUntil((value) => value === 1);
      const taskOf = (pid?: number) => snapshot().threads.find((one) => one.pid === pid)?.task;
      assert.equal(taskOf(child.pid), "holdLock");
      assert.equal(taskOf(process.pid), "");
      await ended(child);
      await using pool = new Pool({ processes: 1 });
      using inside = new SharedValue("i32");
      const held = pool.run(holdLock, lock, inside);
      await inside.waitUntil((value) => value === 1);
      const worker = snapshot().threads.find(({ task }) => task === "holdLock");
      assert.ok(worker && worker.pid !== process.pid, JSON.stringify(snapshot().threads));
      inside.value = 2;
      await held;
      await until(() => taskOf(worker.pid) === "");
    },
  );

  test("what a consumer has taken and not acknowledged is its", WATCHDOG, async () => {
    using queue = Queue.create<string>("taken");
    const [mine, theirs] = pipe<string, unknown>();
    queue.putManySync(["a", "b", "c"]);
    const child = spawn(taking, [queue, 2, theirs]);
    await mine.recv();
    const { depth, holders, facts } = named("taken");
    assert.deepEqual([depth, facts.unacked, holders.map(({ how, count }) => [how, count])], [1, 2, [["unacked", 2]]]);
    await ended(child);
    mine.close();
  });

  for (const sync of [true, false]) {
    const what = sync ? "blocked in Sync forms is a deadlock" : "that await is a possible one";
    test(`a circle of three processes ${what}`, WATCHDOG, async () => {
      const locks = ["a", "b", "c"].map((name) => Lock.create(`${name}-${sync}`));
      using here = new SharedValue("i32");
      const children = locks.map((lock, index) => spawn(crossing, [lock, locks[(index + 1) % 3], here, 3, sync]));
      await until(() => snapshot().deadlocks.length > 0);
      if (sync) await until(() => snapshot().deadlocks[0].isCertain);
      const { deadlocks, objects } = snapshot();
      const nameOf = (id: string) => objects.find((one) => one.id === id)?.name;
      assert.equal(deadlocks.length, 1);
      assert.equal(deadlocks[0].steps.length, 3);
      if (!sync) assert.equal(deadlocks[0].isCertain, false);
      for (const { pid, holds, waitsFor } of deadlocks[0].steps) {
        const index = children.findIndex((child) => child.pid === pid);
        assert.deepEqual([nameOf(holds), nameOf(waitsFor)], [locks[index].name, locks[(index + 1) % 3].name]);
      }
      assert.match(deadlocks[0].text, /process \d+ has Lock "a-(true|false)" and waits for Lock "b-/);
      await ended(...children);
      assert.deepEqual(snapshot().deadlocks, []);
      for (const lock of locks) lock.close();
    });
  }

  test(
    "a lock whose holder was killed is abandoned; an object whose last holder was killed is left behind",
    WATCHDOG,
    async () => {
      using lock = Lock.create("widowed");
      using state = new SharedValue("i32");
      const child = spawn(holdLock, [lock, state]);
      await state.waitUntil((value) => value === 1);
      assert.equal(named("widowed").abandoned, false);
      await ended(child);
      assert.deepEqual([named("widowed").abandoned, named("widowed").holders], [true, []]);
    },
  );

  test("what was made to stay and nobody has is kept", WATCHDOG, () => {
    const queue = Queue.create("kept", { persist: true });
    queue.close();
    assert.deepEqual([named("kept").state, named("kept").attached], ["kept", []]);
    Queue.open("kept").unlink();
  });

  test("files that are no objects, cut off ones and FIFOs are damaged, and no more than that", WATCHDOG, () => {
    const folder = directoryPath();
    using queue = Queue.create("sound");
    const whole = readFileSync(join(folder, "sound"));
    const bad: [name: string, content: Buffer][] = [
      ["empty", Buffer.alloc(0)],
      ["text", Buffer.from("hello")],
      ["zeros", Buffer.alloc(8192)],
      ["ones", Buffer.alloc(8192, 255)],
      ["cut-header", whole.subarray(0, 100)],
      ["cut-table", whole.subarray(0, 1000)],
    ];
    for (const [name, content] of bad) writeFileSync(join(folder, name), content);
    execFileSync("mkfifo", [join(folder, "fifo")]);
    mkdirSync(join(folder, "folder"));
    const names = [...bad.map(([name]) => name), "fifo", "folder"];
    const shot = snapshot();
    for (const name of names) assert.deepEqual([named(name, shot).state, name], ["damaged", name]);
    assert.match(named("fifo", shot).problem ?? "", /not a regular file/);
    assert.equal(named("sound", shot).state, "live");
    for (const name of names) rmSync(join(folder, name), { recursive: true });
    void queue;
  });

  test("an object's file with any of its words changed is read without an exception", WATCHDOG, () => {
    const folder = directoryPath();
    const objects = [
      Queue.create("q", { capacity: 4096 }),
      Topic.create("t", { capacity: 8192 }),
      SharedMap.create("m", { capacity: 4096 }),
      Lock.create("l"),
      RWLock.create("rw"),
      BoundedSemaphore.create("s", 1),
      Condition.create("c"),
      Barrier.create("b", 2),
      SharedValue.create("v", "f64"),
      SharedArray.create("arr", "i32", 4),
    ];
    const wild = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    for (const { name } of objects) {
      const sound = readFileSync(join(folder, name));
      const forged = join(folder, `forged-${name}`);
      for (let at = 0; at < 80; at += 4)
        for (const word of wild) {
          const bytes = Buffer.from(sound);
          bytes.writeUInt32LE(word, at);
          writeFileSync(forged, bytes);
          assert.ok(snapshot().objects.length > objects.length);
        }
      for (const length of [0, 79, 288, 2000, 4095]) {
        writeFileSync(forged, sound);
        truncateSync(forged, length);
        assert.ok(snapshot().objects.length > objects.length);
      }
      rmSync(forged);
    }
    for (const object of objects) object.close();
  });

  test("a directory that is not there has no objects, and is not made", WATCHDOG, () => {
    const nowhere = join(directoryPath(), "nowhere");
    assert.deepEqual(snapshot(nowhere).objects, []);
    assert.ok(!readdirSync(directoryPath()).includes("nowhere"));
  });

  test("looking changes no byte of an object", WATCHDOG, () => {
    using queue = Queue.create<number>("untouched");
    queue.tryPut(1);
    const before = readFileSync(join(directoryPath(), "untouched"));
    for (let i = 0; i < 10; i++) snapshot();
    assert.ok(before.equals(readFileSync(join(directoryPath(), "untouched"))));
  });
});
