import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connect } from "amqplib";
import { openQueue, openRabbit, openTopic } from "interproc";
import { freshName } from "../contract/broker-kind.js";
import { serverFor } from "../contract/broker-servers.js";
import { CuttableWay } from "./cuttable-way.js";

const watchdog = { timeout: 60_000 };
/** What the driver says when it closes a channel. */
const GOODBYE = "Goodbye";
const server = await serverFor("rabbitmq");

if (server === undefined) test("there is no rabbitmq: nothing of it was tested", () => undefined);
else
  describe("rabbitmq: channels that end", () => {
    test("smoke: a loop that is left while the way is cut comes to its end", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const queue = await openQueue<string>(`${way.url}/${freshName()}`);
      await queue.put("a");
      const loop = queue.messages();
      await loop.next();
      const cut = way.cutAt(GOODBYE);
      await loop.return();
      await cut;
      const again = await queue.take();
      assert.deepEqual([again.value, again.redelivered], ["a", true]);
      await again.ack();
      await queue.delete();
    });

    test("so does a consumer of openRabbit() that is closed", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const rabbit = await openRabbit(way.url);
      const { queue } = await rabbit.queueDeclare();
      const consumer = await rabbit.consume(queue);
      const cut = way.cutAt(GOODBYE);
      await consumer.close();
      await cut;
      await rabbit.close();
    });

    test("a message that is cut off in its middle comes again", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      await using queue = await openQueue<Uint8Array>(`${way.url}/${place}`, { codec: "bytes" });
      await using other = await openQueue<Uint8Array>(`${server}/${place}`, { codec: "bytes" });
      const { length } = await longBody(other);
      const cut = way.cutBehind(place);
      const message = await queue.take();
      await cut;
      assert.deepEqual([message.value.length, message.redelivered], [length, true]);
      await message.ack();
      await other.delete();
    });

    test("so does one that is got by openRabbit()", watchdog, async () => {
      await using way = await CuttableWay.to(server);
      const place = freshName();
      await using other = await openQueue<Uint8Array>(`${server}/${place}`, { codec: "bytes" });
      const { length } = await longBody(other);
      await using rabbit = await openRabbit(way.url);
      const cut = way.cutBehind(place);
      const message = await rabbit.get(place);
      await cut;
      assert.deepEqual([message?.body.length, message?.redelivered], [length, true]);
      await message?.ack();
      await other.delete();
    });

    test("to publish to a topic that was deleted is a NotFoundError, and not tried for ever", watchdog, async () => {
      const name = freshName();
      await using topic = await openTopic(`${server}/${name}`);
      await topic.publish("a");
      const model = await connect(server);
      await (await model.createChannel()).deleteExchange(name);
      await assert.rejects(topic.publish("b"), { code: "ERR_INTERPROC_NOT_FOUND" });
      // the channel that the server has closed for that is not the next one's
      await (await model.createChannel()).assertExchange(name, "topic", { durable: true });
      await topic.publish("c");
      await (await model.createChannel()).deleteExchange(name);
      await model.close();
    });

    test("to take from a queue that was deleted is a NotFoundError", watchdog, async () => {
      const name = freshName();
      await using queue = await openQueue(`${server}/${name}`);
      await using other = await openQueue(`${server}/${name}`);
      const waiting = assert.rejects(queue.take(), { code: "ERR_INTERPROC_NOT_FOUND" });
      const looping = assert.rejects(queue.messages().next(), { code: "ERR_INTERPROC_NOT_FOUND" });
      await other.delete();
      await Promise.all([waiting, looping]);
    });
  });

/** So long that no single read brings all of it. */
async function longBody(queue: { put(body: Uint8Array): Promise<void> }): Promise<Uint8Array> {
  const body = new Uint8Array(16 * 1024 * 1024);
  await queue.put(body);
  return body;
}
