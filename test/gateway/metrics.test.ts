import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gateway, Lock, Queue, Semaphore, SharedValue, serveGateway, spawn } from "interproc";
import { metricsText } from "#src/inspector/metrics-text.js";
import { objectMetrics } from "#src/inspector/object-metrics.js";
import { snapshot } from "#src/inspector/snapshot.js";
import { runCli } from "../cli/run-cli.js";
import { holdLock } from "../programs/hold-lock.js";
import { sampleOf, scraped } from "./exposition.js";

/** Processes start slowly on a machine that has much to do. */
const watchdog = { timeout: 180_000 };
const READER = "metrics-0123456789-reader";
const OTHER = "metrics-0123456789-others";

const ask = (path: string, init: RequestInit = {}): Request =>
  new Request(`http://localhost${path}`, { ...init, headers: { host: "localhost", ...init.headers } });

describe("GET /metrics of a gateway", watchdog, () => {
  test("smoke: figures of objects and of the gateway's requests, in Prometheus' text format", async () => {
    using queue = Queue.openOrCreate<number>("measured", { capacity: 8192 });
    await queue.putMany([1, 2, 3]);
    assert.equal(queue.tryGet(), 1);
    using message = await queue.take();
    await using answer = gateway();
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: "4" };
    await answer(ask("/queues/measured", post));
    await answer(ask("/queues/measured/state"));
    await answer(ask("/nothing"));
    const response = await answer(ask("/metrics"));
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const samples = scraped(await response.text());
    const of = { type: "Queue", name: "measured" };
    const figures = ["depth", "capacity_bytes", "puts_total", "takes_total", "attached", "waiters"];
    assert.deepEqual(
      figures.map((name) => sampleOf(samples, `interproc_object_${name}`, of)),
      [2, queue.capacity, 4, 2, 1, 0],
    );
    assert.equal(sampleOf(samples, "interproc_object_holders", { ...of, how: "unacked" }), 1);
    assert.equal(sampleOf(samples, "interproc_processes", {}), 1);
    const requests = (route: string, status: string) =>
      sampleOf(samples, "interproc_gateway_requests_total", { route, status });
    assert.deepEqual([requests("put", "201"), requests("queueState", "200"), requests("none", "404")], [1, 1, 1]);
    assert.equal(sampleOf(samples, "interproc_gateway_requests_running", {}), 1);
    message.ack();
  });

  test("the histogram grows from bound to bound, and ends with the count", async () => {
    await using answer = gateway();
    for (let n = 0; n < 5; n++) await answer(ask("/queues/timed?wait=20"));
    const samples = scraped(await (await answer(ask("/metrics"))).text());
    const name = "interproc_gateway_request_duration_seconds";
    const bars = samples.filter((one) => one.name === `${name}_bucket` && one.labels.route === "take");
    const bounds = bars.map(({ labels }) => Number(labels.le.replace("+Inf", "Infinity")));
    assert.deepEqual(
      bounds,
      [...bounds].sort((a, b) => a - b),
    );
    const values = bars.map(({ value }) => value);
    assert.ok(values.every((value, index) => index === 0 || value >= values[index - 1]));
    assert.deepEqual([bounds.at(-1), values.at(-1)], [Number.POSITIVE_INFINITY, 5]);
    assert.equal(sampleOf(samples, `${name}_count`, { route: "take" }), 5);
    assert.ok(sampleOf(samples, `${name}_sum`, { route: "take" }) >= 5 * 0.019);
  });

  test("who may read `metrics` gets it, and nobody else", async () => {
    await using server = await serveGateway({
      tokens: [
        { token: READER, read: ["metrics"] },
        { token: OTHER, read: ["queues/*"], write: ["*"], admin: ["*"] },
      ],
    });
    const statusFor = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/metrics`, { headers })).status;
    assert.equal(await statusFor({ authorization: `Bearer ${READER}` }), 200);
    assert.equal(await statusFor({ authorization: `Bearer ${OTHER}` }), 403);
    assert.equal(await statusFor({}), 401);
    const posted = await fetch(`${server.url}/metrics`, {
      method: "POST",
      headers: { authorization: `Bearer ${READER}` },
    });
    assert.equal(posted.status, 405);
  });
});

describe("figures of objects", watchdog, () => {
  test("smoke: who holds and who waits, and that a holder died", async () => {
    using lock = Lock.openOrCreate("measured-lock");
    using state = new SharedValue("i32", 0);
    const child = spawn(holdLock, [lock, state]);
    await state.waitUntil((value) => value === 1);
    const waiting = lock.acquire();
    const of = { type: "Lock", name: "measured-lock" };
    const now = () => scraped(metricsText(objectMetrics(snapshot())));
    let held = now();
    // it is there for others to see once the loop has turned
    for (; sampleOf(held, "interproc_object_waiters", of) === 0; held = now()) await new Promise(setImmediate);
    assert.equal(sampleOf(held, "interproc_object_holders", { ...of, how: "holds" }), 1);
    assert.equal(sampleOf(held, "interproc_object_waiters", of), 1);
    assert.equal(sampleOf(held, "interproc_object_attached", of), 2);
    assert.equal(sampleOf(held, "interproc_object_abandoned", of), 0);
    assert.equal(sampleOf(held, "interproc_processes", {}), 2);
    child.kill();
    using hold = await waiting;
    assert.ok(hold.abandoned);
    assert.equal(sampleOf(now(), "interproc_object_abandoned", of), 1);
    await child.join();
  });

  test("objects without a name are added up by their type, and have no counters", () => {
    using first = new Queue<number>({ capacity: 8192 });
    using second = new Queue<number>({ capacity: 8192 });
    using _semaphore = new Semaphore(3);
    first.tryPut(1);
    second.tryPut(2);
    const samples = scraped(metricsText(objectMetrics(snapshot())));
    const of = { type: "Queue", name: "" };
    assert.equal(sampleOf(samples, "interproc_object_depth", of), 2);
    assert.equal(sampleOf(samples, "interproc_object_capacity_bytes", of), first.capacity + second.capacity);
    assert.ok(!samples.some(({ name, labels }) => name.endsWith("puts_total") && labels.name === ""));
    assert.equal(sampleOf(samples, "interproc_objects", { type: "Semaphore", state: "live" }), 1);
  });

  test("any text stands in a label, and any figure behind it", () => {
    const name = 'a "quoted"\\ name\nof two lines, {braces}="x"';
    const labels = { name, other: "" };
    const text = metricsText([
      { name: "one", help: "A help\nof \\ two lines.", type: "gauge", samples: [{ labels, value: 1e-9 }] },
      { name: "none", help: "Nothing.", type: "counter", samples: [] },
      { name: "two", help: "More.", type: "gauge", samples: [{ labels: {}, value: Number.POSITIVE_INFINITY }] },
    ]);
    assert.deepEqual(scraped(text), [
      { name: "one", labels, value: 1e-9 },
      { name: "two", labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
    assert.match(
      text,
      /^# HELP one A help\\nof \\\\ two lines\.\n# TYPE one gauge\none\{name="a \\"quoted\\"\\\\ name\\nof/,
    );
    assert.ok(!text.includes("none"));
  });

  test("interproc metrics prints them, or the families as JSON", async () => {
    using queue = Queue.openOrCreate<number>("printed");
    queue.tryPut(1);
    const { code, stdout } = await runCli(["metrics"]);
    assert.equal(code, 0);
    assert.equal(sampleOf(scraped(stdout), "interproc_object_depth", { type: "Queue", name: "printed" }), 1);
    const json = JSON.parse((await runCli(["metrics", "--json"])).stdout) as { name: string }[];
    assert.ok(json.some(({ name }) => name === "interproc_object_depth"));
  });
});
