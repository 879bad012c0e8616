import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AsyncQueue, type OpenQueueOptions, openQueue } from "interproc";
import { asQueueBackend, type BrokerKind, freshName } from "./broker-kind.js";
import { startWorker } from "./broker-worker.js";
import { codes, watchdog } from "./connection-kind.js";
import { everyQueue } from "./queue.js";

const headers = { lang: "de", tries: 3, urgent: true };

/** What every queue that has an url keeps to, whichever server stands behind it. */
export async function everyBroker(kind: BrokerKind): Promise<void> {
  const probe = await openQueue(kind.url(freshName()));
  const has = probe.capabilities;
  await probe.delete();
  everyQueue(await asQueueBackend(kind));

  const it = (
    title: string,
    body: (queue: AsyncQueue, name: string) => Promise<void>,
    options: OpenQueueOptions = {},
  ) =>
    test(title, watchdog, async () => {
      const name = freshName();
      const queue = await openQueue(kind.url(name), options);
      try {
        await body(queue, name);
      } finally {
        if (!queue.closed) await queue.delete();
      }
    });

  describe(`${kind.name} by url`, () => {
    it("smoke: tryGet and tryTake never wait", async (queue) => {
      assert.deepEqual([await queue.tryGet(), await queue.tryTake()], [undefined, undefined]);
      await queue.putMany(["a", "b"]);
      assert.equal(await queue.tryGet(), "a");
      const message = await queue.tryTake();
      assert.equal(message?.value, "b");
      await message?.ack();
      assert.equal(await queue.tryGet(), undefined);
    });

    it("take gives a message that is settled by hand", async (queue) => {
      const waiting = queue.take();
      await queue.put({ n: 1 });
      const message = await waiting;
      assert.deepEqual([message.value, message.redelivered, message.settled], [{ n: 1 }, false, false]);
      await message.nack();
      const again = await queue.take();
      assert.deepEqual([again.value, again.redelivered, again.deliveries], [{ n: 1 }, true, 2]);
      await again.ack();
      assert.equal(again.settled, true);
    });

    it("`await using` of a message gives it back unless it was settled", async (queue) => {
      await queue.put(1);
      {
        await using message = await queue.take();
        assert.equal(message.value, 1);
      }
      {
        await using message = await queue.take();
        assert.deepEqual([message.value, message.redelivered], [1, true]);
        await message.ack();
      }
      assert.equal(await queue.tryGet(), undefined);
    });

    it("a loop takes ahead and gives back, where that goes in front in order, what it did not hand out", async (queue) => {
      await queue.putMany([1, 2, 3, 4, 5]);
      for await (const message of queue.messages()) {
        await message.ack();
        if (message.value === 2) break;
      }
      const got = [await queue.get(), await queue.get(), await queue.get()];
      assert.deepEqual(has.has("front") ? got : got.sort(), [3, 4, 5]);
    });

    it("purge drops what is ready and says how much that was", async (queue) => {
      await queue.putMany([1, 2, 3]);
      assert.equal(await queue.purge(), 3);
      assert.equal(await queue.tryGet(), undefined);
      await queue.put(4);
      assert.equal(await queue.get(), 4);
    });

    test(
      `with mustExist a queue that is not there is a ${kind.isBlind ? "Usage" : "NotFound"}Error`,
      watchdog,
      async () => {
        const code = kind.isBlind ? "ERR_INTERPROC_USAGE" : "ERR_INTERPROC_NOT_FOUND";
        await assert.rejects(openQueue(kind.url(freshName()), { mustExist: true }), { code });
      },
    );

    it("what is no list, no time and no header is a UsageError that shows it as it was written", async (queue, name) => {
      await assert.rejects(queue.putMany(5 as never), { ...codes.usage, message: /putMany\(\) of 5; allowed: a list/ });
      await assert.rejects(queue.get({ timeout: "5" as never }), {
        ...codes.usage,
        message: /timeout is "5"; allowed/,
      });
      await assert.rejects(queue.put(1, { headers: 5 as never }), codes.usage);
      await assert.rejects(queue.put(1, { headers: null as never }), codes.usage);
      const options = { maxItems: "3" as never };
      await assert.rejects(openQueue(kind.url(`${name}-not`), options), (error: Error & { code: string }) =>
        has.has("maxItems") ? /maxItems is "3"; allowed/.test(error.message) : error.code === codes.usage.code,
      );
      await assert.rejects(queue.get({ timeout: 0.5 }), /did not finish within 1 ms/);
    });

    it("delete() after close() is a ClosedError, and leaves the queue to others", async (queue, name) => {
      const other = await openQueue(kind.url(name));
      await other.put("kept");
      await queue.close();
      await assert.rejects(queue.delete(), codes.closed);
      assert.equal(await other.get({ timeout: 30_000 }), "kept");
      await other.delete();
    });

    it("a call that its broker lacks is a UsageError", async (queue) => {
      if (!has.has("size")) await assert.rejects(queue.size(), codes.usage);
      if (!has.has("unacked")) await assert.rejects(queue.unacked(), codes.usage);
      if (!has.has("join")) await assert.rejects(queue.join(), codes.usage);
      if (!has.has("shutdown")) await assert.rejects(queue.shutdown(), codes.usage);
      await assert.rejects(queue.put(1, { priority: 1 }), codes.usage);
      if (!has.has("delay")) await assert.rejects(queue.put(1, { delay: 10 }), codes.usage);
      if (!has.has("ttl")) await assert.rejects(queue.put(1, { ttl: 10 }), codes.usage);
      if (!has.has("headers")) await assert.rejects(queue.put(1, { headers }), codes.usage);
      assert.equal(await queue.tryGet(), undefined);
    });

    for (const [name, value] of Object.entries({ maxItems: 5, priorities: 3, maxDeliveries: 2, ttl: 5, delay: 5 }))
      if (!has.has(name as "ttl"))
        test(`the option ${name} is refused at open`, watchdog, async () => {
          await assert.rejects(openQueue(kind.url(freshName()), { [name]: value }), codes.usage);
        });

    if (has.has("maxDeliveries"))
      test("what was handed out as often as maxDeliveries says is a dead letter", watchdog, async () => {
        const [name, lettersName] = [freshName(), freshName()];
        const letters = await openQueue(kind.url(lettersName));
        const queue = await openQueue(kind.url(name), { maxDeliveries: 2, deadLetter: kind.letterName(lettersName) });
        await queue.put("bad");
        for (const deliveries of [1, 2]) {
          const message = await queue.take();
          assert.deepEqual([message.value, message.deliveries], ["bad", deliveries]);
          await message.nack();
        }
        assert.equal(await queue.tryGet(), undefined);
        assert.equal(await letters.get(), "bad");
        await queue.delete();
        await letters.delete();
      });

    if (has.has("priorities"))
      it(
        "0 goes first, and among equals what was put first",
        async (queue) => {
          for (const [value, priority] of [
            ["c", 2],
            ["a", 0],
            ["b", 1],
            ["d", 2],
            ["a2", undefined],
          ] as const)
            await queue.put(value, priority === undefined ? {} : { priority });
          const got = [];
          for (let i = 0; i < 5; i++) got.push(await queue.get());
          assert.deepEqual(got, ["a", "a2", "b", "c", "d"]);
          await assert.rejects(queue.put(1, { priority: 3 }), codes.usage);
        },
        { priorities: 3 },
      );

    if (has.has("delay"))
      it("a delayed message comes when its time has come, and others before it", async (queue) => {
        const begun = performance.now();
        await queue.put("late", { delay: 150 });
        await queue.put("early");
        assert.deepEqual([await queue.get(), await queue.get()], ["early", "late"]);
        assert.ok(performance.now() - begun >= 149);
      });

    if (has.has("ttl"))
      it("a message whose time is over is not given out", async (queue) => {
        await queue.put("short", { ttl: 1 });
        await queue.put("long", { ttl: 60_000 });
        await new Promise((resolve) => setTimeout(resolve, 30));
        assert.equal(await queue.get(), "long");
        assert.equal(await queue.tryGet(), undefined);
      });

    if (has.has("headers")) {
      it("id, headers and content type travel beside the value", async (queue) => {
        await queue.put({ a: 1 }, { id: "job-7", headers });
        await queue.put("plain");
        const message = await queue.take();
        assert.deepEqual([message.id, message.headers, message.value], ["job-7", headers, { a: 1 }]);
        assert.equal(message.contentType, "application/vnd.interproc");
        await message.ack();
        const plain = await queue.take();
        assert.match(plain.id ?? "", /^[0-9a-f-]{36}$/);
        await plain.ack();
      });

      it("each message is decoded as its sender said that it is, whatever this end sends", async (queue, name) => {
        const json = await openQueue(kind.url(name), { codec: "json" });
        const bytes = await openQueue(kind.url(name), { codec: "bytes" });
        const text = await openQueue<unknown>(kind.url(name), { codec: "text" });
        await json.put({ a: [1, null] });
        await bytes.put(new Uint8Array([1, 2, 255]));
        await text.put("grüße");
        await queue.put(new Map([[1, 2n]]));
        const got = [await queue.get(), await queue.get(), await queue.get(), await json.get()];
        assert.deepEqual(got[0], { a: [1, null] });
        assert.deepEqual([...(got[1] as Uint8Array)], [1, 2, 255]);
        assert.deepEqual([got[2], got[3]], ["grüße", new Map([[1, 2n]])]);
        for (const one of [json, bytes, text]) await one.close();
      });

      it("bytes that are not what they are said to be: value throws, and the message can be settled", async (queue, name) => {
        const liar = await openQueue<string>(kind.url(name), {
          codec: { encode: () => Buffer.from("{"), decode: () => "" },
        });
        await liar.put("x");
        const message = await queue.take();
        assert.deepEqual([...(message.value as Uint8Array)], [...Buffer.from("{")]);
        await message.ack();
        await liar.close();
      });
    }

    it("an end that is open and idle does not keep its process alive, a pending get does", async (_queue, name) => {
      const idle = await startWorker("idle", kind.url(name));
      assert.deepEqual(await idle.exited, { code: 0, signal: null });
    });
  });

  describe(`${kind.name} between processes`, () => {
    it("smoke: a worker in another process works off what is put", async (queue, name) => {
      const results = await openQueue<number>(kind.url(`${name}-results`));
      const workers = [0, 1].map(() => startWorker("square", kind.url(name), kind.url(`${name}-results`)));
      await queue.putMany(Array.from({ length: 40 }, (_, n) => n));
      let sum = 0;
      for (let i = 0; i < 40; i++) sum += await results.get();
      assert.equal(sum, 20540);
      for (const worker of workers) (await worker).kill();
      await results.delete();
    });

    it("what a killed consumer had taken comes again, marked, and nothing is lost", async (queue, name) => {
      await queue.putMany(["one", "two", "three"]);
      const worker = await startWorker("hold", kind.url(name));
      assert.equal(await worker.line(), "holds one");
      worker.kill();
      await worker.exited;
      const got: [unknown, boolean][] = [];
      for (let i = 0; i < 3; i++) {
        const message = await queue.take();
        got.push([message.value, message.redelivered]);
        await message.ack();
      }
      assert.deepEqual(got.map(([value]) => value).sort(), ["one", "three", "two"]);
      assert.equal(got.find(([value]) => value === "one")?.[1], true);
    });

    it("what a producer had confirmed is there after its kill", async (queue, name) => {
      const worker = await startWorker("produce", kind.url(name));
      let confirmed = -1;
      while (confirmed < 20) confirmed = Number((await worker.line()).replace("confirmed ", ""));
      worker.kill();
      for (const line of await worker.rest()) confirmed = Math.max(confirmed, Number(line.replace("confirmed ", "")));
      const got: unknown[] = [];
      while (got.length <= confirmed) got.push(await queue.get());
      assert.deepEqual(
        got,
        Array.from({ length: confirmed + 1 }, (_, n) => n),
      );
    });
  });
}
