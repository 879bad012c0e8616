import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openQueue } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes } from "../contract/connection-kind.js";
import { CuttableWay } from "./cuttable-way.js";

/** Reconnecting takes pauses of up to two seconds each, and the machine may have other work. */
const watchdog = { timeout: 120_000 };
const names = ["redis", "rabbitmq", "nats", "activemq"] as const;

for (const name of names) {
  const server = await serverFor(name);
  if (server === undefined) {
    test(`there is no ${name}: nothing of it was tested`, () => undefined);
    continue;
  }

  describe(`${name}: a server that is away`, () => {
    test("smoke: a put that is given up meanwhile is not made when it is back", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue<string>(`${way.url}/${freshName()}`);
      way.close();
      // the first one may find out that the connection is gone
      await assert.rejects(queue.put("under way", { timeout: 200 }), codes.timeout);
      await assert.rejects(queue.put("given up", { timeout: 200 }), codes.timeout);
      await assert.rejects(queue.put("aborted", { signal: AbortSignal.timeout(200) }), { name: "TimeoutError" });
      way.open();
      await queue.put("after");
      const came: string[] = [];
      do came.push(await queue.get());
      while (came.at(-1) !== "after");
      assert.deepEqual(
        came.filter((one) => one === "given up" || one === "aborted"),
        [],
      );
      await queue.delete();
    });

    test("a take that is given up meanwhile takes nothing when it is back", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const queue = await openQueue<string>(`${way.url}/${place}`);
      await using other = await openQueue<string>(`${server}/${place}`);
      way.close();
      await assert.rejects(queue.take({ timeout: 200 }), codes.timeout);
      await assert.rejects(queue.get({ timeout: 200 }), codes.timeout);
      await other.put("mine");
      way.open();
      // it is back once it has answered
      await queue.put("next");
      assert.deepEqual([await other.get(), await other.get()], ["mine", "next"]);
      await queue.delete();
    });

    test("a loop that is left meanwhile holds nothing when it is back", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const queue = await openQueue<string>(`${way.url}/${place}`);
      await using other = await openQueue<string>(`${server}/${place}`);
      await other.put("a");
      const loop = queue.messages({ timeout: 5000 });
      const first = (await loop.next()).value;
      await first?.ack();
      way.close();
      await assert.rejects(loop.next(), codes.timeout);
      // neither does one that never began
      await assert.rejects(queue.messages({ timeout: 200 }).next(), codes.timeout);
      way.open();
      await queue.putMany(["b", "c"]);
      const came = [await other.get(), await other.get()];
      // an acknowledgement that was not answered may not have arrived
      if (came[0] === "a") came.push(await other.get());
      assert.deepEqual(
        came.filter((one) => one !== "a"),
        ["b", "c"],
      );
      await queue.delete();
    });

    test(
      "what a loop had taken ahead when the way was cut can be acknowledged when it is handed out",
      watchdog,
      async () => {
        await using way = await CuttableWay.to(server);
        const place = freshName();
        const queue = await openQueue<string>(`${way.url}/${place}`, { prefetch: 8 });
        await using other = await openQueue<string>(`${server}/${place}`);
        const rest = ["b", "c", "d", "e"];
        await queue.putMany(["a", ...rest]);
        const loop = queue.messages();
        const first = (await loop.next()).value;
        assert.equal(first?.value, "a");
        // until all are taken ahead, which a server that sends by itself does in its own time
        for (let seen = await other.tryTake(); seen; seen = await other.tryTake()) await seen.nack();
        way.cut();
        await queue.put("last"); // the way is open again
        // what one server has back, and another one still counts as ours
        await first.ack().catch((error: { retryable?: boolean }) => assert.equal(error.retryable, true));
        const left = new Set([...rest, "last"]);
        for await (const message of loop) {
          await message.ack();
          left.delete(message.value);
          if (left.size === 0) break;
        }
        await queue.delete();
      },
    );

    test(
      "close() ends, with a message in hand and a loop at work, and another consumer gets what they had",
      watchdog,
      async () => {
        await using way = await CuttableWay.to(server);
        const place = `${freshName()}${name === "nats" ? "?ackWait=500" : ""}`;
        const queue = await openQueue<string>(`${way.url}/${place}`);
        await queue.putMany(["a", "b", "c"]);
        const held = await queue.take();
        const loop = queue.messages();
        await loop.next();
        const waiting = assert.rejects(queue.put("d"), codes.closed);
        way.close();
        await queue.close();
        await waiting;
        await assert.rejects(held.ack());
        await using other = await openQueue<string>(`${server}/${place}`);
        const came = new Set<string>();
        for await (const message of other.messages()) {
          came.add(message.value);
          await message.ack();
          if (["a", "b", "c"].every((one) => came.has(one))) break;
        }
        await other.delete();
      },
    );

    test("close() ends when the server says nothing any more", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const queue = await openQueue<string>(`${way.url}/${place}`);
      await queue.put("a");
      await queue.take();
      way.stall();
      await queue.close();
      way.cut();
      await using other = await openQueue<string>(`${server}/${place}`);
      await other.delete();
    });
  });
}
