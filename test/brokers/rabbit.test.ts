import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openRabbit, type Rabbit, type RabbitProperties, type RabbitReturned } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { codes, watchdog } from "../contract/connection-kind.js";
import { CuttableWay } from "./cuttable-way.js";
import { TutorialProgram } from "./tutorial-program.js";

const server = await serverFor("rabbitmq");
const notFound = { code: "ERR_INTERPROC_NOT_FOUND" };
const mismatch = { code: "ERR_INTERPROC_MISMATCH" };
const busy = { code: "ERR_INTERPROC_SYSTEM", errno: "EBUSY", retryable: true };
const passing = { code: "ERR_INTERPROC_SYSTEM", retryable: true };

/** A test with a connection, and names that go with it: queues are exclusive unless a test is about more. */
function it(title: string, body: (rabbit: Rabbit, name: string) => Promise<void>): void {
  test(title, watchdog, async () => {
    await using rabbit = await openRabbit(server as string);
    await body(rabbit, freshName());
  });
}

const ownQueue = async (rabbit: Rabbit): Promise<string> => (await rabbit.queueDeclare("", { exclusive: true })).queue;

/** The texts of the messages that are ready, which are gone then. */
async function drain(rabbit: Rabbit, queue: string): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const message = await rabbit.get(queue, { autoAck: true });
    if (message === undefined) return texts;
    texts.push(message.text);
  }
}

if (server === undefined) test("there is no RabbitMQ server: nothing of it was tested", () => undefined);
else {
  describe("openRabbit", () => {
    it("smoke: what is published to a queue comes out of it", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      await rabbit.publish("", queue, "hallo");
      await rabbit.publish("", queue, new Uint8Array([0, 255]));
      const first = await rabbit.get(queue);
      assert.deepEqual([first?.text, first?.routingKey, first?.exchange, first?.messageCount], ["hallo", queue, "", 1]);
      await first?.ack();
      assert.deepEqual([...((await rabbit.get(queue, { autoAck: true }))?.body ?? [])], [0, 255]);
      assert.equal(await rabbit.get(queue), undefined);
    });

    test("what is no url of RabbitMQ is a UsageError, in which no password appears", watchdog, async () => {
      for (const url of ["redis://:secret@host/x", "amqp://u:secret@h/a?vhost=b", "amqp:///x", "hello", 7 as never])
        await assert.rejects(openRabbit(url), (error: Error) => {
          assert.equal((error as { code?: string }).code, "ERR_INTERPROC_USAGE");
          assert.doesNotMatch(error.message, /secret/);
          return true;
        });
    });

    test("the path is the virtual host; one that is not there is a NotFoundError", watchdog, async () => {
      await (await openRabbit(`${server}/%2F`)).close();
      await assert.rejects(openRabbit(`${server}/nowhere`), notFound);
      await assert.rejects(openRabbit(`${server}?vhost=nowhere`), notFound);
    });

    test(
      "a call after close() is a ClosedError, as is one that was waiting; close() is allowed twice",
      watchdog,
      async () => {
        const rabbit = await openRabbit(server as string);
        const consumer = await rabbit.consume(await ownQueue(rabbit));
        const waiting = assert.rejects(consumer.get(), codes.closed);
        await rabbit.close();
        await waiting;
        await rabbit.close();
        assert.deepEqual([rabbit.closed, consumer.closed], [true, true]);
        await assert.rejects(rabbit.publish("", "x", "y"), codes.closed);
      },
    );

    test(
      "an idle connection and a consumer that nobody waits for do not keep their process alive",
      watchdog,
      async () => {
        await using idle = new TutorialProgram("Node", "idle", [], { RABBITMQ_URL: server });
        assert.deepEqual(await idle.rest(), ["got one"]);
      },
    );
  });

  describe("queues of RabbitMQ", () => {
    it("a queue without a name gets one; an exclusive one goes with its connection, and is nobody else's", async (rabbit) => {
      const owner = await openRabbit(server as string);
      const { queue, messageCount, consumerCount } = await owner.queueDeclare("", { exclusive: true });
      assert.match(queue, /^amq\.gen-/);
      assert.deepEqual([messageCount, consumerCount], [0, 0]);
      await assert.rejects(rabbit.queueDeclare(queue, { passive: true }), busy);
      await owner.close();
      await assert.rejects(rabbit.queueDeclare(queue, { passive: true }), notFound);
    });

    it("declared again it is the same; with other options that is a MismatchError, and passive takes it", async (rabbit, name) => {
      await rabbit.queueDeclare(name, { durable: true, maxLength: 5 });
      await rabbit.queueDeclare(name, { durable: true, arguments: { "x-max-length": 5 } });
      await assert.rejects(rabbit.queueDeclare(name), mismatch);
      await assert.rejects(rabbit.queueDeclare(name, { durable: true }), mismatch);
      assert.equal((await rabbit.queueDeclare(name, { passive: true })).queue, name);
      await rabbit.queueDelete(name);
      await assert.rejects(rabbit.queueDeclare(name, { passive: true }), notFound);
    });

    it("one refused declaration fails no other that was made at once", async (rabbit, name) => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) =>
          rabbit.queueDeclare(`${name}-${n}`, n % 2 ? { passive: true } : { exclusive: true }),
        ),
      );
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled", "rejected"],
      );
    });

    it("options that exclude each other, or say one thing twice, are a UsageError before anything is asked", async (rabbit, name) => {
      await assert.rejects(rabbit.queueDeclare(name, { type: "quorum", durable: false }), codes.usage);
      await assert.rejects(rabbit.queueDeclare(name, { type: "stream", exclusive: true }), codes.usage);
      await assert.rejects(rabbit.queueDeclare(name, { maxLength: 1, arguments: { "x-max-length": 2 } }), codes.usage);
      await assert.rejects(rabbit.queueDeclare("x".repeat(256)), codes.usage);
      await assert.rejects(rabbit.exchangeDeclare(name, "fan-out"), codes.usage);
    });

    it("purge and delete say how many messages there were; a queue in use, or not empty, can be spared", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      for (const text of ["a", "b"]) await rabbit.publish("", queue, text);
      await assert.rejects(rabbit.queueDelete(queue, { ifEmpty: true }), busy);
      assert.equal(await rabbit.queuePurge(queue), 2);
      await using consumer = await rabbit.consume(queue);
      await assert.rejects(rabbit.queueDelete(queue, { ifUnused: true }), busy);
      await consumer.close();
      await rabbit.publish("", queue, "c");
      assert.equal(await rabbit.queueDelete(queue), 1);
    });

    it("a full queue that refuses: a SystemError that can be tried again", async (rabbit) => {
      const { queue } = await rabbit.queueDeclare("", { exclusive: true, maxLength: 1, overflow: "reject-publish" });
      await rabbit.publish("", queue, "a");
      await assert.rejects(rabbit.publish("", queue, "b"), { ...passing, errno: "ENOBUFS" });
      assert.deepEqual(await drain(rabbit, queue), ["a"]);
    });

    it("what is too old, or not wanted, goes to the dead letters", async (rabbit, name) => {
      const letters = await ownQueue(rabbit);
      await rabbit.exchangeDeclare(name, "fanout", { autoDelete: true });
      await rabbit.queueBind(letters, name);
      const { queue } = await rabbit.queueDeclare("", { exclusive: true, messageTtl: 1, deadLetterExchange: name });
      await rabbit.publish("", queue, "old");
      const buried = await rabbit.consume(letters, { autoAck: true });
      const first = await buried.get();
      assert.equal(first.text, "old");
      const { headers = {} } = first.properties;
      const [death] = headers["x-death"] as unknown as [{ reason: string; queue: string; time: Date }];
      assert.deepEqual([death.reason, death.queue, death.time instanceof Date], ["expired", queue, true]);
    });

    it("the largest priority goes first", async (rabbit) => {
      const { queue } = await rabbit.queueDeclare("", { exclusive: true, maxPriority: 3 });
      for (const priority of [0, 2, 1, 3]) await rabbit.publish("", queue, String(priority), { priority });
      assert.deepEqual(await drain(rabbit, queue), ["3", "2", "1", "0"]);
    });

    it("a quorum queue counts deliveries, and after its limit a message is a dead letter", async (rabbit, name) => {
      const letters = await ownQueue(rabbit);
      await rabbit.queueDeclare(name, {
        ...{ type: "quorum", deliveryLimit: 1, deadLetterExchange: "", deadLetterRoutingKey: letters },
      });
      await rabbit.publish("", name, "bad", { persistent: true });
      await using consumer = await rabbit.consume(name, { prefetch: 1 });
      await using buried = await rabbit.consume(letters, { autoAck: true });
      const first = await consumer.get();
      assert.deepEqual([first.redelivered, first.properties.headers?.["x-delivery-count"]], [false, undefined]);
      await first.nack();
      const second = await consumer.get();
      assert.deepEqual([second.redelivered, second.properties.headers?.["x-delivery-count"]], [true, 1]);
      await second.nack();
      assert.equal((await buried.get()).text, "bad");
      await rabbit.queueDelete(name);
    });

    it("a stream is read from where one says, by as many as want", async (rabbit, name) => {
      await rabbit.queueDeclare(name, { type: "stream" });
      for (const text of ["a", "b", "c"]) await rabbit.publish("", name, text);
      const read = async (offset: "first" | number): Promise<string[]> => {
        await using consumer = await rabbit.consume(name, { offset, prefetch: 10 });
        const texts: string[] = [];
        while (texts.at(-1) !== "c") {
          const message = await consumer.get();
          texts.push(message.text);
          await message.ack();
        }
        return texts;
      };
      assert.deepEqual(await read("first"), ["a", "b", "c"]);
      assert.deepEqual(await read(1), ["b", "c"]);
      await rabbit.queueDelete(name);
    });
  });

  describe("exchanges of RabbitMQ", () => {
    it("direct leads by the same key, fanout to all; an unbound queue gets no more", async (rabbit, name) => {
      const [one, two] = [await ownQueue(rabbit), await ownQueue(rabbit)];
      await rabbit.exchangeDeclare(`${name}-d`, "direct", { autoDelete: true });
      await rabbit.exchangeDeclare(`${name}-f`, "fanout", { autoDelete: true });
      await rabbit.queueBind(one, `${name}-d`, "red");
      await rabbit.queueBind(two, `${name}-d`, "blue");
      for (const queue of [one, two]) await rabbit.queueBind(queue, `${name}-f`);
      await rabbit.publish(`${name}-d`, "red", "r");
      await rabbit.publish(`${name}-d`, "green", "g");
      await rabbit.publish(`${name}-f`, "any", "f");
      assert.deepEqual([await drain(rabbit, one), await drain(rabbit, two)], [["r", "f"], ["f"]]);
      await rabbit.queueUnbind(one, `${name}-f`);
      await rabbit.publish(`${name}-f`, "", "again");
      assert.deepEqual([await drain(rabbit, one), await drain(rabbit, two)], [[], ["again"]]);
    });

    it("topic leads by patterns of words", async (rabbit, name) => {
      const [one, all] = [await ownQueue(rabbit), await ownQueue(rabbit)];
      await rabbit.exchangeDeclare(name, "topic", { autoDelete: true });
      await rabbit.queueBind(one, name, "*.orange.*");
      await rabbit.queueBind(all, name, "lazy.#");
      for (const key of ["quick.orange.rabbit", "lazy", "lazy.orange.elephant", "orange"])
        await rabbit.publish(name, key, key);
      assert.deepEqual(await drain(rabbit, one), ["quick.orange.rabbit", "lazy.orange.elephant"]);
      assert.deepEqual(await drain(rabbit, all), ["lazy", "lazy.orange.elephant"]);
    });

    it("headers leads by headers: all of them, or any", async (rabbit, name) => {
      const [strict, loose] = [await ownQueue(rabbit), await ownQueue(rabbit)];
      await rabbit.exchangeDeclare(name, "headers", { autoDelete: true });
      await rabbit.queueBind(strict, name, "", { arguments: { "x-match": "all", lang: "de", size: 3 } });
      await rabbit.queueBind(loose, name, "", { arguments: { "x-match": "any", lang: "de", size: 3 } });
      await rabbit.publish(name, "", "both", { headers: { lang: "de", size: 3 } });
      await rabbit.publish(name, "", "one", { headers: { lang: "en", size: 3 } });
      await rabbit.publish(name, "", "none", { headers: { lang: "en" } });
      assert.deepEqual([await drain(rabbit, strict), await drain(rabbit, loose)], [["both"], ["both", "one"]]);
    });

    it("an exchange is bound to another one, and what leads nowhere goes to the alternate one", async (rabbit, name) => {
      const [queue, rest] = [await ownQueue(rabbit), await ownQueue(rabbit)];
      await rabbit.exchangeDeclare(`${name}-rest`, "fanout", { autoDelete: true });
      await rabbit.exchangeDeclare(`${name}-in`, "direct", { alternateExchange: `${name}-rest` });
      await rabbit.exchangeDeclare(`${name}-out`, "fanout", { internal: true });
      await rabbit.exchangeBind(`${name}-out`, `${name}-in`, "wanted");
      await rabbit.queueBind(queue, `${name}-out`);
      await rabbit.queueBind(rest, `${name}-rest`);
      await rabbit.publish(`${name}-in`, "wanted", "w");
      await rabbit.publish(`${name}-in`, "other", "o", { mandatory: true });
      assert.deepEqual([await drain(rabbit, queue), await drain(rabbit, rest)], [["w"], ["o"]]);
      await rabbit.exchangeUnbind(`${name}-out`, `${name}-in`, "wanted");
      await rabbit.publish(`${name}-in`, "wanted", "now elsewhere");
      assert.deepEqual(await drain(rabbit, rest), ["now elsewhere"]);
      await assert.rejects(rabbit.exchangeDeclare(`${name}-in`, "fanout"), mismatch);
      await assert.rejects(rabbit.exchangeDelete(`${name}-out`, { ifUnused: true }), busy);
      for (const one of ["in", "out"]) await rabbit.exchangeDelete(`${name}-${one}`);
      await assert.rejects(rabbit.exchangeDeclare(`${name}-in`, "direct", { passive: true }), notFound);
    });
  });

  describe("publishing to RabbitMQ", () => {
    it("thousands at once are confirmed, in their order", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const texts = Array.from({ length: 2000 }, (_, n) => String(n));
      await Promise.all(texts.map((text) => rabbit.publish("", queue, text)));
      assert.equal((await rabbit.queueDeclare(queue, { passive: true })).messageCount, 2000);
      const consumer = await rabbit.consume(queue, { autoAck: true });
      const got: string[] = [];
      for await (const message of consumer) if (got.push(message.text) === 2000) break;
      assert.deepEqual(got, texts);
    });

    it("mandatory: that no queue takes it is a NotFoundError with the body, of this message only", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, (_, n) =>
          rabbit.publish("", n % 3 === 0 ? `${queue}-no` : queue, String(n), { mandatory: true, messageId: "same" }),
        ),
      );
      for (const [n, outcome] of outcomes.entries())
        if (n % 3 !== 0) assert.equal(outcome.status, "fulfilled");
        else assert.deepEqual(outcome.status === "rejected" && String(outcome.reason.undelivered), String(n));
      assert.equal((await drain(rabbit, queue)).length, 133);
      await rabbit.publish("", "not-there", "gone"); // not mandatory: not told
    });

    it("an exchange that is not there is a NotFoundError, and fails nothing that goes elsewhere", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) => rabbit.publish(n % 2 ? "nowhere" : "", queue, String(n))),
      );
      for (const [n, outcome] of outcomes.entries())
        assert.equal(outcome.status === "rejected" ? outcome.reason.code : "", n % 2 ? notFound.code : "");
      assert.equal((await drain(rabbit, queue)).length, 20);
    });

    it("without confirmation it is on its way, and what comes back is told to onReturned", async (rabbit) => {
      let tell: (message: RabbitReturned) => void = () => undefined;
      const told = new Promise<RabbitReturned>((resolve) => {
        tell = resolve;
      });
      await using other = await openRabbit(server as string, { onReturned: (message) => tell(message) });
      await other.publish("", "not-there", "back", { mandatory: true, confirm: false, type: "t" });
      // an idle connection would not keep this process alive
      const alive = setInterval(() => undefined, 1000);
      const { replyCode, routingKey, body, properties } = await told;
      clearInterval(alive);
      assert.deepEqual([replyCode, routingKey, String(body), properties.type], [312, "not-there", "back", "t"]);
      const queue = await ownQueue(rabbit);
      await using consumer = await rabbit.consume(queue, { autoAck: true });
      await rabbit.publish("", queue, "sent", { confirm: false });
      assert.equal((await consumer.get()).text, "sent");
      await assert.rejects(rabbit.publish("", queue, "x", { mandatory: true, confirm: false }), codes.usage);
    });

    it("all properties travel", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const headers = {
        ...{ text: "grüße", whole: 7, large: 2 ** 40, half: 0.5, yes: true, nothing: null, bytes: Buffer.from([1, 2]) },
        ...{ date: new Date(1_700_000_000_000), list: [1, "two", [false]], deep: { a: { b: 1 } } },
      };
      const properties: Required<RabbitProperties> = {
        ...{ persistent: true, contentType: "text/plain", contentEncoding: "gzip", headers, priority: 9 },
        ...{
          correlationId: "c",
          replyTo: "r",
          expiration: 60_000,
          messageId: "m",
          timestamp: new Date(1_700_000_000_000),
        },
        ...{ type: "t", userId: "guest", appId: "a" },
      };
      await rabbit.publish("", queue, "x", properties);
      assert.deepEqual((await rabbit.get(queue, { autoAck: true }))?.properties, properties);
      await rabbit.publish("", queue, "plain");
      assert.deepEqual((await rabbit.get(queue, { autoAck: true }))?.properties, { headers: {} });
    });

    it("what AMQP has no room for is a UsageError, and what was published before is not hurt", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const before = rabbit.publish("", queue, "before");
      const wrong = [
        { priority: 256 },
        { expiration: -1 },
        { correlationId: "x".repeat(256) },
        { headers: { f: () => 1 } },
      ];
      for (const options of wrong) await assert.rejects(rabbit.publish("", queue, "x", options as never), codes.usage);
      await assert.rejects(rabbit.publish("", queue, { a: 1 } as never), codes.usage);
      await assert.rejects(rabbit.publish("", queue, "x", { headers: { long: "x".repeat(200_000) } }), codes.usage);
      await before;
      assert.deepEqual(await drain(rabbit, queue), ["before"]);
    });
  });

  describe("consuming from RabbitMQ", () => {
    it("prefetch is how many are here and not settled", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      await using consumer = await rabbit.consume(queue, { prefetch: 2 });
      for (const text of ["a", "b", "c"]) await rabbit.publish("", queue, text);
      const [a, b] = [await consumer.get(), await consumer.get()];
      assert.deepEqual([a.text, b.text], ["a", "b"]);
      await assert.rejects(consumer.get({ timeout: 100 }), codes.timeout);
      assert.equal((await rabbit.queueDeclare(queue, { passive: true })).messageCount, 1);
      await b.ack({ multiple: true });
      assert.deepEqual([a.settled, (await consumer.get()).text], [true, "c"]);
      await assert.rejects(a.ack(), codes.usage);
    });

    it("nack puts back in its place, reject drops; leaving the loop gives back what was not settled", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      for (const text of ["a", "b", "c", "d"]) await rabbit.publish("", queue, text);
      const seen: string[] = [];
      for await (const message of await rabbit.consume(queue, { prefetch: 1 })) {
        seen.push(`${message.text}${message.redelivered ? "!" : ""}`);
        if (seen.length === 1) await message.nack();
        else if (message.text === "b") await message.reject();
        else if (message.text === "c") break;
        else await message.ack();
      }
      assert.deepEqual(seen, ["a", "a!", "b", "c"]);
      assert.deepEqual(await drain(rabbit, queue), ["c", "d"]);
    });

    it("a get that was given up has taken nothing", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      await using consumer = await rabbit.consume(queue);
      await assert.rejects(consumer.get({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
      const [first, second] = [consumer.get(), consumer.get({ timeout: 20 })];
      await assert.rejects(second, codes.timeout);
      await rabbit.publish("", queue, "for the first");
      assert.equal((await first).text, "for the first");
    });

    it("a consumer that is alone, or a queue that is not there: EBUSY, NotFoundError", async (rabbit, name) => {
      await rabbit.queueDeclare(name, { autoDelete: true });
      await using alone = await rabbit.consume(name, { exclusive: true, consumerTag: "me" });
      assert.deepEqual([alone.tag, alone.queue], ["me", name]);
      await assert.rejects(rabbit.consume(name), busy);
      await assert.rejects(rabbit.consume(`${name}-not`), notFound);
      await assert.rejects(rabbit.consume(name, { prefetch: -1 }), codes.usage);
    });

    it("when the queue is deleted, what has come is handed over and then it is told", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      await using consumer = await rabbit.consume(queue, { autoAck: true });
      await rabbit.publish("", queue, "last");
      await rabbit.queueDelete(queue);
      assert.equal((await consumer.get()).text, "last");
      await assert.rejects(consumer.get(), notFound);
    });
  });

  describe("asking at RabbitMQ", () => {
    it("an answer comes to whoever asked, by direct reply-to; hundreds at once", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      const serving = (async () => {
        for await (const question of await rabbit.consume(queue)) {
          await question.reply(question.text.toUpperCase(), { contentType: "text/plain" });
          await question.ack();
          if (question.text === "end") break;
        }
      })();
      await using asker = await openRabbit(server as string);
      // the queue is exclusive: a caller elsewhere asks through an exchange
      const questions = Array.from({ length: 300 }, (_, n) => `q${n}`);
      const answers = await Promise.all(questions.map((text) => rabbit.call("", queue, text)));
      assert.deepEqual(
        answers.map(({ text, properties }) => [text, properties.contentType]),
        questions.map((text) => [text.toUpperCase(), "text/plain"]),
      );
      assert.equal((await asker.call("amq.direct", "x", "?").catch((error) => error)).code, notFound.code);
      assert.equal((await rabbit.call("", queue, "end", { correlationId: "mine" })).properties.correlationId, "mine");
      await serving;
    });

    it("nobody to ask is a NotFoundError at once; an answer that comes too late is dropped, and no failure for who gives it", async (rabbit) => {
      const queue = await ownQueue(rabbit);
      await assert.rejects(rabbit.call("", "not-there", "?"), notFound);
      await assert.rejects(rabbit.call("nowhere", "x", "?"), notFound);
      await assert.rejects(rabbit.call("", queue, "slow", { timeout: 50 }), codes.timeout);
      const question = await rabbit.get(queue);
      await question?.reply("late");
      await question?.ack();
      await rabbit.publish("", queue, "no question");
      await assert.rejects((await rabbit.get(queue, { autoAck: true }))?.reply("x") as Promise<void>, codes.usage);
    });

    it("a caller that is gone: reply is no failure", async (rabbit, name) => {
      await rabbit.queueDeclare(name, { autoDelete: true });
      const gone = await openRabbit(server as string);
      const asked = gone.call("", name, "?");
      await using consumer = await rabbit.consume(name);
      const question = await consumer.get();
      const ended = assert.rejects(asked, codes.closed);
      await gone.close();
      await ended;
      await question.reply("to nobody", { mandatory: true });
      await question.ack();
    });
  });

  describe("when the connection to RabbitMQ breaks", () => {
    it("consumers end, and the next call has a new connection", async (rabbit, name) => {
      await using way = await CuttableWay.to(server as string);
      const far = await openRabbit(way.url);
      await far.queueDeclare(name, { durable: true });
      await far.publish("", name, "a", { persistent: true });
      const consumer = await far.consume(name);
      const held = await consumer.get();
      const waiting = assert.rejects(consumer.get(), passing);
      way.cut();
      await waiting;
      await assert.rejects(held.ack(), passing);
      await far.publish("", name, "b", { persistent: true });
      const again = await far.consume(name);
      const first = await again.get();
      assert.deepEqual([first.text, first.redelivered, (await again.get()).text], ["a", true, "b"]);
      await far.close();
      await rabbit.queueDelete(name);
    });

    it("what was being published rejects and is not repeated; what was asked rejects", async (rabbit, name) => {
      await using way = await CuttableWay.to(server as string);
      const far = await openRabbit(way.url);
      await far.queueDeclare(name);
      await far.publish("", name, "first");
      const asked = far.call("", name, "?");
      while ((await rabbit.queueDeclare(name, { passive: true })).messageCount < 2);
      way.stall();
      const publishing = far.publish("", name, "lost");
      const ended = [assert.rejects(publishing, passing), assert.rejects(asked, passing)];
      way.cut();
      await Promise.all(ended);
      await far.publish("", name, "second");
      assert.deepEqual(await drain(rabbit, name), ["first", "?", "second"]);
      await far.close();
      await rabbit.queueDelete(name);
    });
  });
}
