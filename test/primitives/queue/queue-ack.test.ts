import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Queue, QueueMessage, spawn } from "interproc";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { draining } from "../../programs/queueing.js";
import { heldFor } from "./inside-queue.js";

const values = (messages: readonly QueueMessage<unknown>[]): unknown[] => messages.map(({ value }) => value);

function takeAll<T>(queue: Queue<T>): QueueMessage<T>[] {
  const all: QueueMessage<T>[] = [];
  for (let one = queue.tryTake(); one; one = queue.tryTake()) all.push(one);
  return all;
}

describe("messages that are acknowledged", watchdog, () => {
  test("smoke: a taken message is nobody else's; acknowledged it is gone, given back it comes again, in front", async () => {
    using queue = new Queue<string>();
    await queue.putMany(["a", "b", "c"]);
    const first = await queue.take();
    assert.deepEqual([first.value, first.redelivered, first.deliveries, first.settled], ["a", false, 1, false]);
    assert.deepEqual([queue.size, queue.unacked], [2, 1]);
    const second = queue.takeSync();
    first.nack();
    assert.equal(first.settled, true);
    second.ack();
    const again = queue.tryTake();
    assert.deepEqual([again?.value, again?.redelivered, again?.deliveries], ["a", true, 2]);
    again?.ack();
    assert.deepEqual([queue.tryGet(), queue.tryGet(), queue.size, queue.unacked], ["c", undefined, 0, 0]);
    assert.ok(first instanceof QueueMessage);
  });

  test("[case 43] a message is settled once: one time too many is a UsageError", () => {
    using queue = new Queue<number>();
    queue.putManySync([1, 2]);
    const [one, two] = takeAll(queue);
    one.ack();
    two.nack({ requeue: false });
    for (const again of [() => one.ack(), () => one.nack(), () => two.ack(), () => two.nack({ requeue: true })])
      assert.throws(again, codes.usage);
    one[Symbol.dispose]();
    assert.deepEqual([queue.size, queue.unacked], [0, 0]);
  });

  test("[case 43] join returns once the last message is acknowledged, not before", async () => {
    using queue = new Queue<number>();
    await queue.join();
    queue.joinSync();
    await queue.putMany([1, 2]);
    let isOver = false;
    const joined = queue.join().then(() => {
      isOver = true;
    });
    const [one, two] = takeAll(queue);
    one.ack();
    await assert.rejects(queue.join({ timeout: 10 }), codes.timeout);
    assert.throws(() => queue.joinSync({ timeout: 5 }), codes.timeout);
    assert.equal(isOver, false);
    two.nack();
    await assert.rejects(queue.join({ timeout: 10 }), codes.timeout);
    assert.equal(isOver, false);
    assert.equal(await queue.get(), 2);
    await joined;
    const gone = new AbortController();
    queue.tryPut(3);
    const aborted = assert.rejects(queue.join({ signal: gone.signal }), /no more/);
    gone.abort(new Error("no more"));
    await aborted;
  });

  test("join of a queue that was shut down still waits for what this thread holds", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    const message = queue.tryTake();
    queue.shutdown();
    await assert.rejects(queue.join({ timeout: 30 }), codes.timeout);
    message?.ack();
    await queue.join();
  });

  test("joinSync that only this thread could end is a UsageError", () => {
    using queue = Queue.create<number>("joined here");
    queue.tryPut(1);
    const message = queue.tryTake();
    assert.throws(() => queue.joinSync(), codes.usage);
    message?.ack();
    queue.joinSync();
  });

  test("what is given back goes to the front, the last given back first", () => {
    using queue = new Queue<number>();
    queue.putManySync([1, 2, 3, 4]);
    const [one, two, three] = takeAll(queue).slice(0, 3);
    two.nack();
    one.nack();
    three.nack();
    assert.deepEqual(queue.tryTake()?.value, 3);
    assert.deepEqual(values(takeAll(queue)), [1, 2]);
  });

  test("leaving messages() gives back what it had not settled, in order", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2, 3, 4, 5]);
    for await (const message of queue.messages()) {
      if (message.value === 2) message.ack();
      if (message.value === 4) break;
    }
    assert.deepEqual([queue.size, queue.unacked], [4, 0]);
    const all = takeAll(queue);
    assert.deepEqual(values(all), [1, 3, 4, 5]);
    assert.deepEqual(
      all.map(({ deliveries }) => deliveries),
      [2, 2, 2, 1],
    );
  });

  test("a loop that throws gives back what it was working on", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2]);
    await assert.rejects(async () => {
      for await (const { value } of queue.messages()) throw new Error(`cannot do ${value}`);
    }, /cannot do 1/);
    assert.deepEqual(values(takeAll(queue)), [1, 2]);
  });

  test("`using` gives a message back that was not settled", () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    {
      using message = queue.takeSync();
      assert.equal(message.value, 1);
    }
    {
      using message = queue.takeSync();
      assert.equal(message.redelivered, true);
      message.ack();
    }
    assert.equal(queue.size, 0);
  });

  test("closing a handle gives back what was taken through it, in order, and the queue stays for others", () => {
    using queue = Queue.create<number>("shared");
    const other = Queue.open<number>("shared");
    queue.putManySync([1, 2, 3]);
    const kept = queue.tryTake();
    takeAll(other);
    assert.equal(queue.unacked, 3);
    other.close();
    assert.deepEqual([queue.size, queue.unacked], [2, 1]);
    assert.deepEqual(values(takeAll(queue)), [2, 3]);
    kept?.ack();
  });

  test("a long message that is given back comes again whole", () => {
    using queue = new Queue<Uint8Array>({ capacity: 65_536 });
    for (const length of [5000, 16_000, 100_000]) {
      queue.tryPut(patterned(length));
      for (let times = 1; times < 4; times++) {
        const message = queue.tryTake();
        assert.equal(Buffer.compare(message?.value as Uint8Array, patterned(length)), 0);
        assert.equal(message?.deliveries, times);
        message?.nack();
      }
      queue.tryTake()?.ack();
    }
    assert.deepEqual(heldFor(queue), []);
  });
});

describe("dead letters", watchdog, () => {
  test("smoke: nack({ requeue: false }) drops a message, or puts it to the dead letters", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    queue.tryTake()?.nack({ requeue: false });
    assert.deepEqual([queue.size, queue.unacked], [0, 0]);
    using letters = new Queue<unknown>();
    using other = new Queue<number>({ deadLetter: letters });
    other.tryPut(2);
    other.tryTake()?.nack({ requeue: false });
    assert.deepEqual([other.size, other.unacked, letters.tryGet()], [0, 0, 2]);
    await other.join();
  });

  test("a message is handed out maxDeliveries times, and then is a dead letter", async () => {
    using letters = new Queue<unknown>();
    using queue = new Queue<string>({ maxDeliveries: 2, deadLetter: letters });
    await queue.putMany(["poison", "good"]);
    const seen: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const message = await queue.take();
      seen.push([message.value, message.deliveries]);
      message.nack();
    }
    assert.deepEqual(seen, [
      ["poison", 1],
      ["poison", 2],
    ]);
    assert.equal(await queue.get(), "good");
    assert.deepEqual([letters.size, letters.tryGet(), queue.size, queue.unacked], [1, "poison", 0, 0]);
    await queue.join();
  });

  test("with get, getMany and the loops as with take, also for long messages, and in the middle of a batch", async () => {
    for (const get of ["get", "tryGet", "getMany", "tryTake"] as const)
      for (const value of ["short", "x".repeat(10_000), "y".repeat(70_000)]) {
        using letters = new Queue<unknown>();
        using queue = new Queue<string>({ maxDeliveries: 1, deadLetter: letters });
        await queue.putMany(["first", value, "last"]);
        const first = queue.tryTake();
        queue.tryTake()?.nack();
        first?.ack();
        const got = await queue[get]();
        assert.deepEqual(got instanceof QueueMessage ? got.value : got, get === "getMany" ? ["last"] : "last");
        assert.equal(letters.tryGet(), value);
        assert.deepEqual([queue.size, heldFor(queue), heldFor(letters)], [0, [], []]);
      }
  });

  test("without a queue for them they are dropped, once for all", async () => {
    using queue = new Queue<number>({ maxDeliveries: 1 });
    queue.tryPut(1);
    queue.tryTake()?.nack();
    assert.equal(queue.tryTake(), undefined);
    assert.deepEqual([queue.size, queue.unacked], [0, 0]);
    await queue.join();
  });

  test("without room for a dead letter it waits, holds up nobody, and goes once there is room", async () => {
    using letters = new Queue<unknown>({ maxItems: 1 });
    using queue = new Queue<number>({ deadLetter: letters, maxDeliveries: 1 });
    await queue.putMany([1, 2, 3, 4]);
    queue.tryTake()?.nack({ requeue: false });
    queue.tryTake()?.nack({ requeue: false });
    queue.tryTake()?.nack();
    assert.equal(await queue.get(), 4);
    assert.deepEqual([letters.size, queue.size, queue.unacked], [1, 0, 2]);
    await assert.rejects(queue.get({ timeout: 20 }), codes.timeout);
    const waiting = queue.get();
    assert.equal(letters.tryGet(), 1);
    assert.equal(await letters.get(), 2);
    assert.equal(await letters.get(), 3);
    await queue.join();
    queue.tryPut(5);
    assert.equal(await waiting, 5);
  });

  test("those that still wait for room when the handle is closed are back in the queue", () => {
    using letters = new Queue<unknown>({ maxItems: 1 });
    using queue = Queue.create<number>("lettered", { deadLetter: letters });
    const other = Queue.open<number>("lettered", { deadLetter: letters });
    letters.tryPut("full");
    queue.putManySync([1, 2]);
    for (let i = 0; i < 2; i++) other.tryTake()?.nack({ requeue: false });
    assert.deepEqual([queue.size, queue.unacked], [0, 2]);
    other.close();
    assert.deepEqual([queue.size, queue.unacked], [2, 0]);
    assert.deepEqual(values(takeAll(queue)), [1, 2]);
  });

  test("a full queue of dead letters does not hold up the end of a shut down queue", async () => {
    using letters = new Queue<unknown>({ maxItems: 1 });
    using queue = new Queue<number>({ deadLetter: letters });
    await queue.putMany([1, 2, 3]);
    queue.shutdown();
    for await (const message of queue.messages()) message.nack({ requeue: false });
    assert.deepEqual([letters.size, queue.unacked], [1, 2]);
  });

  test("dead letters that were shut down take nothing more: a dead letter is dropped", () => {
    using letters = new Queue<unknown>();
    using queue = new Queue<number>({ deadLetter: letters });
    letters.shutdown();
    queue.tryPut(1);
    queue.tryTake()?.nack({ requeue: false });
    assert.deepEqual([queue.size, queue.unacked, letters.size], [0, 0, 0]);
  });

  test("a handle that is opened by name finds the dead letters by theirs; one that is handed over has them", async () => {
    using letters = Queue.create<unknown>("letters");
    using made = Queue.create<number>("with letters", { deadLetter: letters });
    const opened = Queue.open<number>("with letters");
    made.tryPut(1);
    opened.tryTake()?.nack({ requeue: false });
    opened.close();
    assert.equal(letters.tryGet(), 1);
    using anonymous = new Queue<unknown>();
    using queue = new Queue<number>({ deadLetter: anonymous, maxDeliveries: 1 });
    queue.tryPut(2);
    queue.tryTake()?.nack();
    queue.shutdown();
    assert.deepEqual(await spawn(draining, [queue, "messages"]).result(), []);
    assert.deepEqual([queue.size, anonymous.tryGet()], [0, 2]);
  });
});

describe("a queue that is shut down", watchdog, () => {
  test("smoke: takes nothing more, gives what is there, and then ends", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2, 3]);
    queue.shutdown();
    queue.shutdown();
    assert.equal(queue.isShutDown, true);
    await assert.rejects(queue.put(4), { ...codes.closed, undelivered: 4, message: /put\(\) after shutdown\(\)/ });
    assert.throws(() => queue.putSync(4), codes.closed);
    assert.throws(() => queue.tryPut(4), codes.closed);
    await assert.rejects(queue.putMany([4]), codes.closed);
    assert.equal(await queue.get(), 1);
    const got: number[] = [];
    for await (const value of queue) got.push(value);
    assert.deepEqual(got, [2, 3]);
    await assert.rejects(queue.get(), codes.closed);
    assert.throws(() => queue.getSync(), codes.closed);
    await assert.rejects(queue.getMany(), codes.closed);
    await assert.rejects(queue.take(), codes.closed);
    assert.deepEqual([queue.tryGet(), queue.tryTake()], [undefined, undefined]);
    for await (const _ of queue.messages()) assert.fail("nothing is there");
    await queue.join();
  });

  test("immediate drops what is there; what was taken can still be settled", async () => {
    using queue = new Queue<number>({ maxItems: 3 });
    await queue.putMany([1, 2, 3]);
    const putting = assert.rejects(queue.put(4), codes.closed);
    const message = queue.tryTake();
    queue.shutdown({ immediate: true });
    await putting;
    assert.deepEqual([queue.size, queue.unacked, queue.tryGet()], [0, 1, undefined]);
    message?.ack();
    await queue.join();
    await assert.rejects(queue.get(), codes.closed);
  });

  test("those that wait are told: putters and getters by ClosedError, loops by their end", async () => {
    using queue = new Queue<number>();
    const waiting = [
      assert.rejects(queue.get(), codes.closed),
      assert.rejects(queue.take(), codes.closed),
      (async () => {
        for await (const _ of queue) assert.fail();
      })(),
      (async () => {
        for await (const _ of queue.messages()) assert.fail();
      })(),
    ];
    queue.shutdown();
    await Promise.all(waiting);
  });

  test("a loop does not end while another consumer works on a message that may come back", async () => {
    using queue = new Queue<number>();
    queue.tryPut(1);
    const working = queue.messages();
    const { value: message } = await working.next();
    queue.shutdown();
    const got: number[] = [];
    const other = (async () => {
      for await (const one of queue.messages()) {
        got.push(one.value);
        one.ack();
      }
    })();
    await assert.rejects(Promise.race([other, queue.join({ timeout: 30 })]), codes.timeout);
    (message as QueueMessage<number>).nack();
    await other;
    assert.deepEqual(got, [1]);
    await working.return();
  });

  test("two consumers that each hold a message and wait at the end both end, here and in a child", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2]);
    queue.shutdown();
    let taken = 0;
    const consume = async (): Promise<void> => {
      for await (const _ of queue.messages()) taken++;
    };
    await Promise.all([consume(), consume()]);
    assert.ok(taken >= 2);
    assert.deepEqual([queue.size, queue.unacked], [2, 0]);
  });

  test("what a loop holds when it comes to the end is given back, in order", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2, 3]);
    queue.shutdown();
    const seen: number[] = [];
    for await (const { value } of queue.messages()) seen.push(value);
    assert.deepEqual(seen, [1, 2, 3]);
    assert.deepEqual(values(takeAll(queue)), [1, 2, 3]);
  });
});
