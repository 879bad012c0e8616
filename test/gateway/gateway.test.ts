import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { gateway, Lock, openQueue, openTopic, Queue, SharedValue, UsageError } from "interproc";
import { projectRoot } from "../project-root.js";
import { EventStream } from "./event-stream.js";

const watchdog = { timeout: 30_000 };
const ask = (path: string, init: RequestInit = {}): Request =>
  new Request(`http://localhost${path}`, { ...init, headers: { host: "localhost", ...init.headers } });
const json = (value: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

/** A problem's status and code, checked to be one. */
async function problemOf(response: Response): Promise<[number, string | undefined]> {
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const { status, code, detail } = (await response.json()) as { status: number; code?: string; detail: string };
  assert.ok(status === response.status && detail.length > 0);
  return [status, code];
}

describe("queues over REST", () => {
  test("smoke: what is put as JSON is taken as JSON, and acknowledged by its receipt", watchdog, async () => {
    await using answer = gateway();
    assert.equal((await answer(ask("/queues/jobs", json({ n: 1 })))).status, 201);
    const taken = await answer(ask("/queues/jobs"));
    assert.deepEqual([taken.status, taken.headers.get("content-type")], [200, "application/json"]);
    assert.deepEqual(await taken.json(), { n: 1 });
    assert.equal(taken.headers.get("interproc-redelivered"), "false");
    const receipt = taken.headers.get("interproc-receipt");
    const ack = `/queues/jobs/taken/${receipt}/ack`;
    assert.equal((await answer(ask(ack, { method: "POST" }))).status, 204);
    assert.deepEqual(await problemOf(await answer(ask(ack, { method: "POST" }))), [404, "ERR_INTERPROC_NOT_FOUND"]);
    assert.equal((await answer(ask("/queues/jobs"))).status, 204);
  });

  test("it is the queue of that name that programs of this machine have", watchdog, async () => {
    using queue = Queue.create<unknown>("shared-jobs");
    await using answer = gateway();
    await answer(ask("/queues/shared-jobs", json("over http")));
    assert.equal(await queue.get(), "over http");
    await queue.put(new Uint8Array([0, 255]));
    const taken = await answer(ask("/queues/shared-jobs?ack=auto"));
    assert.equal(taken.headers.get("content-type"), "application/octet-stream");
    assert.deepEqual([...new Uint8Array(await taken.arrayBuffer())], [0, 255]);
    assert.equal(queue.unacked, 0);
  });

  test("bytes and text are taken as what they were put", watchdog, async () => {
    await using answer = gateway();
    const put = (type: string, body: string) =>
      answer(ask("/queues/types", { method: "POST", headers: { "content-type": type }, body }));
    await put("application/octet-stream", "raw");
    await put("text/plain; charset=utf-8", "grüße");
    const [bytes, text] = [await answer(ask("/queues/types")), await answer(ask("/queues/types"))];
    assert.deepEqual([bytes.headers.get("content-type"), await bytes.text()], ["application/octet-stream", "raw"]);
    assert.deepEqual([text.headers.get("content-type"), await text.json()], ["application/json", "grüße"]);
    assert.deepEqual(await problemOf(await put("image/png", "x")), [415, "ERR_INTERPROC_USAGE"]);
    assert.deepEqual(await problemOf(await put("application/json", "{")), [422, "ERR_INTERPROC_CODEC"]);
  });

  test("what JSON cannot carry is 406 for who wants JSON only, and is not lost", watchdog, async () => {
    using queue = Queue.create<unknown>("maps");
    await using answer = gateway();
    await queue.put(new Map([[1, 2n]]));
    const refused = await answer(ask("/queues/maps", { headers: { accept: "application/json" } }));
    assert.equal((await problemOf(refused))[0], 406);
    const taken = await answer(ask("/queues/maps"));
    assert.deepEqual(
      [taken.headers.get("content-type"), taken.headers.get("interproc-redelivered")],
      ["application/vnd.interproc", "true"],
    );
  });

  test("a take waits for a put, as long as it says", watchdog, async () => {
    await using answer = gateway();
    const waiting = answer(ask("/queues/later?wait=20000"));
    await answer(ask("/queues/later", json(7)));
    assert.equal(await (await waiting).json(), 7);
    assert.equal((await answer(ask("/queues/later?wait=10"))).status, 204);
  });

  test("what is not settled within its lease comes back, marked; a renewed lease is longer", watchdog, async () => {
    await using answer = gateway();
    await answer(ask("/queues/leases", json("x")));
    const first = await answer(ask("/queues/leases?lease=20"));
    const again = await answer(ask("/queues/leases?wait=20000&lease=30000"));
    assert.deepEqual([await again.json(), again.headers.get("interproc-redelivered")], ["x", "true"]);
    assert.equal(again.headers.get("interproc-deliveries"), "2");
    const late = `/queues/leases/taken/${first.headers.get("interproc-receipt")}/ack`;
    assert.equal((await answer(ask(late, { method: "POST" }))).status, 404);
    const taken = `/queues/leases/taken/${again.headers.get("interproc-receipt")}`;
    assert.equal((await answer(ask(`${taken}/renew?lease=1`, { method: "POST" }))).status, 204);
    assert.equal(await (await answer(ask("/queues/leases?wait=20000"))).json(), "x");
  });

  test("nack gives back in front, or away", watchdog, async () => {
    await using answer = gateway();
    for (const n of [1, 2]) await answer(ask("/queues/nacks", json(n)));
    const nack = async (query: string) => {
      const taken = await answer(ask("/queues/nacks"));
      const path = `/queues/nacks/taken/${taken.headers.get("interproc-receipt")}/nack${query}`;
      assert.equal((await answer(ask(path, { method: "POST" }))).status, 204);
      return taken.json();
    };
    assert.deepEqual([await nack(""), await nack("?requeue=false"), await nack("")], [1, 1, 2]);
  });

  test("a client that goes away while it waits has taken nothing", watchdog, async () => {
    await using answer = gateway();
    const gone = new AbortController();
    const waiting = answer(ask("/queues/aborted?wait=20000", { signal: gone.signal }));
    gone.abort();
    assert.equal((await waiting).status, 204);
    await answer(ask("/queues/aborted", json(1)));
    const taken = await answer(ask("/queues/aborted"));
    assert.equal(taken.headers.get("interproc-redelivered"), "false");
  });

  test("a full queue is 429 with Retry-After, or waits", watchdog, async () => {
    await using answer = gateway();
    const made = await answer(ask("/queues/full", { ...json({ maxItems: 1 }), method: "PUT" }));
    assert.equal(made.status, 200);
    await answer(ask("/queues/full", json(1)));
    const refused = await answer(ask("/queues/full", json(2)));
    assert.equal(refused.headers.get("retry-after"), "1");
    assert.deepEqual(await problemOf(refused), [429, "ERR_INTERPROC_TIMEOUT"]);
    const waiting = answer(ask("/queues/full?wait=20000", json(3)));
    await answer(ask("/queues/full?ack=auto"));
    assert.equal((await waiting).status, 201);
    const other = await answer(ask("/queues/full", { ...json({ maxItems: 2 }), method: "PUT" }));
    assert.deepEqual(await problemOf(other), [409, "ERR_INTERPROC_MISMATCH"]);
  });

  test(
    "a put that is repeated with its Idempotency-Key puts once; with another body it is refused",
    watchdog,
    async () => {
      await using answer = gateway();
      const put = (value: unknown) => answer(ask("/queues/once", json(value, { "idempotency-key": "k-1" })));
      assert.deepEqual([(await put("a")).status, (await put("a")).status, (await put("b")).status], [201, 201, 422]);
      const state = await answer(ask("/queues/once/state"));
      assert.equal(((await state.json()) as { size: number }).size, 1);
    },
  );

  test("purge, shutdown and delete do what they do to any queue", watchdog, async () => {
    await using answer = gateway();
    const post = (path: string) => answer(ask(`/queues/ends${path}`, { method: "POST" }));
    for (const n of [1, 2]) await answer(ask("/queues/ends", json(n)));
    assert.deepEqual(await (await post("/purge")).json(), { purged: 2 });
    assert.equal((await post("/shutdown")).status, 204);
    assert.deepEqual(await problemOf(await answer(ask("/queues/ends", json(3)))), [410, "ERR_INTERPROC_CLOSED"]);
    assert.deepEqual(await problemOf(await answer(ask("/queues/ends?wait=1000"))), [410, "ERR_INTERPROC_CLOSED"]);
    assert.equal((await answer(ask("/queues/ends", { method: "DELETE" }))).status, 204);
    assert.equal((await answer(ask("/queues/ends/state"))).status, 404);
  });

  test("a queue that is shut down is not over while another client holds what may come back", watchdog, async () => {
    await using answer = gateway();
    await answer(ask("/queues/last", json("x")));
    const holder = await answer(ask("/queues/last"));
    await answer(ask("/queues/last/shutdown", { method: "POST" }));
    const waiting = answer(ask("/queues/last?wait=20000"));
    await answer(ask(`/queues/last/taken/${holder.headers.get("interproc-receipt")}/nack`, { method: "POST" }));
    assert.equal(await (await waiting).json(), "x");
  });

  test("closing gives back what clients have taken", watchdog, async () => {
    using queue = Queue.create<number>("given-back");
    const answer = gateway();
    queue.putManySync([1, 2]);
    for (let i = 0; i < 2; i++) await answer(ask("/queues/given-back"));
    await answer.close();
    assert.deepEqual([queue.getSync(), queue.getSync()], [1, 2]);
    assert.equal((await answer(ask("/queues/given-back"))).status, 503);
  });
});

describe("topics, values and locks over REST", () => {
  test("smoke: a stream of events has what is published and matches its pattern", watchdog, async () => {
    await using answer = gateway();
    const events = new EventStream(await answer(ask("/topics/prices?pattern=eu.%23")));
    assert.equal((await events.next()).event, "open");
    await answer(ask("/topics/prices?key=us.a", json(1)));
    await answer(ask("/topics/prices?key=eu.a", json({ eur: 2 })));
    await using topic = await openTopic("shm:prices");
    await topic.publish(new Uint8Array([1]), { key: "eu.b" });
    assert.deepEqual((await events.next()).data, { key: "eu.a", value: { eur: 2 }, missed: 0 });
    assert.deepEqual((await events.next()).data, { key: "eu.b", base64: "AQ==", missed: 0 });
    await events.close();
  });

  test("a value is read, set and added to, and If-Match replaces only what was seen", watchdog, async () => {
    using value = SharedValue.create("hits", "i32", 5);
    await using answer = gateway();
    const put = (body: unknown, headers: Record<string, string> = {}) =>
      answer(ask("/values/hits", { ...json(body, headers), method: "PUT" }));
    const got = await answer(ask("/values/hits"));
    const etag = got.headers.get("etag") ?? "";
    assert.deepEqual(await got.json(), { kind: "i32", value: 5 });
    assert.equal((await answer(ask("/values/hits", { headers: { "if-none-match": etag } }))).status, 304);
    assert.deepEqual(await (await answer(ask("/values/hits", json({ add: 2 })))).json(), { kind: "i32", value: 7 });
    const stale = await put({ value: 1 }, { "if-match": etag });
    assert.deepEqual([stale.status, value.value], [412, 7]);
    const fresh = await put({ value: 1 }, { "if-match": stale.headers.get("etag") ?? "" });
    assert.deepEqual([fresh.status, value.value], [200, 1]);
    value.value = 2 ** 31 - 1;
    assert.deepEqual(await (await answer(ask("/values/hits", json({ add: 1 })))).json(), {
      kind: "i32",
      value: -(2 ** 31),
    });
    assert.equal(value.value, -(2 ** 31));
    assert.equal((await put({ value: "x" })).status, 400);
    assert.equal((await answer(ask("/values/none"))).status, 404);
  });

  test(
    "a number that its kind cannot hold is refused, and what is answered is what stands there",
    watchdog,
    async () => {
      using small = SharedValue.create("small", "i32", 5);
      using count = SharedValue.create("count", "u64", 5n);
      using share = SharedValue.create("share", "f32", 0);
      await using answer = gateway();
      const put = async (name: string, value: unknown) => {
        const response = await answer(ask(`/values/${name}`, { ...json({ value }), method: "PUT" }));
        return { status: response.status, ...((await response.json()) as { value?: unknown; detail?: string }) };
      };
      for (const value of [1.5, 2 ** 31, -(2 ** 31) - 1]) assert.equal((await put("small", value)).status, 400);
      assert.match((await put("small", 2 ** 31)).detail ?? "", /is no i32; allowed: -2147483648 to 2147483647/);
      assert.equal((await put("count", "18446744073709551616")).status, 400);
      assert.equal((await put("count", -1)).status, 400);
      assert.deepEqual([small.value, count.value], [5, 5n]);
      assert.equal((await put("share", 0.1)).value, Math.fround(0.1));
      assert.equal(share.value, Math.fround(0.1));
      assert.equal((await answer(ask("/values/small", json({ add: 1.5 })))).status, 400);
    },
  );

  test("a value is made with a kind; 64 bits are digits", watchdog, async () => {
    await using answer = gateway();
    const made = await answer(
      ask("/values/big", { ...json({ kind: "u64", value: "18446744073709551615" }), method: "PUT" }),
    );
    assert.deepEqual(await made.json(), { kind: "u64", value: "18446744073709551615" });
    assert.deepEqual(await (await answer(ask("/values/big", json({ add: 1 })))).json(), { kind: "u64", value: "0" });
  });

  test("a lock is held for its lease, excludes programs of this machine, and is released", watchdog, async () => {
    using lock = Lock.create("door");
    await using answer = gateway();
    const acquire = (query: string) => answer(ask(`/locks/door${query}`, { method: "POST" }));
    const { receipt } = (await (await acquire("")).json()) as { receipt: string };
    assert.equal(lock.tryAcquire(), undefined);
    assert.equal((await acquire("")).status, 409);
    assert.equal((await answer(ask(`/locks/door/holds/${receipt}`, { method: "DELETE" }))).status, 204);
    assert.equal((await answer(ask(`/locks/door/holds/${receipt}`, { method: "DELETE" }))).status, 404);
    assert.equal((await acquire("?lease=10")).status, 200);
    await using _hold = await lock.acquire();
  });
});

describe("a gateway", () => {
  test("is mounted below a prefix", watchdog, async () => {
    await using answer = gateway({ prefix: "/ipc" });
    assert.equal((await answer(ask("/ipc/queues/mounted", json(1)))).status, 201);
    assert.equal((await answer(ask("/queues/mounted", json(1)))).status, 404);
  });

  test("refuses paths, methods, names and queries that there are not", watchdog, async () => {
    await using answer = gateway();
    const status = async (path: string, method = "GET") => (await problemOf(await answer(ask(path, { method }))))[0];
    assert.equal(await status("/"), 404);
    assert.equal(await status("/queues/a/b/c/d"), 404);
    assert.equal(await status("/queues/..%2fetc"), 400);
    assert.equal(await status("/queues/%zz"), 400);
    assert.equal(await status("/queues/.hidden"), 400);
    assert.equal(await status("/queues/a?wait=-1"), 400);
    assert.equal(await status("/queues/a?wait=1e3"), 400);
    assert.equal(await status("/queues/a?weight=1"), 400);
    const refused = await answer(ask("/queues/a", { method: "PATCH" }));
    assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "PUT, POST, GET, DELETE"]);
  });

  test("messages with an id or headers that are none are refused, as /openapi.json says", watchdog, async () => {
    await using answer = gateway();
    const whole = { body: "MQ==", contentType: "application/json" };
    for (const path of ["/queues/checked/messages", "/topics/checked/messages"])
      for (const wrong of [{ id: [] }, { id: {} }, { headers: null }, { headers: [] }, { headers: { a: {} } }]) {
        const { status } = await answer(ask(path, json({ messages: [{ ...whole, ...wrong }] })));
        assert.equal(status, 422, `${path} ${JSON.stringify(wrong)}`);
      }
    assert.ok((await answer(ask("/topics/checked/messages", json({ messages: [whole] })))).ok);
  });

  test("a take that waits behind what others hold keeps its process alive", watchdog, async () => {
    const script = `
      import { gateway } from "interproc";
      const answer = gateway();
      const ask = (path, method) => answer(new Request("http://localhost" + path, { method, headers: { host: "localhost" } }));
      const put = { method: "POST", body: "1", headers: { host: "localhost", "content-type": "application/json" } };
      await answer(new Request("http://localhost/queues/held", put));
      await ask("/queues/held", "GET"); // its message is held, so that it may come back
      await ask("/queues/held/shutdown", "POST");
      console.log((await ask("/queues/held?wait=50", "GET")).status);
      await answer.close();`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd: projectRoot });
    assert.equal((await run).stdout, "204\n");
  });

  test("one request more than maxRequests is 429, and a place is free when one is answered", watchdog, async () => {
    await using answer = gateway({ maxRequests: 1 });
    const waiting = answer(ask("/queues/busy?wait=100"));
    const refused = await answer(ask("/queues/busy"));
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
    await waiting;
    assert.equal((await answer(ask("/queues/busy"))).status, 204);
  });

  test("options that are not allowed are UsageErrors that do not tell a token", () => {
    assert.throws(() => gateway({ tokens: [] }), UsageError);
    assert.throws(
      () => gateway({ tokens: ["short-secret!"] }),
      (error: Error) => !error.message.includes("secret"),
    );
    const token = "long-enough-to-be-a-secret";
    const rights = { token, reed: ["queues/*"] };
    assert.throws(
      () => gateway({ tokens: [rights] }),
      /^UsageError: gateway\(\): token 1 has "reed"; allowed: token, read, write, admin$/,
    );
    assert.throws(() => gateway({ tokens: token as never }), /^UsageError: gateway\(\): tokens is no list/);
    assert.throws(
      () => gateway({ queues: "nowhere:" }),
      /^UsageError: gateway\(\): queues is no beginning of an url; allowed: /,
    );
    assert.throws(() => gateway({ topics: "nowhere" }), /^UsageError: gateway\(\): topics is no beginning of an url/);
    assert.throws(() => gateway({ maxBody: 0 }), UsageError);
    assert.throws(() => gateway({ prefix: "ipc" }), UsageError);
  });

  test("queues elsewhere than in memory: ids and ttl go along", watchdog, async (context) => {
    const { mkdtempSync, rmSync } = await import("node:fs");
    const folder = mkdtempSync("/tmp/interproc-gateway-");
    context.after(() => rmSync(folder, { recursive: true }));
    await using answer = gateway({ queues: `file:${folder}/` });
    assert.equal((await answer(ask("/queues/kept?id=job-1&ttl=60000", json([1])))).status, 201);
    assert.equal((await answer(ask("/queues/kept?ttl=x", json([1])))).status, 400);
    const taken = await answer(ask("/queues/kept?ack=auto"));
    assert.deepEqual([taken.headers.get("interproc-id"), await taken.json()], ["job-1", [1]]);
    await using direct = await openQueue(`file:${folder}/kept`);
    assert.equal(await direct.size(), 0);
  });
});
