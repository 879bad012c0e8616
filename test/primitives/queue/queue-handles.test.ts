import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Connection,
  Lock,
  PriorityQueue,
  pipe,
  Queue,
  type QueueMessage,
  SharedValue,
  Stack,
  spawn,
} from "interproc";
import { codes, watchdog } from "../../contract/connection-kind.js";
import { draining, echoing, taking } from "../../programs/queueing.js";
import { heldFor, objectsInDirectory } from "./inside-queue.js";

describe("handles in a queue's messages", watchdog, () => {
  test("smoke: a shared object comes out as the same object, and nothing is left of its way", async () => {
    const before = objectsInDirectory();
    {
      using queue = new Queue<SharedValue<"i32">>();
      using value = new SharedValue("i32", 5);
      await queue.put(value);
      assert.equal(heldFor(queue).length, 1);
      using got = await queue.get();
      got.add(1);
      assert.deepEqual([value.value, heldFor(queue)], [6, []]);
    }
    assert.deepEqual(objectsInDirectory(), before);
  });

  test("a pipe's end, a value, a lock and another queue, in one message, as deep as they stand", async () => {
    using queue = new Queue<unknown>();
    const [mine, theirs] = pipe<string>();
    using value = new SharedValue("f64", 0.5);
    using lock = new Lock();
    using other = new Stack<number>();
    await queue.put({ a: [theirs, new Map([["v", value]])], lock, other, again: value });
    assert.throws(() => theirs.trySend("x"), codes.closed);
    type Parcel = {
      a: [Connection, Map<string, SharedValue<"f64">>];
      lock: Lock;
      other: Stack<number>;
      again: unknown;
    };
    const got = (await queue.get()) as Parcel;
    const [end, map] = got.a;
    assert.equal(got.again, map.get("v"));
    mine.trySend("through");
    assert.equal(await end.recv(), "through");
    got.other.tryPut(3);
    assert.deepEqual([map.get("v")?.value, other.tryGet(), got.other instanceof Stack], [0.5, 3, true]);
    {
      using _hold = got.lock.acquireSync();
      assert.equal(lock.isLocked, true);
    }
    for (const one of [end, map.get("v"), got.lock, got.other]) one?.close();
    mine.close();
    assert.deepEqual(heldFor(queue), []);
  });

  test("redelivered, an object arrives well, and a moved end arrives closed", async () => {
    using queue = new Queue<{ value: SharedValue<"i32">; end: Connection; queue: Queue<number> }>();
    const [mine, theirs] = pipe();
    using value = new SharedValue("i32", 1);
    using letters = new Queue<unknown>();
    using inner = new PriorityQueue<number>({ deadLetter: letters });
    await queue.put({ value, end: theirs, queue: inner });
    for (let times = 1; times <= 3; times++) {
      const message = queue.takeSync();
      assert.equal(message.deliveries, times);
      assert.equal(message.value.value.add(1), times);
      assert.equal(message.value.end.closed, times > 1);
      message.value.queue.tryPut(times);
      message.value.queue.tryTake()?.nack({ requeue: false });
      assert.equal(letters.tryGet(), times);
      message.nack();
      for (const one of Object.values(message.value)) one.close();
    }
    assert.equal(await queue.get().then((got) => got.value.value), 4);
    await assert.rejects(mine.recv(), codes.end);
    mine.close();
    assert.deepEqual(heldFor(queue), []);
  });

  test("redelivered after its first taker was killed, an object arrives well in another process", async () => {
    using queue = new Queue<unknown>();
    using back = new Queue<unknown>();
    const [mine, theirs] = pipe<string, unknown>();
    const [near, far] = pipe();
    using value = new SharedValue("i32", 7);
    await queue.put({ value, far });
    const child = spawn(taking, [queue, 1, theirs]);
    assert.deepEqual(await mine.recv(), [["object", 1]]);
    child.kill();
    await child.join();
    const message = (await queue.take()) as QueueMessage<{ value: SharedValue<"i32">; far: Connection }>;
    assert.deepEqual([message.redelivered, message.value.value.value, message.value.far.closed], [true, 7, true]);
    message.ack();
    message.value.value.close();
    for (const one of [mine, near, back]) one.close();
    assert.deepEqual(heldFor(queue), []);
  });

  test("what is not put after all stays its sender's: full, timed out, shut down, or behind what cannot be sent", async () => {
    using queue = new Queue<unknown>({ maxItems: 1 });
    queue.tryPut("full");
    const [mine, theirs] = pipe<string>();
    const works = async (): Promise<void> => {
      await theirs.send("still mine");
      assert.equal(await mine.recv(), "still mine");
      assert.deepEqual(heldFor(queue), []);
    };
    assert.equal(queue.tryPut([theirs]), false);
    await works();
    await assert.rejects(queue.put([theirs], { timeout: 5 }), codes.timeout);
    await works();
    assert.throws(() => queue.putSync([theirs], { timeout: 5 }), codes.timeout);
    await works();
    await assert.rejects(queue.put([theirs, () => 1]), codes.codec);
    await works();
    const waiting = assert.rejects(queue.put([theirs]), codes.closed);
    queue.shutdown();
    await waiting;
    await works();
    assert.throws(() => queue.tryPut([theirs]), codes.closed);
    await works();
    mine.close();
    theirs.close();
  });

  test("long messages with handles are files with handles, and immediate shutdown leaves nothing of them", async () => {
    const before = objectsInDirectory();
    using queue = new Queue<unknown>({ capacity: 4096 });
    using value = new SharedValue("i32", 3);
    const [mine, theirs] = pipe();
    await queue.put({ value, text: "x".repeat(3000) });
    await queue.put({ theirs, text: "x".repeat(3000) });
    assert.equal(heldFor(queue).length, 4);
    const got = (await queue.get()) as { value: SharedValue<"i32">; text: string };
    assert.deepEqual([got.value.value, got.text.length, heldFor(queue).length], [3, 3000, 2]);
    got.value.close();
    queue.shutdown({ immediate: true });
    assert.deepEqual(heldFor(queue), []);
    await assert.rejects(mine.recv(), codes.end);
    for (const one of [mine, value, queue]) one.close();
    assert.deepEqual(objectsInDirectory(), before);
  });

  test("a queue that goes takes along what nobody took: an end in it is closed, and its peer told", async () => {
    const before = objectsInDirectory();
    const queue = new Queue<unknown>();
    const [mine, theirs] = pipe();
    await queue.put(theirs);
    await queue.put(new SharedValue("i32", 1));
    queue.close();
    await assert.rejects(mine.recv(), codes.end);
    mine.close();
    assert.equal(objectsInDirectory().length, before.length + 1); // the value's own handle was never closed
  });

  test("dead letters with handles go over, and nothing stays open", async () => {
    using letters = new Queue<unknown>();
    using queue = new Queue<unknown>({ deadLetter: letters, maxDeliveries: 1 });
    using value = new SharedValue("i32", 9);
    await queue.put({ value });
    const message = queue.takeSync() as QueueMessage<{ value: SharedValue<"i32"> }>;
    message.value.value.close();
    message.nack();
    assert.equal(queue.tryTake(), undefined);
    assert.deepEqual([heldFor(queue), heldFor(letters).length], [[], 1]);
    const letter = letters.tryGet() as { value: SharedValue<"i32"> };
    assert.equal(letter.value.value, 9);
    letter.value.close();
  });
});

describe("a queue that is handed over", watchdog, () => {
  test("smoke: while it holds messages, as an argument and inside of messages, to a child and on to the next", async () => {
    using queue = new Queue<unknown>();
    using results = new Queue<unknown>();
    await queue.putMany(["a", "b"]);
    queue.shutdown();
    await spawn(echoing, [queue, results]).join();
    assert.deepEqual(await results.getMany(), ["a", "b"]);
    using carrier = new Queue<unknown>();
    using inner = new PriorityQueue<unknown>();
    inner.tryPut("later", { priority: 1 });
    inner.tryPut("first");
    inner.shutdown();
    await carrier.put(inner);
    const got = (await carrier.get()) as PriorityQueue<unknown>;
    assert.ok(got instanceof PriorityQueue);
    assert.deepEqual(await spawn(draining, [got, "for await"]).result(), ["first", "later"]);
    got.close();
    assert.throws(() => carrier.tryPut(got), codes.usage);
  });

  test("stays while it is on its way, although nobody holds it", async () => {
    using carrier = new Queue<Queue<string>>();
    {
      using queue = new Queue<string>();
      queue.tryPut("inside");
      carrier.tryPut(queue);
    }
    using got = await carrier.get();
    assert.equal(got.tryGet(), "inside");
  });
});
