import assert from "node:assert/strict";
import { describe } from "node:test";
import { codes, patterned } from "./connection-kind.js";
import { type AnyQueue, type QueueBackend, queueSentences, type TakenMessage } from "./queue-kind.js";

/** The next message, which the caller settles; its loop is left once that is done. */
async function take(queue: AnyQueue): Promise<{ message: TakenMessage; leave(): Promise<unknown> }> {
  const loop = queue.messages();
  const { value } = await loop.next();
  return { message: value as TakenMessage, leave: () => loop.return(undefined) };
}

/** What every queue keeps to, whatever it runs over: its promise forms. */
export function everyQueue(backend: QueueBackend): void {
  const it = queueSentences(backend);
  const { name, capabilities, many = 1000 } = backend;
  /** How many are ready and how many are taken, where a queue knows that. */
  const sizeOf = async (queue: AnyQueue, expected: number): Promise<number> =>
    capabilities.has("size") ? queue.size() : expected;
  const unackedOf = async (queue: AnyQueue, expected: number): Promise<number> =>
    capabilities.has("unacked") ? queue.unacked() : expected;

  describe(`${name}: messages`, () => {
    it("smoke: what one user puts another gets, in order", async ({ queue, other }) => {
      await queue.put({ hello: "you", list: [1, 2] });
      await queue.put("second");
      assert.deepEqual([await other.get(), await other.get()], [{ hello: "you", list: [1, 2] }, "second"]);
      await other.put("back");
      assert.equal(await queue.get(), "back");
    });

    it("[case 38] many messages of one producer come in its order, each once", async ({ queue, other }) => {
      const putting = (async () => {
        for (let i = 0; i < many; i++) await queue.put(i);
      })();
      for (let i = 0; i < many; i++) assert.equal(await other.get(), i);
      await putting;
      assert.equal(await sizeOf(queue, 0), 0);
    });

    it("values, bytes and long messages come whole", async ({ queue, other }) => {
      const values = [0, "", "grüße", null, true, [], {}, { a: [{ b: 1 }] }, patterned(0), patterned(9)];
      for (const value of [...values, patterned(100_000), "x".repeat(70_000)]) {
        await queue.put(value);
        assert.deepEqual(await other.get(), value);
      }
    });

    it("[case 47] a message is a snapshot", async ({ queue, other }) => {
      const value = { count: 1 };
      const putting = queue.put(value);
      value.count = 2;
      await putting;
      assert.deepEqual(await other.get(), { count: 1 });
    });

    it("[case 42] a value that cannot be sent is the caller's error, and the queue goes on", async (made) => {
      await assert.rejects(made.queue.put({ call: () => 1 }), codes.codec);
      await made.queue.put("after");
      assert.equal(await made.other.get(), "after");
    });

    it("putMany and getMany move batches in order", async ({ queue, other }) => {
      const values = Array.from({ length: 500 }, (_, i) => ({ i }));
      const putting = queue.putMany(values);
      const got: unknown[] = [];
      while (got.length < values.length) {
        const some = await other.getMany(64);
        assert.ok(some.length >= 1 && some.length <= 64);
        got.push(...some);
      }
      await putting;
      assert.deepEqual(got, values);
    });

    it("each message goes to one of the consumers", async ({ queue, other }) => {
      const got: unknown[] = [];
      const consuming = [queue, other, other].map(async (one) => {
        for (;;) {
          const value = await one.get();
          if (value === "end") return;
          got.push(value);
        }
      });
      for (let i = 0; i < 300; i++) await queue.put(i);
      await queue.putMany(["end", "end", "end"]);
      await Promise.all(consuming);
      assert.deepEqual(
        got.sort((a, b) => Number(a) - Number(b)),
        Array.from({ length: 300 }, (_, i) => i),
      );
    });
  });

  describe(`${name}: waiting`, () => {
    it("[case 39] get waits until there is something, or its timeout", async ({ queue, other }) => {
      const begun = performance.now();
      await assert.rejects(other.get({ timeout: 200 }), codes.timeout);
      assert.ok(performance.now() - begun >= 199);
      const waiting = other.get();
      await queue.put(1);
      assert.equal(await waiting, 1);
    });

    it("an aborted get has taken nothing", async ({ queue, other }) => {
      const gone = new AbortController();
      const waiting = assert.rejects(other.get({ signal: gone.signal }), /enough/);
      gone.abort(new Error("enough"));
      await waiting;
      await assert.rejects(other.get({ signal: gone.signal }), /enough/);
      await queue.put(1);
      assert.equal(await other.get(), 1);
    });

    if (capabilities.has("maxItems"))
      it(
        "[case 38] put waits while the queue is full, or for its timeout: then nothing was put",
        async ({ queue, other }) => {
          await queue.putMany([1, 2]);
          await assert.rejects(queue.put(3, { timeout: 20 }), { ...codes.timeout, undelivered: 3 });
          const waiting = queue.put(4);
          assert.equal(await other.get(), 1);
          await waiting;
          assert.deepEqual([await other.get(), await other.get(), await queue.size()], [2, 4, 0]);
        },
        { maxItems: 2 },
      );

    it("[case 41] [case 48] every call after close is a ClosedError, and the queue stays for others", async (made) => {
      const { queue, other } = made;
      const waiting = assert.rejects(other.get(), codes.closed);
      await other.close();
      await waiting;
      await assert.rejects(other.put(1), codes.closed);
      await assert.rejects(other.get(), codes.closed);
      await other.close();
      await queue.put(1);
      assert.equal(await queue.get(), 1);
    });
  });

  describe(`${name}: acknowledgement`, () => {
    it("smoke: a taken message is nobody else's, and gone once it is acknowledged", async ({ queue, other }) => {
      await queue.putMany([1, 2]);
      const { message, leave } = await take(other);
      assert.deepEqual([message.value, message.redelivered], [1, false]);
      assert.deepEqual([await sizeOf(queue, 1), await unackedOf(queue, 1)], [1, 1]);
      assert.equal(await queue.get(), 2);
      await message.ack();
      await leave();
      assert.deepEqual([await sizeOf(queue, 0), await unackedOf(queue, 0)], [0, 0]);
    });

    it("nack puts it back, and whoever gets it next sees that it was redelivered", async ({ queue, other }) => {
      await queue.put("again");
      const first = await take(other);
      await first.message.nack();
      await first.leave();
      const second = await take(queue);
      assert.deepEqual([second.message.value, second.message.redelivered], ["again", true]);
      await second.message.ack();
      await second.leave();
    });

    it("nack({ requeue: false }) drops it", async ({ queue, other }) => {
      await queue.putMany(["dropped", "next"]);
      const { message, leave } = await take(other);
      await message.nack({ requeue: false });
      await leave();
      assert.equal(await queue.get(), "next");
      assert.deepEqual([await sizeOf(queue, 0), await unackedOf(queue, 0)], [0, 0]);
    });

    it("[case 43] a message is settled once", async ({ queue, other }) => {
      await queue.put(1);
      const { message, leave } = await take(other);
      await message.ack();
      await assert.rejects(async () => message.ack(), codes.usage);
      await assert.rejects(async () => message.nack(), codes.usage);
      await leave();
    });

    it("leaving the loop, and closing, give back what was not acknowledged", async ({ queue, other }) => {
      await queue.putMany([1, 2]);
      await (await take(other)).leave();
      const again = await take(other);
      assert.deepEqual([again.message.value, again.message.redelivered], [1, true]);
      await other.close();
      assert.deepEqual([await queue.get(), await queue.get()], [1, 2]);
    });

    if (capabilities.has("deadLetter"))
      it(
        "with dead letters, that is where nack({ requeue: false }) puts it",
        async ({ queue, letters }) => {
          await queue.put("bad");
          const { message, leave } = await take(queue);
          await message.nack({ requeue: false });
          await leave();
          assert.equal(await letters?.get(), "bad");
        },
        { letters: true },
      );

    if (capabilities.has("maxDeliveries"))
      it(
        "a message that comes back too often is a dead letter",
        async ({ queue, letters }) => {
          await queue.put("bad");
          for (let i = 0; i < 2; i++) {
            const { message, leave } = await take(queue);
            assert.equal(message.value, "bad");
            await message.nack();
            await leave();
          }
          await queue.put("good");
          assert.equal(await queue.get(), "good");
          assert.equal(await letters?.get(), "bad");
        },
        { letters: true, maxDeliveries: 2 },
      );

    if (capabilities.has("join"))
      it("[case 43] join resolves once all that was put is acknowledged", async ({ queue, other }) => {
        await queue.join();
        await queue.put(1);
        await assert.rejects(queue.join({ timeout: 20 }), codes.timeout);
        const joining = queue.join();
        const { message, leave } = await take(other);
        await message.ack();
        await joining;
        await leave();
      });
  });

  if (capabilities.has("shutdown"))
    describe(`${name}: shutdown`, () => {
      it("smoke: nothing more is put, what is there is got, then loops end and get is a ClosedError", async (made) => {
        const { queue, other } = made;
        await queue.putMany([1, 2, 3]);
        await queue.shutdown();
        await assert.rejects(other.put(4), { ...codes.closed, undelivered: 4 });
        assert.equal(await other.get(), 1);
        const got: unknown[] = [];
        for await (const value of other) got.push(value);
        assert.deepEqual(got, [2, 3]);
        await assert.rejects(queue.get(), codes.closed);
      });

      it("ends those that wait", async ({ queue, other }) => {
        const waiting = assert.rejects(other.get(), codes.closed);
        const loop = other.messages().next();
        await queue.shutdown();
        await waiting;
        assert.equal((await loop).done, true);
      });

      it("immediate drops what is there", async ({ queue, other }) => {
        await queue.putMany([1, 2]);
        await queue.shutdown({ immediate: true });
        await assert.rejects(other.get(), codes.closed);
        assert.equal(await queue.size(), 0);
      });
    });
}
