import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Gateway, gateway } from "interproc";
import { EventStream } from "./event-stream.js";
import { schemaCheck } from "./schema-check.js";

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { content: Readonly<Record<string, { schema?: Schema }>> };
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: Schema }>; headers?: object }>>;
}
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: { readonly Problem: Schema } };
}

/** Asks for operations by their names, and holds every answer against the description. */
class Described {
  readonly visited = new Set<string>();
  private readonly operations = new Map<string, readonly [method: string, path: string, operation: Operation]>();

  constructor(
    private readonly answer: Gateway,
    private readonly description: Description,
  ) {
    for (const [path, methods] of Object.entries(description.paths))
      for (const [method, operation] of Object.entries(methods))
        this.operations.set(operation.operationId, [method.toUpperCase(), path, operation]);
  }

  get names(): string[] {
    return [...this.operations.keys()];
  }

  async ask(
    name: string,
    {
      path = {},
      query = {},
      headers = {},
      json,
    }: { path?: object; query?: object; headers?: object; json?: unknown } = {},
  ): Promise<{ status: number; headers: Headers; body: unknown; response: Response }> {
    const [method, template, operation] = this.operations.get(name) ?? assert.fail(`there is no operation ${name}`);
    for (const given of [...Object.keys(path), ...Object.keys(query), ...Object.keys(headers)])
      assert.ok(
        operation.parameters.some((one) => one.name === given),
        `${name}: the parameter ${given} is not described`,
      );
    const filled = template.replace(/\{(\w+)\}/g, (_, one) => (path as Record<string, string>)[one]);
    const url = new URL(`http://localhost${filled}`);
    for (const [one, value] of Object.entries(query)) url.searchParams.set(one, String(value));
    if (json !== undefined) {
      const content = operation.requestBody?.content["application/json"];
      assert.ok(content, `${name}: a body is not described`);
      if (content.schema) assert.deepEqual(schemaCheck(content.schema, json), [], name);
    }
    const response = await this.answer(
      new Request(url, {
        method,
        headers: { host: "localhost", ...headers, ...(json !== undefined && { "content-type": "application/json" }) },
        ...(json !== undefined && { body: JSON.stringify(json) }),
      }),
    );
    const type = response.headers.get("content-type");
    const { status } = response;
    const described = operation.responses[status];
    if (described === undefined) {
      assert.equal(type, "application/problem+json", `${name}: ${status} is not described`);
      const problem: unknown = await response.json();
      assert.deepEqual(schemaCheck(this.description.components.schemas.Problem, problem), [], name);
      return { status, headers: response.headers, body: problem, response };
    }
    this.visited.add(name);
    if (described.content === undefined) {
      assert.equal(await response.text(), "", `${name}: ${status} has a body`);
      return { status, headers: response.headers, body: undefined, response };
    }
    const content = described.content[type ?? ""];
    assert.ok(content, `${name}: ${type} is not described`);
    if (type !== "application/json") return { status, headers: response.headers, body: undefined, response };
    const body: unknown = await response.json();
    if (content.schema) assert.deepEqual(schemaCheck(content.schema, body), [], name);
    return { status, headers: response.headers, body, response };
  }
}

describe("/openapi.json", () => {
  test("describes every operation as it is", { timeout: 30_000 }, async () => {
    await using answer = gateway();
    const served = await answer(new Request("http://localhost/openapi.json", { headers: { host: "localhost" } }));
    const description = (await served.json()) as Description;
    assert.equal(description.openapi, "3.1.0");
    const api = new Described(answer, description);
    const path = { queue: "described" };

    const { body: opened } = await api.ask("openQueue", { path, json: { maxItems: 3, maxDeliveries: 9 } });
    assert.ok((opened as { capabilities: string[] }).capabilities.includes("maxItems"));
    assert.equal((await api.ask("put", { path, json: { n: 1 }, headers: { "Idempotency-Key": "a" } })).status, 201);
    assert.equal((await api.ask("put", { path, query: { ttl: 5 }, json: 1 })).status, 400);
    assert.deepEqual((await api.ask("queueState", { path })).body, { ...(opened as object), size: 1, unacked: 0 });
    const receiptOf = async () => (await api.ask("take", { path })).headers.get("interproc-receipt") ?? "";
    let receipt = await receiptOf();
    assert.equal((await api.ask("renew", { path: { ...path, receipt }, query: { lease: 10_000 } })).status, 204);
    assert.equal((await api.ask("nack", { path: { ...path, receipt }, query: { requeue: "true" } })).status, 204);
    receipt = await receiptOf();
    assert.equal((await api.ask("ack", { path: { ...path, receipt } })).status, 204);
    assert.equal((await api.ask("ack", { path: { ...path, receipt } })).status, 404);
    assert.equal((await api.ask("take", { path, query: { wait: 1 } })).status, 204);

    const { response } = await api.ask("openSession");
    const events = new EventStream(response);
    const { session } = (await events.next()).data as { session: string };
    const messages = ["a", "b", "c", "d"].map((text) => ({
      body: Buffer.from(text).toString("base64"),
      contentType: "text/plain",
    }));
    assert.deepEqual((await api.ask("putMany", { path, json: { messages } })).body, { put: 3 });
    const taken = await api.ask("takeMany", { path, query: { session, max: 2, wait: 100, call: "c1" } });
    const receipts = (taken.body as { messages: { receipt: string }[] }).messages.map((one) => one.receipt);
    assert.equal(receipts.length, 2);
    assert.equal((await api.ask("beat", { path: { session } })).status, 204);
    const settled = await api.ask("settle", { path, json: { receipts: [...receipts, "none"], how: "ack" } });
    assert.deepEqual(settled.body, { lost: 1 });
    assert.deepEqual((await api.ask("join", { path, query: { wait: 1 } })).body, { done: false });
    assert.equal((await api.ask("giveUp", { path: { call: "c2" } })).status, 204);
    const given = await api.ask("takeMany", { path: { queue: "empty" }, query: { session, wait: 20_000, call: "c2" } });
    assert.deepEqual(given.body, { messages: [] });
    await events.close();
    assert.equal((await api.ask("beat", { path: { session } })).status, 410);

    assert.deepEqual((await api.ask("purge", { path })).body, { purged: 1 });
    assert.equal((await api.ask("shutdown", { path, query: { immediate: "true" } })).status, 204);
    assert.equal((await api.ask("put", { path, json: 1 })).status, 410);
    assert.equal((await api.ask("deleteQueue", { path })).status, 204);

    const topic = { topic: "described-topic" };
    const subscribed = await api.ask("subscribe", { path: topic, query: { pattern: "#" } });
    const seen = new EventStream(subscribed.response);
    assert.equal((await api.ask("publish", { path: topic, query: { key: "k" }, json: 1 })).status, 204);
    await seen.next();
    assert.deepEqual((await seen.next()).data, { key: "k", value: 1, missed: 0 });
    await seen.close();

    const value = { value: "described-value" };
    assert.equal((await api.ask("getValue", { path: value })).status, 404);
    const made = await api.ask("setValue", { path: value, json: { kind: "f64", value: 0.5 } });
    const etag = made.headers.get("etag") ?? "";
    assert.deepEqual((await api.ask("addToValue", { path: value, json: { add: 1 } })).body, {
      kind: "f64",
      value: 1.5,
    });
    const stale = await api.ask("setValue", { path: value, json: { value: 2 }, headers: { "If-Match": etag } });
    assert.equal(stale.status, 412);
    assert.deepEqual((await api.ask("getValue", { path: value })).body, { kind: "f64", value: 1.5 });

    const lock = { lock: "described-lock" };
    const held = await api.ask("acquire", { path: lock, query: { lease: 60_000 } });
    const hold = { ...lock, receipt: (held.body as { receipt: string }).receipt };
    assert.equal((await api.ask("acquire", { path: lock, query: { wait: 1 } })).status, 409);
    assert.equal((await api.ask("renewHold", { path: hold })).status, 204);
    assert.equal((await api.ask("release", { path: hold })).status, 204);

    assert.equal((await api.ask("metrics")).status, 200);

    assert.deepEqual(
      api.names.filter((name) => !api.visited.has(name)),
      [],
      "operations that were not tried",
    );
  });

  test("bodies that are not as described are refused, all of them", { timeout: 30_000 }, async () => {
    await using answer = gateway();
    const api = new Described(
      answer,
      (await (
        await answer(new Request("http://localhost/openapi.json", { headers: { host: "localhost" } }))
      ).json()) as Description,
    );
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
    assert.ok(api.names.length > 20);
  });
});
