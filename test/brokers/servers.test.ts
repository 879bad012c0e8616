import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { connect as connectNats, headers as natsHeaders } from "@nats-io/transport-node";
import { createClient } from "@redis/client";
import { Client } from "@stomp/stompjs";
import { TCPWrapper } from "@stomp/tcp-wrapper";
import { connect } from "amqplib";
import { openQueue, openTopic } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes, watchdog } from "../contract/connection-kind.js";
import { CuttableWay } from "./cuttable-way.js";

const servers = {
  redis: await serverFor("redis"),
  rabbitmq: await serverFor("rabbitmq"),
  nats: await serverFor("nats"),
  activemq: await serverFor("activemq"),
};

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
      // a server of NATS that has not noticed the cut yet gives the message to the pull before, and again after that time
      const place = `${freshName()}${name === "nats" ? "?ackWait=2000" : ""}`;
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

    test("a loop goes on when the server knows nothing of an acknowledgement's number any more", watchdog, async () => {
      await using queue = await openQueue<number>(`${server}/${freshName()}`);
      await queue.put(1);
      const seen: number[] = [];
      for await (const message of queue.messages({ timeout: 10_000 })) {
        seen.push(message.value);
        if (seen.length === 2) {
          await message.ack();
          break;
        }
        // @ts-expect-error the driver's own: only so can one message be acknowledged twice
        const { message: raw, channel } = message.incoming.token;
        const closed = new Promise((resolve) => channel.once("close", resolve));
        channel.ack(raw);
        await message.ack();
        await closed;
        await queue.put(2);
      }
      assert.deepEqual(seen, [1, 2]);
      await queue.delete();
    });

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

    test(
      "what a queue of somebody else's has no room for is a SystemError that can be tried again",
      watchdog,
      async () => {
        const name = freshName();
        const model = await connect(server);
        const channel = await model.createChannel();
        await channel.assertQueue(name, { durable: true, maxLength: 1, arguments: { "x-overflow": "reject-publish" } });
        await using queue = await openQueue(`${server}/${name}`, { mustExist: true });
        await queue.put(1);
        await assert.rejects(queue.put(2), {
          code: "ERR_INTERPROC_SYSTEM",
          errno: "EAGAIN",
          retryable: true,
          message: /put\(\): the server would not take it \(basic\.nack\): the queue is full by a policy/,
        });
        assert.equal(await queue.get(), 1);
        await queue.put(3);
        assert.equal(await queue.get(), 3);
        await model.close();
        await queue.delete();
      },
    );

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

    test(
      "what another program publishes on a topic's channel arrives as bytes, and the topic goes on",
      watchdog,
      async () => {
        const name = freshName();
        const client = createClient({ url: server });
        await client.connect();
        await using topic = await openTopic(`${server}/${name}`);
        const [all, some] = [await topic.subscribe("#"), await topic.subscribe("known.*")];
        const frame = (length: number, text: string): Buffer => {
          const head = Buffer.alloc(4);
          head.writeUInt32LE(length);
          return Buffer.concat([head, Buffer.from(text)]);
        };
        const foreign = ["", "ok", "hello", frame(2, "{}body"), frame(9, "[1]"), frame(3, "no!"), frame(4, "null")];
        for (const one of foreign) await client.publish(`{${name}}:topic`, one as string);
        await topic.publish("ours", { key: "known.one" });
        for (const one of foreign)
          assert.deepEqual(Buffer.from((await all.get()) as Uint8Array), Buffer.from(one as string));
        assert.deepEqual([await all.get(), await some.get()], ["ours", "ours"]);
        await client.close();
      },
    );

    test("acknowledgements that nobody waits for go to the server together", watchdog, async () => {
      const client = createClient({ url: server });
      await client.connect();
      const scripts = async (): Promise<number> =>
        Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0);
      await using queue = await openQueue(`${server}/${freshName()}`, { prefetch: 500 });
      await queue.putMany(Array.from({ length: 400 }, (_, n) => n));
      const acks: Promise<void>[] = [];
      let before = 0;
      for await (const message of queue.messages()) {
        if (acks.length === 0) before = await scripts();
        acks.push(message.ack());
        if (acks.length === 400) break;
      }
      await Promise.all(acks);
      const calls = (await scripts()) - before;
      assert.ok(calls < 40, `${calls} calls of scripts for 400 acknowledgements`);
      assert.deepEqual([await queue.size(), await queue.unacked()], [0, 0]);
      await client.close();
      await queue.delete();
    });
  });

if (servers.nats !== undefined)
  describe("nats: others' streams and messages", () => {
    const server = servers.nats as string;
    const { host, username: user, password: pass } = new URL(server);

    test("a stream of another kind under the queue's name is a MismatchError", watchdog, async () => {
      const name = freshName();
      await using topic = await openTopic(`${server}/${name}`);
      await assert.rejects(openQueue(`${server}/${name}`), { code: "ERR_INTERPROC_MISMATCH" });
      assert.equal(topic.closed, false);
    });

    test("bytes, JSON and headers of another program arrive as such", watchdog, async () => {
      const name = freshName();
      await using queue = await openQueue(`${server}/${name}`);
      const other = await connectNats({ servers: host, user, pass });
      await other.request(name, new Uint8Array([1, 2]));
      const headers = natsHeaders();
      headers.set("Content-Type", "application/json");
      headers.set("from", "them");
      headers.set("Nats-Msg-Id", "job-7");
      await other.request(name, '{"a":1}', { headers, timeout: 5000 });
      assert.deepEqual([...((await queue.get()) as Uint8Array)], [1, 2]);
      const json = await queue.take();
      assert.deepEqual([json.value, json.headers, json.id], [{ a: 1 }, { from: "them" }, "job-7"]);
      await json.ack();
      await other.close();
      await queue.delete();
    });

    test(
      "a message that is too long with its headers is a UsageError, and the next one arrives",
      watchdog,
      async () => {
        await using queue = await openQueue<Uint8Array>(`${server}/${freshName()}`, { codec: "bytes" });
        for (const length of [1024 * 1024, 1024 * 1024 - 40, 2 ** 21])
          await assert.rejects(queue.put(new Uint8Array(length), { headers: { from: "here" } }), {
            ...codes.usage,
            message: /max_payload/,
          });
        await queue.put(new Uint8Array(1024 * 1024 - 1000));
        assert.equal((await queue.get()).length, 1024 * 1024 - 1000);
        await queue.delete();
      },
    );

    test("a name with dots, spaces and wildcards is one queue's", watchdog, async () => {
      const name = encodeURIComponent(`${freshName()}.a *>/ä`);
      await using queue = await openQueue(`${server}/${name}`);
      await queue.put(1);
      assert.equal(await queue.get(), 1);
      await queue.delete();
    });

    test("an acknowledgement is valid after a cut", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue(`${way.url}/${freshName()}`);
      await queue.put(1);
      const message = await queue.take();
      way.cut();
      await message.ack();
      assert.deepEqual([await queue.size(), await queue.unacked()], [0, 0]);
      await queue.delete();
    });

    test(
      "a message that is longer than the server takes is a UsageError, and the queue goes on",
      watchdog,
      async () => {
        await using queue = await openQueue(`${server}/${freshName()}`);
        await assert.rejects(queue.put("x".repeat(2 ** 20 + 1)), codes.usage);
        await queue.put(1);
        assert.equal(await queue.get(), 1);
        await queue.delete();
      },
    );
  });

if (servers.activemq !== undefined)
  describe("activemq: others' messages", () => {
    const server = servers.activemq as string;

    test("bytes, text, JSON and headers of another program arrive as such", watchdog, async () => {
      const name = freshName();
      await using queue = await openQueue(`${server}/${name}`);
      const { hostname, port, username: login, password: passcode } = new URL(server);
      const other = new Client({
        webSocketFactory: () => new TCPWrapper(hostname, Number(port)),
        connectHeaders: { login, passcode },
        reconnectDelay: 0,
      });
      await new Promise<void>((resolve) => {
        other.onConnect = () => resolve();
        other.activate();
      });
      const destination = `/queue/${name}`;
      other.publish({ destination, binaryBody: new Uint8Array([1, 2]) });
      other.publish({ destination, body: "hallo", headers: { "content-type": "text/plain" } });
      other.publish({ destination, body: '{"a":1}', headers: { "content-type": "application/json", from: "them" } });
      assert.deepEqual([...((await queue.get()) as Uint8Array)], [1, 2]);
      assert.equal(await queue.get(), "hallo");
      const json = await queue.take();
      assert.deepEqual([json.value, json.headers], [{ a: 1 }, { from: "them" }]);
      await json.nack();
      const again = await queue.take();
      assert.deepEqual([again.value, again.headers, again.redelivered], [{ a: 1 }, { from: "them" }, true]);
      await again.ack();
      await other.deactivate();
      await queue.delete();
    });

    test("one of many that a loop has is given back alone, and comes again", watchdog, async () => {
      await using queue = await openQueue(`${server}/${freshName()}`);
      await queue.putMany(["a", "b", "c"]);
      const seen: unknown[] = [];
      for await (const message of queue.messages({ timeout: 5000 })) {
        seen.push(message.value);
        if (message.value === "a" && !message.redelivered) await message.nack();
        else await message.ack();
        if (seen.length === 4) break;
      }
      assert.deepEqual(seen, ["a", "b", "c", "a"]);
      assert.equal(await queue.tryGet(), undefined);
    });
  });
