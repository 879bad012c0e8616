import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, test } from "node:test";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { NotFoundError, openQueue, Pool, pipe, Queue, remote, SharedValue, spawn } from "interproc";
import { loadApi } from "#src/opentelemetry/load-api.js";
import { codes } from "../contract/connection-kind.js";
import {
  type tracedApi,
  tracedConsuming,
  tracedConsumingAt,
  tracedServing,
  whereItRuns,
} from "../programs/traced-tasks.js";
import { otel, spans, type Where, whereNow } from "../programs/tracing.js";

/** Processes start slowly on a machine that has much to do. */
const watchdog = { timeout: 180_000 };

/** Runs something in a span of its own, and gives that span's ids along. */
function within<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly trace: string; readonly root: string }> {
  return trace.getTracer("test").startActiveSpan("root", async (span) => {
    const { traceId, spanId } = span.spanContext();
    try {
      return { result: await work(), trace: traceId, root: spanId };
    } finally {
      span.end();
    }
  });
}

/** The finished spans of a name, which there must be. */
function named(name: string): ReadableSpan[] {
  const all = spans.getFinishedSpans();
  const found = all.filter((span) => span.name === name);
  assert.ok(found.length > 0, `a span ${name} among ${all.map((span) => span.name).join(", ")}`);
  return found;
}

const idOf = (span: ReadableSpan): string => span.spanContext().spanId;

/** What ran elsewhere was in a span that is the child of one of these, which are children of the root. */
function assertChildren(
  found: readonly Where[],
  parents: readonly ReadableSpan[],
  { trace: traceId, root }: { readonly trace: string; readonly root: string },
): void {
  for (const parent of parents) assert.equal(parent.parentSpanContext?.spanId, root);
  for (const where of found) {
    assert.notEqual(where.pid, process.pid);
    assert.equal(where.trace, traceId);
    assert.ok(parents.map(idOf).includes(where.parent ?? ""), `${where.parent} is one of ${parents.map(idOf)}`);
  }
}

describe("a trace goes on in another process", watchdog, () => {
  beforeEach(() => spans.reset());

  test("smoke: that was spawned; its span lasts until the process has ended", async () => {
    const run = await within(async () => {
      const child = spawn(whereItRuns);
      const result = await child.result();
      await child.join();
      return { result, pid: child.pid };
    });
    const [span] = named("whereItRuns");
    assertChildren([run.result.result], [span], run);
    assert.equal(span.kind, SpanKind.CLIENT);
    const { "process.pid": pid, "process.exit.code": code, ...rest } = span.attributes;
    assert.deepEqual([pid, code], [run.result.pid, 0]);
    assert.deepEqual(rest, { "rpc.system.name": "interproc", "rpc.method": "whereItRuns" });
  });

  test("that is a pool's worker: a call, calls in chunks, and calls as they come", async () => {
    await using pool = new Pool({ processes: 1 });
    const one = await within(() => pool.run(whereItRuns));
    assertChildren([one.result], named("whereItRuns"), one);
    spans.reset();
    const many = await within(() => pool.map(whereItRuns, [1, 2, 3, 4], { chunkSize: 2 }));
    assertChildren(many.result, named("whereItRuns"), many);
    assert.equal(new Set(many.result.map(({ span }) => span)).size, 4);
    spans.reset();
    const lazy = await within(async () => {
      const found: Where[] = [];
      for await (const where of pool.imap(whereItRuns, [1, 2])) found.push(where);
      return found;
    });
    assertChildren(lazy.result, named("whereItRuns"), lazy);
    const none = await pool.run(whereItRuns);
    assert.notEqual(none.trace, one.trace);
  });

  test("that serves calls; a call that fails is an error of its span", async () => {
    const [near, far] = pipe();
    const child = spawn(tracedServing, [far]);
    const api = remote<typeof tracedApi>(near);
    const run = await within(() => Promise.all([api.where(), api.where()]));
    assertChildren(run.result, named("where"), run);
    assert.equal(new Set(run.result.map(({ parent }) => parent)).size, 2);
    await assert.rejects(api.fail(), { code: "ERR_INTERPROC_REMOTE" });
    const [failed] = named("fail");
    assert.deepEqual(
      [failed.kind, failed.status.code, failed.status.message?.includes("no")],
      [SpanKind.CLIENT, SpanStatusCode.ERROR, true],
    );
    assert.equal(failed.attributes["error.type"], "ERR_INTERPROC_REMOTE");
    near.close();
    await child.join();
  });

  test("that takes from a queue in shared memory: values, bytes, long ones, objects, and many at once", async () => {
    using queue = Queue.openOrCreate<unknown>("traced");
    using value = new SharedValue("i32", 1);
    const run = await within(async () => {
      await queue.put("short");
      queue.putSync(new Uint8Array([1, 2, 3]));
      assert.ok(queue.tryPut("long ".repeat(queue.capacity / 8)));
      await queue.put(value);
      await queue.putMany(["a", "b"]);
      const child = spawn(tracedConsuming, [queue, 6]);
      return child.result();
    });
    const puts = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.PRODUCER);
    assert.equal(puts.length, 6);
    assertChildren(run.result, puts, run);
    assert.equal(new Set(run.result.map(({ parent }) => parent)).size, 6);
    assert.deepEqual(puts[0].attributes, {
      "messaging.system": "interproc",
      "messaging.destination.name": "traced",
      "messaging.operation.type": "send",
      "messaging.operation.name": "put",
    });
    assert.equal(puts[0].name, "put traced");
  });

  test("that takes from a durable queue, by a loop", async () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-traced-"));
    const url = `file:${join(folder, "jobs.queue")}`;
    try {
      await using queue = await openQueue(url);
      const run = await within(async () => {
        await queue.put(1, { headers: { own: "kept" } });
        await queue.putMany([2, 3]);
        return spawn(tracedConsumingAt, [url, 3]).result();
      });
      const puts = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.PRODUCER);
      assertChildren(run.result, puts, run);
      assert.deepEqual(
        puts.map(({ attributes }) => attributes["messaging.batch.message_count"]),
        [undefined, 2],
      );
      await queue.put(4, { headers: { own: "kept" } });
      const message = await queue.take();
      assert.equal(message.headers.own, "kept");
      await message.ack();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a trace within one process", watchdog, () => {
  beforeEach(() => spans.reset());

  test("smoke: what is taken is received in the trace in which it was put, and linked to it", async () => {
    using queue = new Queue<string>();
    const { trace: traceId } = await within(() => queue.put("x"));
    assert.equal(await queue.get(), "x");
    const [put] = named("put (anonymous)");
    const [got] = named("get (anonymous)");
    assert.deepEqual([got.spanContext().traceId, got.parentSpanContext?.spanId], [traceId, idOf(put)]);
    assert.deepEqual([got.kind, got.links.map(({ context }) => context.spanId)], [SpanKind.CLIENT, [idOf(put)]]);
    assert.equal(got.attributes["messaging.operation.type"], "receive");
  });

  test("a message's context is its own, however it is handled; work that fails is an error of the span", async () => {
    using queue = new Queue<number>();
    await within(() => queue.put(1));
    const [put] = named("put (anonymous)");
    using message = await queue.take();
    assert.equal(trace.getSpanContext(otel.contextOf(message))?.spanId, idOf(put));
    assert.equal(otel.process(message, whereNow).parent, idOf(put));
    await assert.rejects(
      otel.process(message, async () => {
        throw new TypeError("bad work");
      }),
      TypeError,
    );
    const [, failed] = named("process (anonymous)");
    assert.deepEqual([failed.status.message, failed.attributes["error.type"]], ["bad work", "TypeError"]);
    message.ack();
  });

  test("a dead letter has the context of the message that it was", async () => {
    using letters = new Queue<number>();
    using queue = new Queue<number>({ deadLetter: letters });
    await within(() => queue.put(1));
    const [put] = named("put (anonymous)");
    (await queue.take()).nack({ requeue: false });
    using dead = await letters.take();
    assert.equal(trace.getSpanContext(otel.contextOf(dead))?.spanId, idOf(put));
    dead.ack();
    assert.equal(named("put (anonymous)").length, 1, "the library's own put is none of the user's");
  });

  test("a dead letter of a durable queue has it too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "interproc-traced-"));
    try {
      const at = (name: string): string => `file:${join(folder, name)}`;
      await using letters = await openQueue(at("dead.queue"));
      await using queue = await openQueue(at("jobs.queue"), { deadLetter: join(folder, "dead.queue") });
      await within(() => queue.put(1));
      const [put] = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.PRODUCER);
      await (await queue.take()).nack({ requeue: false });
      const dead = await letters.take();
      assert.equal(trace.getSpanContext(otel.contextOf(dead))?.spanId, idOf(put));
      await dead.ack();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a put that fails is an error, by its code", async () => {
    using queue = new Queue<number>();
    queue.shutdown();
    await assert.rejects(queue.put(1), codes.closed);
    assert.throws(() => queue.tryPut(1), codes.closed);
    const types = named("put (anonymous)").concat(named("tryPut (anonymous)"));
    assert.deepEqual(
      types.map(({ attributes }) => attributes["error.type"]),
      ["ERR_INTERPROC_CLOSED", "ERR_INTERPROC_CLOSED"],
    );
  });

  test("without the package it is told how to install it; any other failure is passed on", () => {
    const missing = (): never => {
      throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
    };
    const says = /instrument\(\): the package @opentelemetry\/api is not installed; npm install @opentelemetry\/api@1/;
    assert.throws(
      () => loadApi("instrument()", missing),
      (error: unknown) => error instanceof NotFoundError && says.test(error.message),
    );
    const broken = (): never => {
      throw new SyntaxError("broken");
    };
    assert.throws(() => loadApi("instrument()", broken), SyntaxError);
  });

  test("once it has ended nothing is written any more, and nothing goes along", async () => {
    using queue = new Queue<number>();
    otel();
    otel[Symbol.dispose]();
    await within(() => queue.put(1));
    using message = await queue.take();
    assert.deepEqual(message.headers, {});
    message.ack();
    assert.deepEqual(
      spans.getFinishedSpans().map(({ name }) => name),
      ["root"],
    );
  });
});
