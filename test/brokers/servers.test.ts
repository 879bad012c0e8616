import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { createClient } from "@redis/client";
import { connect } from "amqplib";
import { openQueue } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes, watchdog } from "../contract/connection-kind.js";
import { CuttableWay } from "./cuttable-way.js";

const servers = { redis: await serverFor("redis"), rabbitmq: await serverFor("rabbitmq") };

/** The same server, asked with a password that is not its own. */
function withPassword(server: string, password: string): string {
  const url = new URL(server);
  url.password = password;
  return url.href.replace(/\/$/, "");
}

for (const [name, server] of Object.entries(servers)) {
  if (server === undefined) {
    test(`there is no ${name}: nothing of it was tested`, () => undefined);
    continue;
  }

  describe(`${name}: trouble`, () => {
    test("a wrong password is an AuthenticationError, in which no password appears", watchdog, async () => {
      const wrong = openQueue(`${withPassword(server, "not-the-secret")}/x`);
      await assert.rejects(wrong, (error: Error) => {
        assert.equal((error as { code?: string }).code, "ERR_INTERPROC_AUTHENTICATION");
        assert.doesNotMatch(error.message + inspect(error), /not-the-secret/);
        return true;
      });
    });

    test("a queue shows its url without the password", watchdog, async () => {
      await using queue = await openQueue(`${server}/${freshName()}`);
      const password = new URL(server).password;
      assert.match(queue.url, /:\*\*\*@/);
      assert.ok(!queue.url.includes(`:${password}@`));
      await queue.delete();
    });

    test("nobody who listens there is a SystemError that can be tried again", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const { url } = way;
      await way[Symbol.asyncDispose]();
      await assert.rejects(openQueue(`${url}/x`), { code: "ERR_INTERPROC_SYSTEM", retryable: true });
    });

    test("a way that is silent: open, put and get end at their timeouts", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue(`${way.url}/${freshName()}`);
      way.stall();
      await assert.rejects(queue.put(1, { timeout: 50 }), codes.timeout);
      await assert.rejects(queue.get({ timeout: 50 }), codes.timeout);
      way.cut();
      await queue.put(2);
      await queue.delete();
    });

    test("cut off ten times: what was confirmed comes, and what comes twice is marked", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const queue = await openQueue<number>(`${way.url}/${place}`);
      const confirmed: number[] = [];
      let cuts = 0;
      for (let n = 0; n < 100; n++) {
        const putting = queue.put(n);
        if (n % 10 === 5) {
          way.cut();
          cuts++;
        }
        await putting;
        confirmed.push(n);
      }
      assert.equal(cuts, 10);
      const seen = new Set<number>();
      let again = 0;
      const done = new AbortController();
      try {
        for await (const message of queue.messages({ signal: done.signal })) {
          if (seen.has(message.value)) {
            assert.equal(message.redelivered, true, `${message.value} came twice without a mark`);
            again++;
          }
          seen.add(message.value);
          await message.ack().catch((error) => assert.equal(error.code, "ERR_INTERPROC_SYSTEM"));
          if (seen.size % 25 === 0 && again === 0) way.cut();
          if (seen.size === 100) break;
        }
      } finally {
        done.abort();
      }
      assert.deepEqual(
        [...seen].sort((a, b) => a - b),
        confirmed,
      );
      await queue.delete();
    });

    test("a get that waits goes on waiting through a cut", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      const queue = await openQueue<string>(`${way.url}/${place}`);
      await using other = await openQueue<string>(`${server}/${place}`);
      const waiting = queue.get();
      await assert.rejects(queue.get({ timeout: 50 }), codes.timeout);
      way.close();
      way.open();
      await other.put("after");
      assert.equal(await waiting, "after");
      await queue.delete();
    });
  });
}

if (servers.rabbitmq !== undefined)
  describe("rabbitmq: others' queues and messages", () => {
    const server = servers.rabbitmq as string;

    test("a virtual host that is not there is a NotFoundError", watchdog, async () => {
      await assert.rejects(openQueue(`${server}/x?vhost=nowhere`), { code: "ERR_INTERPROC_NOT_FOUND" });
    });

    test("a queue with other options is a MismatchError; mustExist takes it as it is", watchdog, async () => {
      const name = freshName();
      await using plain = await openQueue(`${server}/${name}`);
      await assert.rejects(openQueue(`${server}/${name}`, { priorities: 3 }), { code: "ERR_INTERPROC_MISMATCH" });
      await using same = await openQueue(`${server}/${name}`, { mustExist: true });
      await same.put(1);
      assert.equal(await plain.get(), 1);
      await plain.delete();
    });

    test("plain bytes, JSON and text of another program arrive as such", watchdog, async () => {
      const name = freshName();
      await using queue = await openQueue(`${server}/${name}`);
      const model = await connect(server);
      const channel = await model.createConfirmChannel();
      channel.sendToQueue(name, Buffer.from([1, 2]), {});
      channel.sendToQueue(name, Buffer.from('{"a":1}'), { contentType: "application/json", headers: { from: "them" } });
      channel.sendToQueue(name, Buffer.from("hallo"), { contentType: "text/plain" });
      channel.sendToQueue(name, Buffer.from("{not json"), { contentType: "application/json" });
      await channel.waitForConfirms();
      assert.deepEqual([...((await queue.get()) as Uint8Array)], [1, 2]);
      const json = await queue.take();
      assert.deepEqual([json.value, json.headers], [{ a: 1 }, { from: "them" }]);
      await json.ack();
      assert.equal(await queue.get(), "hallo");
      const broken = await queue.take();
      assert.throws(() => broken.value, codes.codec);
      assert.equal(Buffer.from(broken.bytes as Uint8Array).toString(), "{not json");
      await broken.ack();
      await model.close();
      await queue.delete();
    });
  });

if (servers.redis !== undefined)
  describe("redis: others' keys and entries", () => {
    const server = servers.redis as string;

    test(
      "a key that is no stream is a MismatchError, and stays; an entry of another program arrives as its fields",
      watchdog,
      async () => {
        const [text, name] = [freshName(), freshName()];
        const client = createClient({ url: server });
        await client.connect();
        await client.set(text, "precious");
        await assert.rejects(openQueue(`${server}/${text}`), { code: "ERR_INTERPROC_MISMATCH" });
        assert.equal(await client.getDel(text), "precious");
        await using queue = await openQueue(`${server}/${name}`);
        await client.xAdd(name, "*", { user: "7", action: "paid" });
        assert.deepEqual(await queue.get(), { user: "7", action: "paid" });
        await client.close();
        await queue.delete();
      },
    );
  });
