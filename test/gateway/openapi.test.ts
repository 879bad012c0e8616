import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gateway, Lock, Queue, SharedValue } from "interproc";
import { Described } from "./described.js";
import { EventStream } from "./event-stream.js";

/** What a gateway is given to be called. */
const api = {
  add: (a: number, b: number) => a + b,
  nothing: () => undefined,
  map: () => new Map(),
  fail(): never {
    throw new RangeError("too far");
  },
};

describe("/openapi.json", () => {
  test("describes every operation as it is, and every status that it says is reached", {
    timeout: 30_000,
  }, async () => {
    await using answer = gateway({ api });
    const described = await Described.of(answer);
    const ask = described.ask.bind(described);
    const path = { queue: "described" };

    const { body: opened } = await ask("openQueue", { path, json: { maxItems: 3, maxDeliveries: 9 } });
    assert.ok((opened as { capabilities: string[] }).capabilities.includes("maxItems"));
    assert.equal((await ask("put", { path, json: { n: 1 }, headers: { "Idempotency-Key": "a" } })).status, 201);
    assert.equal((await ask("put", { path, query: { ttl: 5 }, json: 1 })).status, 400);
    assert.equal((await ask("put", { path, text: "{" })).status, 422);
    assert.equal((await ask("put", { path, text: "x", type: "image/png" })).status, 415);
    assert.equal((await ask("openQueue", { path, json: { maxItems: 4 } })).status, 409);
    const none = { queue: "nobody-made-it" };
    assert.equal((await ask("openQueue", { path: none, json: { mustExist: true } })).status, 404);
    for (const name of ["queueState", "purge", "shutdown", "deleteQueue"])
      assert.equal((await ask(name, { path: none })).status, 404, name);
    for (const name of ["ack", "nack", "renew"])
      assert.equal((await ask(name, { path: { ...path, receipt: "none" } })).status, 404, name);
    assert.deepEqual((await ask("queueState", { path })).body, { ...(opened as object), size: 1, unacked: 0 });
    const receiptOf = async () => (await ask("take", { path })).headers.get("interproc-receipt") ?? "";
    let receipt = await receiptOf();
    assert.equal((await ask("renew", { path: { ...path, receipt }, query: { lease: 10_000 } })).status, 204);
    assert.equal((await ask("nack", { path: { ...path, receipt }, query: { requeue: "true" } })).status, 204);
    receipt = await receiptOf();
    assert.equal((await ask("ack", { path: { ...path, receipt } })).status, 204);
    assert.equal((await ask("ack", { path: { ...path, receipt } })).status, 404);
    assert.equal((await ask("take", { path, query: { wait: 1 } })).status, 204);
    using maps = Queue.openOrCreate<unknown>("described-maps");
    maps.putSync(new Map());
    const asJson = { path: { queue: "described-maps" }, headers: { accept: "application/json" } };
    assert.equal((await ask("take", asJson)).status, 406);

    const { response } = await ask("openSession");
    const events = new EventStream(response);
    const { session } = (await events.next()).data as { session: string };
    const messages = ["a", "b", "c", "d"].map((text) => ({
      body: Buffer.from(text).toString("base64"),
      contentType: "text/plain",
    }));
    assert.equal((await ask("putMany", { path, text: "[]" })).status, 422);
    assert.deepEqual((await ask("putMany", { path, json: { messages } })).body, { put: 3 });
    assert.equal((await ask("put", { path, json: 1 })).status, 429);
    const taken = await ask("takeMany", { path, query: { session, max: 2, wait: 100, call: "c1" } });
    const receipts = (taken.body as { messages: { receipt: string }[] }).messages.map((one) => one.receipt);
    assert.equal(receipts.length, 2);
    assert.equal((await ask("beat", { path: { session } })).status, 204);
    const settled = await ask("settle", { path, json: { receipts: [...receipts, "none"], how: "ack" } });
    assert.deepEqual(settled.body, { lost: 1 });
    assert.deepEqual((await ask("join", { path, query: { wait: 1 } })).body, { done: false });
    assert.equal((await ask("giveUp", { path: { call: "c2" } })).status, 204);
    const given = await ask("takeMany", { path: { queue: "empty" }, query: { session, wait: 20_000, call: "c2" } });
    assert.deepEqual(given.body, { messages: [] });
    const news = { topic: "described-news" };
    assert.ok(Array.isArray(((await ask("openTopic", { path: news })).body as { capabilities: unknown }).capabilities));
    const added = await ask("addSubscription", { path: news, query: { session, pattern: "#" } });
    const one = { ...news, ...(added.body as { subscription: string }) };
    const published = await ask("publishMany", { path: news, json: { messages: [{ ...messages[0], key: "k" }] } });
    assert.equal(published.status, 204);
    const heard = await ask("nextMessages", { path: one, query: { wait: 20_000, max: 9, call: "c3" } });
    assert.equal((heard.body as { messages: { key: string }[] }).messages[0].key, "k");
    const settledOne = await ask("settleMessages", { path: one, json: { receipts: ["none"], how: "requeue" } });
    assert.deepEqual(settledOne.body, { lost: 1 });
    assert.equal((await ask("endSubscription", { path: one, query: { group: "false" } })).status, 204);
    assert.equal((await ask("endSubscription", { path: one })).status, 410);
    assert.equal((await ask("nextMessages", { path: one })).status, 410);
    assert.equal((await ask("settleMessages", { path: one, json: { receipts: [], how: "ack" } })).status, 410);
    await events.close();
    assert.equal((await ask("addSubscription", { path: news, query: { session } })).status, 410);
    assert.equal((await ask("takeMany", { path, query: { session } })).status, 410);
    assert.equal((await ask("beat", { path: { session } })).status, 410);

    assert.deepEqual((await ask("purge", { path })).body, { purged: 1 });
    assert.equal((await ask("shutdown", { path, query: { immediate: "true" } })).status, 204);
    assert.equal((await ask("put", { path, json: 1 })).status, 410);
    assert.equal((await ask("putMany", { path, json: { messages } })).status, 410);
    assert.equal((await ask("take", { path, query: { wait: 1000 } })).status, 410);
    assert.equal((await ask("deleteQueue", { path })).status, 204);

    const topic = { topic: "described-topic" };
    const subscribed = await ask("subscribe", { path: topic, query: { pattern: "#" } });
    const seen = new EventStream(subscribed.response);
    assert.equal((await ask("publish", { path: topic, query: { key: "k" }, json: 1 })).status, 204);
    await seen.next();
    assert.deepEqual((await seen.next()).data, { key: "k", value: 1, missed: 0 });
    await seen.close();

    const value = { value: "described-value" };
    assert.equal((await ask("getValue", { path: value })).status, 404);
    assert.equal((await ask("setValue", { path: value, json: { value: 1 } })).status, 404);
    assert.equal((await ask("addToValue", { path: value, json: { add: 1 } })).status, 404);
    using other = SharedValue.create("described-other", "i32", 5);
    const asFloat = { path: { value: "described-other" }, json: { kind: "f64", value: 0.5 } };
    assert.equal((await ask("setValue", asFloat)).status, 409);
    assert.equal(other.value, 5);
    const made = await ask("setValue", { path: value, json: { kind: "f64", value: 0.5 } });
    const etag = made.headers.get("etag") ?? "";
    assert.deepEqual((await ask("addToValue", { path: value, json: { add: 1 } })).body, {
      kind: "f64",
      value: 1.5,
    });
    const stale = await ask("setValue", { path: value, json: { value: 2 }, headers: { "If-Match": etag } });
    assert.equal(stale.status, 412);
    assert.deepEqual((await ask("getValue", { path: value })).body, { kind: "f64", value: 1.5 });

    const now = (await ask("getValue", { path: value })).headers.get("etag") ?? "";
    assert.equal((await ask("getValue", { path: value, headers: { "If-None-Match": now } })).status, 304);

    const lock = { lock: "described-lock" };
    const held = await ask("acquire", { path: lock, query: { lease: 60_000 } });
    const hold = { ...lock, receipt: (held.body as { receipt: string }).receipt };
    assert.equal((await ask("acquire", { path: lock, query: { wait: 1 } })).status, 409);
    assert.equal((await ask("renewHold", { path: hold })).status, 204);
    assert.equal((await ask("release", { path: hold })).status, 204);
    for (const name of ["renewHold", "release"]) assert.equal((await ask(name, { path: hold })).status, 404, name);
    assert.equal(Lock.openOrCreate("described-lock").isLocked, false);

    const call = (method: string, json?: unknown[], headers = {}) =>
      ask("callMethod", { path: { method }, json, headers });
    assert.deepEqual((await call("add", [1, 2])).body, 3);
    assert.equal((await call("nothing")).status, 204);
    assert.equal((await call("map", [], { accept: "application/json" })).status, 406);
    assert.equal((await call("constructor")).status, 404);
    const failed = await call("fail");
    assert.deepEqual([failed.status, (failed.body as { detail: string }).detail], [500, "RangeError: too far"]);

    assert.equal((await ask("metrics")).status, 200);

    assert.deepEqual(
      described.documented.filter((one) => !described.seen.has(one)),
      [],
      "statuses that are described and were not reached",
    );
  });

  test("bodies that are not as described are refused, all of them", { timeout: 30_000 }, async () => {
    await using answer = gateway();
    const send = async (method: string, path: string, text: string) =>
      (
        await answer(
          new Request(`http://localhost${path}`, {
            ...{ method, body: text },
            headers: { host: "localhost", "content-type": "application/json" },
          }),
        )
      ).status;
    for (const text of [
      "[]",
      "null",
      "7",
      '"x"',
      "{",
      '{"unknown":1}',
      '{"maxItems":"1"}',
      '{"maxItems":0}',
      '{"deadLetter":1}',
    ])
      assert.ok([400, 422].includes(await send("PUT", "/queues/bodies", text)), text);
    for (const text of [
      "[]",
      "null",
      "{}",
      '{"messages":{}}',
      '{"messages":[1]}',
      '{"messages":[{"body":1,"contentType":"x"}]}',
    ])
      assert.ok([400, 422].includes(await send("POST", "/queues/bodies/messages", text)), text);
    for (const text of ["[]", "{}", '{"receipts":[1],"how":"ack"}', '{"receipts":[],"how":"eat"}'])
      assert.ok([400, 422].includes(await send("POST", "/queues/bodies/settle", text)), text);
    for (const text of ["[]", "{}", '{"value":{}}', '{"value":1,"kind":"i3"}', '{"value":1,"kind":3}'])
      assert.ok([400, 404, 422].includes(await send("PUT", "/values/bodies", text)), text);
  });
});
