import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openTopic } from "interproc";
import { freshName } from "./broker-kind.js";
import { codes, watchdog } from "./connection-kind.js";

/** A broker whose topics are opened by url. */
export interface TopicKind {
  readonly name: string;
  url(name: string): string;
  /** It has durable groups. */
  readonly hasGroups: boolean;
}

/** The contract of topics, whatever keeps them. */
export function everyTopic({ name, url, hasGroups }: TopicKind): void {
  describe(`a topic at ${name}`, () => {
    test("smoke: every subscriber sees every message whose key matches its pattern, in order", watchdog, async () => {
      const place = url(freshName());
      await using topic = await openTopic<number>(place);
      await using other = await openTopic<number>(place);
      const all = await other.subscribe();
      const paid = await topic.subscribe("orders.*.paid");
      const orders = await other.subscribe("orders.#");
      await topic.publish(1, { key: "orders.eu.paid" });
      await topic.publish(2, { key: "orders.eu" });
      await topic.publish(3);
      await topic.publish(4, { key: "orders.us.paid" });
      assert.deepEqual([await all.get(), await all.get(), await all.get(), await all.get()], [1, 2, 3, 4]);
      assert.deepEqual([await paid.get(), await paid.get()], [1, 4]);
      assert.deepEqual([await orders.get(), await orders.get(), await orders.get()], [1, 2, 4]);
      await assert.rejects(paid.get({ timeout: 20 }), codes.timeout);
    });

    test("messages() has each message's key, and the loop can be left", watchdog, async () => {
      await using topic = await openTopic<string>(url(freshName()));
      await using some = await topic.subscribe("a.#");
      await topic.publish("x", { key: "a.b" });
      for await (const message of some.messages()) {
        assert.deepEqual([message.value, message.key], ["x", "a.b"]);
        await message.ack();
        break;
      }
    });

    test("after close every call is a ClosedError, and what waits ends", watchdog, async () => {
      const topic = await openTopic<string>(url(freshName()));
      const some = await topic.subscribe();
      const waiting = assert.rejects(some.get(), codes.closed);
      await topic.close();
      await waiting;
      await topic.close();
      await assert.rejects(topic.publish("x"), codes.closed);
      await assert.rejects(topic.subscribe(), codes.closed);
    });

    test("a pattern that is none and an option that its broker lacks are UsageErrors", watchdog, async () => {
      await using topic = await openTopic<string>(url(freshName()));
      await assert.rejects(topic.subscribe("a*"), codes.usage);
      await assert.rejects(topic.publish("x", { key: "k".repeat(256) }), codes.usage);
      if (!topic.capabilities.has("group")) await assert.rejects(topic.subscribe("#", { group: "g" }), codes.usage);
      if (!topic.capabilities.has("headers"))
        await assert.rejects(topic.publish("x", { headers: { a: 1 } }), codes.usage);
      await assert.rejects(topic.subscribe("#", { durable: true }), codes.usage);
    });

    if (!hasGroups) return;

    test("a durable group keeps what is published while nobody is there, and shares it", watchdog, async () => {
      const place = url(freshName());
      {
        await using topic = await openTopic<number>(place);
        await using member = await topic.subscribe("job.#", { group: "workers", durable: true });
        assert.equal(member.closed, false);
      }
      await using topic = await openTopic<number>(place);
      for (let n = 0; n < 10; n++) await topic.publish(n, { key: "job.x", headers: { n } });
      await topic.publish(99, { key: "other" });
      const members = [0, 1].map(() => topic.subscribe("job.#", { group: "workers", durable: true, prefetch: 1 }));
      const [one, two] = await Promise.all(members);
      const got: number[] = [];
      for (let i = 0; i < 5; i++) got.push(await one.get(), await two.get());
      assert.deepEqual(
        got.sort((a, b) => a - b),
        Array.from({ length: 10 }, (_, n) => n),
      );
      await topic.publish(10, { key: "job.y" });
      for await (const message of one.messages()) {
        assert.deepEqual([message.value, message.key], [10, "job.y"]);
        await message.nack();
        break;
      }
      for await (const message of two.messages()) {
        assert.deepEqual([message.value, message.redelivered], [10, true]);
        await message.ack();
        break;
      }
      await two.unsubscribe();
    });
  });
}
