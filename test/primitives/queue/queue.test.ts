import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PriorityQueue, Queue, registerClass, Stack, spawn } from "interproc";

import { sweep } from "#src/primitives/sweep.js";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { answering, exitingWithPut, putting } from "../../programs/queueing.js";
import { firstLink, firstRow, heldFor, objectsInDirectory, segmentOf, states, writeWord } from "./inside-queue.js";

after(() => sweep());

describe("a queue", watchdog, () => {
  test("smoke: gives what was put, in order, in all three forms", async () => {
    using queue = new Queue<number>();
    await queue.put(1);
    queue.putSync(2);
    assert.equal(queue.tryPut(3), true);
    assert.equal(queue.size, 3);
    assert.deepEqual([await queue.get(), queue.getSync(), queue.tryGet(), queue.tryGet()], [1, 2, 3, undefined]);
    assert.deepEqual([queue.size, queue.isEmpty, queue.unacked], [0, true, 0]);
  });

  test("[case 38] bounded by maxItems it is full for all three forms, and goes on when something is taken", async () => {
    using queue = new Queue<string>({ maxItems: 2 });
    assert.equal(queue.isFull, false);
    queue.putSync("a");
    await queue.put("b");
    assert.deepEqual([queue.isFull, queue.tryPut("c"), queue.size], [true, false, 2]);
    await assert.rejects(queue.put("c", { timeout: 5 }), { ...codes.timeout, undelivered: "c" });
    await assert.rejects(queue.put("c", { timeout: 0 }), codes.timeout);
    assert.throws(() => queue.putSync("c", { timeout: 5 }), { ...codes.timeout, undelivered: "c" });
    assert.throws(() => queue.putSync("c"), codes.usage);
    const waiting = queue.put("c");
    assert.equal(queue.tryGet(), "a");
    await waiting;
    assert.deepEqual([queue.getSync(), await queue.get(), queue.size], ["b", "c", 0]);
    await assert.rejects(queue.get({ timeout: 5 }), codes.timeout);
    assert.throws(() => queue.getSync({ timeout: 5 }), codes.timeout);
    assert.throws(() => queue.getSync(), codes.usage);
    assert.equal(queue.size, 0);
  });

  test("[case 39] get({ timeout: 200 }) on an empty queue waits at least 200 ms", async () => {
    using queue = new Queue();
    for (const form of ["get", "getSync"] as const) {
      const begun = performance.now();
      await assert.rejects(async () => queue[form]({ timeout: 200 }), codes.timeout);
      assert.ok(performance.now() - begun >= 199, `${form} waited`);
    }
  });

  test("[case 40] size, unacked, isEmpty and isFull are exact after each call", async () => {
    using queue = new Queue<number>({ maxItems: 3 });
    const counts = (): unknown[] => [queue.size, queue.unacked, queue.isEmpty, queue.isFull];
    assert.deepEqual(counts(), [0, 0, true, false]);
    for (let i = 0; i < 3; i++) queue.tryPut(i);
    assert.deepEqual(counts(), [3, 0, false, true]);
    const taken = queue.tryTake();
    assert.deepEqual(counts(), [2, 1, false, false]);
    taken?.nack();
    assert.deepEqual(counts(), [3, 0, false, true]);
    queue.tryTake()?.ack();
    assert.deepEqual(counts(), [2, 0, false, false]);
    assert.deepEqual(await queue.getMany(), [1, 2]);
    assert.deepEqual(counts(), [0, 0, true, false]);
  });

  test("[case 41] [case 48] every call after close is a ClosedError, and close is allowed twice", async () => {
    const queue = new Queue<number>({ maxItems: 1 });
    queue.tryPut(1);
    const putWaits = assert.rejects(queue.put(2), codes.closed);
    const message = queue.tryTake();
    queue.close();
    queue.close();
    await putWaits;
    for (const call of ["put", "get", "take", "join", "getMany", "putMany"] as const)
      await assert.rejects(
        (queue[call] as (value?: unknown) => Promise<unknown>)(call === "putMany" ? [] : undefined),
        codes.closed,
        call,
      );
    for (const call of [
      "putSync",
      "tryPut",
      "getSync",
      "tryGet",
      "takeSync",
      "tryTake",
      "shutdown",
      "joinSync",
    ] as const)
      assert.throws(() => (queue[call] as (value?: unknown) => unknown)(), codes.closed, call);
    for (const property of ["size", "unacked", "isEmpty", "isFull", "capacity", "isShutDown"] as const)
      assert.throws(() => queue[property], codes.closed, property);
    assert.throws(() => message?.ack(), { code: /ERR_INTERPROC_(CLOSED|USAGE)/ });
    const waiting = new Queue();
    const ends = [waiting.get(), waiting.take(), waiting.messages().next()].map((one) =>
      assert.rejects(one, codes.closed),
    );
    waiting.close();
    await Promise.all(ends);
  });

  test("[case 42] a value that cannot be sent is the caller's error, and the queue goes on", async () => {
    using queue = new Queue<unknown>();
    await assert.rejects(queue.put({ call: () => 1 }), codes.codec);
    assert.throws(() => queue.putSync(Symbol("x")), codes.codec);
    assert.throws(() => queue.tryPut(new WeakMap()), codes.codec);
    await assert.rejects(queue.putMany([1, () => 1, 2]), codes.codec);
    await queue.put("after");
    assert.deepEqual(await queue.getMany(), [1, "after"]);
    assert.equal(readable(queue), "0 ready, 0 taken, 0 writing");
  });

  test("[case 44] [case 45] what a child put before it exited is all there, in order, and its exit waits for nothing", async () => {
    for (const form of ["put", "putSync", "putMany"] as const) {
      using queue = new Queue<number>({ capacity: 2 ** 20 });
      await spawn(putting, [queue, 0, 500, form]).join();
      assert.equal(queue.size, 500);
      assert.deepEqual(
        await queue.getMany(),
        Array.from({ length: 500 }, (_, i) => i),
        form,
      );
    }
  });

  test("[case 45] a child that exits while its put waits is held up by nothing, and has put nothing", async () => {
    using queue = new Queue<string>({ maxItems: 1 });
    queue.tryPut("first");
    assert.deepEqual(await spawn(exitingWithPut, [queue]).join(), { code: 3, signal: null });
    assert.deepEqual([queue.size, queue.tryGet(), queue.size], [1, "first", 0]);
    await queue.put("next");
    assert.equal(await queue.get(), "next");
  });

  test("[case 47] what was put is a snapshot, also when it has to wait", async () => {
    using queue = new Queue<unknown>({ maxItems: 1 });
    const bytes = new Uint8Array([1, 2, 3]);
    const value = { count: 1 };
    await queue.put(value);
    const waiting = [queue.put(bytes), queue.put(value)];
    value.count = 2;
    bytes.fill(9);
    assert.deepEqual(await queue.get(), { count: 1 });
    assert.deepEqual(await queue.get(), new Uint8Array([1, 2, 3]));
    assert.deepEqual(await queue.get(), { count: 1 });
    await Promise.all(waiting);
  });

  test("carries every kind of value, bytes as bytes", async () => {
    using queue = new Queue<unknown>();
    const values: unknown[] = [
      undefined,
      null,
      0,
      -0,
      "",
      "grüße",
      10n ** 30n,
      new Date(0),
      /x/g,
      new Map([[1, { a: [] }]]),
    ];
    values.push(new Set([1]), new Float64Array([1, Number.NaN]), new Uint8Array(0), Buffer.from("b"), [[[]]]);
    for (const value of values) await queue.put(value);
    for (const value of values) {
      const got = await queue.get();
      if (Buffer.isBuffer(value)) assert.deepEqual(got, new Uint8Array(value));
      else assert.deepEqual(got, value);
    }
    queue.tryPut(undefined);
    assert.equal(queue.tryTake()?.deliveries, 1);
  });

  test("messages of all lengths come whole: in one block, in several, beyond 4 KiB, beyond a quarter of the capacity", async () => {
    using queue = new Queue<Uint8Array>({ capacity: 65_536 });
    const lengths = [0, 1, 127, 128, 129, 255, 256, 4095, 4096, 4097, 9000, 16_384, 16_385, 65_536, 200_000, 2 ** 21];
    for (const length of lengths)
      for (const form of ["get", "getSync", "tryGet"] as const) {
        await queue.put(patterned(length, length));
        const got = (await queue[form]()) as Uint8Array;
        assert.equal(Buffer.compare(got, patterned(length, length)), 0, `${length} bytes by ${form}`);
        await queue.put({ text: "x".repeat(length), form } as unknown as Uint8Array);
        assert.deepEqual(await queue.get(), { text: "x".repeat(length), form });
      }
    assert.deepEqual(heldFor(queue), []);
    assert.throws(() => queue.tryPut(new Uint8Array(2 ** 30 + 1)), {
      ...codes.usage,
      message: /at most 1,073,741,824/,
    });
  });

  test("a message longer than a quarter of the capacity is a file until it is acknowledged, and then nothing is left", async () => {
    const before = objectsInDirectory();
    using queue = new Queue<Uint8Array>({ capacity: 4096 });
    queue.tryPut(patterned(1025));
    queue.putManySync([patterned(3000), patterned(50_000)]);
    assert.equal(heldFor(queue).length, 3);
    const message = queue.tryTake();
    assert.equal(message?.value.length, 1025);
    assert.equal(heldFor(queue).length, 3);
    message?.nack();
    assert.equal(queue.tryGet()?.length, 1025);
    assert.equal(heldFor(queue).length, 2);
    const second = queue.tryTake();
    second?.ack();
    assert.equal(heldFor(queue).length, 1);
    queue.shutdown({ immediate: true });
    assert.deepEqual(heldFor(queue), []);
    const full = new Queue<Uint8Array>({ maxItems: 1 });
    full.tryPut(patterned(100_000));
    assert.equal(full.tryPut(patterned(100_000)), false);
    await assert.rejects(full.put(patterned(100_000), { timeout: 1 }), codes.timeout);
    const waits = assert.rejects(full.put(patterned(100_000)), codes.closed);
    assert.equal(heldFor(full).length, 2);
    full.close();
    await waits;
    queue.close();
    assert.deepEqual(objectsInDirectory(), before);
  });

  test("one producer can use the whole capacity, and its memory is bounded", () => {
    using queue = new Queue<Uint8Array>({ capacity: 8192 });
    for (let round = 0; round < 3; round++) {
      let put = 0;
      while (queue.tryPut(patterned(128, put))) put++;
      assert.equal(put, 64);
      assert.equal(queue.isFull, true);
      for (let i = 0; i < put; i++) assert.equal(Buffer.compare(queue.getSync(), patterned(128, i)), 0);
      assert.equal(queue.isEmpty, true);
    }
    assert.equal(queue.capacity, 8192);
  });

  test("putMany and getMany move batches whole, in order, with long ones in the middle", async () => {
    using queue = new Queue<Uint8Array>({ capacity: 65_536 });
    const lengths = [0, 10, 5000, 3, 20_000, 1, 4096, 4097, 40, 100_000, 7, 0, 30_000];
    const all = lengths.map((length, i) => patterned(length, i));
    const putting = queue.putMany(all);
    const got: Uint8Array[] = [];
    while (got.length < all.length) {
      const some = await queue.getMany(5);
      assert.ok(some.length >= 1 && some.length <= 5);
      got.push(...some);
    }
    await putting;
    assert.deepEqual(got, all);
    await queue.putMany([]);
    assert.equal(queue.size, 0);
    const many = Array.from({ length: 5000 }, (_, i) => patterned(i % 50, i));
    const more = queue.putMany(many);
    const back: Uint8Array[] = [];
    while (back.length < many.length) back.push(...(await queue.getMany()));
    await more;
    assert.deepEqual(back, many);
    for (const max of [0, -1, 1.5, Number.NaN, "2" as unknown as number]) {
      await assert.rejects(queue.getMany(max), codes.usage);
      assert.throws(() => queue.getManySync(max), codes.usage);
    }
    queue.putManySync([patterned(1), patterned(2)]);
    assert.equal(queue.getManySync(1).length, 1);
    assert.equal(queue.getManySync().length, 1);
  });

  test("a message of a batch that cannot be decoded is dropped and told, and the others are not lost", async () => {
    class Odd {
      constructor(readonly number = 0) {}
    }
    registerClass(Odd, {
      name: "odd ones",
      getState: ({ number }: Odd) => number,
      setState: (number) => {
        if (number === 2) throw new Error("no such number");
        return new Odd(number as number);
      },
    });
    using queue = new Queue<Odd>();
    await queue.putMany([new Odd(1), new Odd(2), new Odd(3)]);
    assert.deepEqual(await queue.getMany(), [new Odd(1), new Odd(3)]);
    await assert.rejects(queue.getMany(), codes.codec);
    queue.putManySync([new Odd(2), new Odd(4)]);
    assert.throws(() => queue.tryTake(), codes.codec);
    assert.deepEqual([queue.tryGet(), queue.size, queue.unacked], [new Odd(4), 0, 0]);
  });

  test("a getter of a value, and a class that is decoded, may use queues themselves", async () => {
    using queue = new Queue<unknown>();
    using other = new Queue<unknown>();
    class Asking {
      constructor(readonly got: unknown = undefined) {}
    }
    registerClass(Asking, {
      name: "those that ask",
      getState: () => other.tryPut("encoding"),
      setState: () => new Asking(other.tryGet()),
    });
    await queue.putMany([
      new Asking(),
      "between",
      new Asking(),
      {
        get x() {
          return other.tryPut("x");
        },
      },
    ]);
    assert.deepEqual(await queue.getMany(), [new Asking("encoding"), "between", new Asking("encoding"), { x: true }]);
    await queue.put(new Asking());
    assert.deepEqual([other.tryGet(), await queue.get()], ["x", new Asking("encoding")]);
  });

  test("has options that are checked", () => {
    for (const capacity of [0, 4095, 2 ** 30 + 1, 5000.5, Number.NaN, "64k" as unknown as number])
      assert.throws(() => new Queue({ capacity }), { ...codes.usage, message: /capacity is .*; allowed: 4096 to/ });
    for (const option of ["maxItems", "maxDeliveries"] as const)
      for (const value of [0, -1, 1.5, 2 ** 31, Number.NaN, "1" as unknown as number])
        assert.throws(() => new Queue({ [option]: value }), { ...codes.usage, message: new RegExp(`${option} is`) });
    assert.throws(() => new Queue({ deadLetter: {} as Queue }), { ...codes.usage, message: /deadLetter/ });
    assert.throws(() => new Queue().tryPut(1, { priority: 1 }), { ...codes.usage, message: /in a PriorityQueue/ });
    assert.throws(() => new Queue().getSync({ timeout: Number.NaN }), codes.usage);
    assert.equal(new Queue({ capacity: 5000 }).capacity, 5120);
  });

  test("lets a timer of 5 ms fire while it is always ready", async () => {
    using queue = new Queue<number>();
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 5);
    for (let i = 0; !fired && i < 5_000_000; i++) {
      await queue.put(i);
      assert.equal(await queue.get(), i);
    }
    assert.equal(fired, true);
  });
});

describe("a named queue", watchdog, () => {
  test("smoke: create demands a free name, open one that is taken, openOrCreate takes either", async () => {
    using made = Queue.create<number>("jobs", { capacity: 8192, maxItems: 5 });
    assert.throws(() => Queue.create("jobs"), { code: "ERR_INTERPROC_EXISTS" });
    assert.throws(() => Queue.open("no jobs"), { code: "ERR_INTERPROC_NOT_FOUND" });
    using opened = Queue.open<number>("jobs");
    using either = Queue.openOrCreate<number>("jobs", { capacity: 4096 });
    await made.put(5);
    assert.deepEqual([opened.size, either.size, either.capacity, opened.name], [1, 1, 8192, "jobs"]);
    assert.equal(await either.get(), 5);
    for (const name of ["", ".x", "a/b", 5 as unknown as string])
      for (const use of [() => Queue.create(name), () => Queue.open(name), () => Queue.openOrCreate(name)])
        assert.throws(use, codes.usage);
  });

  test("another kind of object, or of queue, under that name is a MismatchError", () => {
    const mismatch = { code: "ERR_INTERPROC_MISMATCH" };
    using _stack = Stack.create("a stack");
    using _queue = Queue.create("a queue");
    assert.throws(() => Queue.open("a stack"), { ...mismatch, message: /discipline lifo, not fifo/ });
    assert.throws(() => PriorityQueue.openOrCreate("a queue"), mismatch);
    assert.throws(() => Stack.open("a queue"), mismatch);
  });

  test("serves processes that open it by name, and goes with its last holder", async () => {
    const before = objectsInDirectory();
    using asked = Queue.create<number>("doubling");
    using answers = Queue.create<number>("doubling-answers");
    const child = spawn(answering, ["doubling"]);
    for (let i = 0; i < 20; i++) await asked.put(i);
    asked.shutdown();
    await child.join();
    assert.deepEqual(
      await answers.getMany(),
      Array.from({ length: 20 }, (_, i) => i * 2),
    );
    asked.close();
    answers.close();
    assert.deepEqual(objectsInDirectory(), before);
  });

  test("with persist keeps its messages while nobody holds it, also long ones", async () => {
    const before = objectsInDirectory();
    const made = Queue.create<unknown>("kept", { persist: true, capacity: 4096 });
    await made.put("short");
    await made.put(patterned(5000));
    made.close();
    await sleep(1);
    using opened = Queue.open<unknown>("kept");
    assert.deepEqual(await opened.getMany(), ["short", patterned(5000)]);
    await opened.put(patterned(6000));
    opened.unlink();
    opened.close();
    assert.deepEqual(objectsInDirectory(), before);
  });
});

describe("a queue whose words were written over", watchdog, () => {
  const damages: [what: string, damage: (queue: Queue<Uint8Array>) => void][] = [
    ["first is beyond the blocks", (queue) => writeWord(queue, "first", 100_000)],
    ["first is no ready item", (queue) => writeWord(queue, "first", 30)],
    ["a length is beyond the memory", (queue) => segmentOf(queue).words.store(firstRow(queue, "length"), 2 ** 30)],
    ["a length is negative", (queue) => segmentOf(queue).words.store(firstRow(queue, "length"), -4)],
    ["a chain leads outside", (queue) => segmentOf(queue).words.store(firstLink(queue), 70_000)],
  ];
  for (const [what, damage] of damages)
    test(`ends each call with a ProtocolError, and never hangs: ${what}`, async () => {
      using queue = new Queue<Uint8Array>({ capacity: 8192 });
      queue.tryPut(patterned(500));
      damage(queue);
      await assert.rejects(queue.get({ timeout: 1000 }), codes.protocol);
    });

  test("counts that lie make nothing hang", async () => {
    using queue = new Queue<Uint8Array>({ capacity: 8192 });
    writeWord(queue, "free", 100_000);
    for (let i = 0; i < 64; i++) queue.tryPut(patterned(100));
    assert.throws(() => queue.tryPut(patterned(300)), codes.protocol);
    using other = new Queue({ capacity: 8192 });
    writeWord(other, "ready", 7);
    await assert.rejects(other.get({ timeout: 30 }), codes.timeout);
    assert.throws(() => other.getSync({ timeout: 30 }), codes.timeout);
  });

  test("a format, or a handle, that nobody knows is a CodecError, and the queue goes on", async () => {
    for (const flags of [7, 0x400, 0x800]) {
      using queue = new Queue<unknown>({ capacity: 8192 });
      queue.tryPut({ some: "value" });
      queue.tryPut("next");
      segmentOf(queue).words.store(firstRow(queue, "flags"), flags);
      await assert.rejects(queue.get(), codes.codec, `flags ${flags}`);
      assert.deepEqual([await queue.get(), queue.size, queue.unacked], ["next", 0, 0]);
    }
  });
});

function readable(queue: Queue<unknown>): string {
  const { ready, taken, writing } = states(queue);
  return `${ready} ready, ${taken} taken, ${writing} writing`;
}
