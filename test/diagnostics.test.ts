import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, test } from "node:test";
import { connect, expose, Lock, listen, pipe, Queue, remote, Semaphore, SharedValue, spawn } from "interproc";
import { type Carried, carriedOf } from "#src/carried.js";
import { StructuredEncoder } from "#src/codec.js";
import { HEADED } from "#src/rings/item-store.layout.js";
import { codes } from "./contract/connection-kind.js";
import { firstRow, segmentOf } from "./primitives/queue/inside-queue.js";
import { echo } from "./programs/answering.js";
import { holdLock } from "./programs/hold-lock.js";

/** Processes start slowly on a machine that has much to do. */
const watchdog = { timeout: 180_000 };

type Told = Readonly<Record<string, unknown>>;

const leaving: (() => void)[] = [];

/** Hears a channel until the test is over. */
function hear(name: string, listener: (event: Told) => void = () => undefined): Told[] {
  const heard: Told[] = [];
  const tell = (event: unknown): void => {
    heard.push({ ...(event as Told) });
    listener(event as Told);
  };
  subscribe(name, tell);
  leaving.push(() => unsubscribe(name, tell));
  return heard;
}

/** Has a text go along with what a channel tells of. */
const sendAlong = (name: string, headers: Carried): Told[] =>
  hear(`tracing:${name}:start`, (event) => void Object.assign(event.headers as object, headers));

/** The events of an operation in their order. */
function hearAll(name: string): string[] {
  const order: string[] = [];
  for (const event of ["start", "end", "asyncStart", "asyncEnd", "error"])
    hear(`tracing:${name}:${event}`, () => void order.push(event));
  return order;
}

describe("what channels tell", watchdog, () => {
  afterEach(() => {
    for (const leave of leaving.splice(0)) leave();
  });

  test("smoke: of puts and of what is taken, with what went along", async () => {
    using queue = Queue.openOrCreate<unknown>("told");
    const puts = sendAlong("interproc:queue.put", { note: "grüße" });
    const gets = hear("interproc:queue.get");
    await queue.put("a");
    queue.tryPut(new Uint8Array([7]));
    queue.putSync({ c: 1 });
    await queue.putMany([1, 2]);
    assert.deepEqual(
      puts.map(({ operation, url, count }) => [operation, url, count]),
      ["put()", "tryPut()", "putSync()", "put()", "put()"].map((operation) => [operation, "shm:told", 1]),
    );
    using first = await queue.take();
    assert.deepEqual([first.value, first.headers], ["a", { note: "grüße" }]);
    first.ack();
    assert.deepEqual([queue.tryGet(), queue.getSync()], [new Uint8Array([7]), { c: 1 }]);
    assert.deepEqual(await queue.getMany(), [1, 2]);
    const one = { operation: "get()", url: "shm:told", id: undefined, deliveries: 1, headers: { note: "grüße" } };
    assert.deepEqual(gets, [one, one, one, one, one]);
  });

  test("of what is taken in every way, also when nothing went along", async () => {
    using queue = new Queue<number>();
    await queue.putMany([1, 2, 3, 4]);
    (await queue.take()).nack();
    const gets = hear("interproc:queue.get");
    assert.equal(await queue.get(), 1);
    assert.deepEqual(await queue.getMany(2), [2, 3]);
    using message = await queue.take();
    message.ack();
    assert.deepEqual(
      gets.map(({ deliveries, headers }) => [deliveries, headers]),
      [2, 1, 1, 1].map((deliveries) => [deliveries, {}]),
    );
  });

  test("in the order of Node's tracing channels, for what is done at once and what is waited for", async () => {
    using queue = new Queue<number>();
    const order = hearAll("interproc:queue.put");
    queue.tryPut(1);
    assert.deepEqual(order.splice(0), ["start", "end"]);
    await queue.put(2);
    assert.deepEqual(order.splice(0), ["start", "end", "asyncStart", "asyncEnd"]);
    queue.shutdown();
    assert.throws(() => queue.tryPut(3), codes.closed);
    assert.deepEqual(order.splice(0), ["start", "error", "end"]);
  });

  test("of typed calls on both sides, with what went along, and their outcome", async () => {
    const [near, far] = pipe();
    using _near = near;
    using _far = far;
    expose(far, {
      add: (a: number, b: number) => a + b,
      fail: () => Promise.reject(new RangeError("no")),
      each: (one: (n: number) => number) => one(1),
    });
    const api = remote<{ add(a: number, b: number): number; fail(): void; each(one: (n: number) => number): number }>(
      near,
    );
    sendAlong("interproc:call", { traceparent: "00-1" });
    const calls = hear("tracing:interproc:call:asyncEnd");
    const served = hear("tracing:interproc:call.serve:end");
    assert.equal(await api.add(1, 2), 3);
    assert.equal(await api.each((n) => n + 1), 2);
    await assert.rejects(api.fail(), { code: "ERR_INTERPROC_REMOTE" });
    assert.deepEqual(
      calls.map(({ method, result, error }) => [method, result ?? (error as Error).message.includes("no")]),
      [
        ["add", 3],
        ["a callback", 2],
        ["each", 2],
        ["fail", true],
      ],
    );
    assert.deepEqual(served[0], { method: "add", headers: { traceparent: "00-1" }, result: 3 });
    assert.deepEqual(
      served.map(({ method }) => method),
      ["add", "each", "a callback", "fail"],
    );
  });

  test("of a process from its start until its end", async () => {
    const order = hearAll("interproc:process");
    const ended = hear("tracing:interproc:process:asyncEnd");
    const child = spawn(echo, ["x"], { name: "told" });
    await child.join();
    const [{ process: name, task, pid, result }] = ended;
    assert.deepEqual([name, task, pid, result], ["told", "echo", child.pid, { code: 0, signal: null }]);
    assert.deepEqual(order, ["start", "end", "asyncStart", "asyncEnd"]);
  });

  test("of connections, without what stands behind a question mark", async () => {
    const made = hear("tracing:interproc:connect:asyncEnd");
    await using listener = await listen("ws://127.0.0.1:0", { codec: "json" });
    (await connect(listener.address, { codec: "json" })).close();
    await assert.rejects(connect(`${listener.address}?token=secret`), { code: "ERR_INTERPROC_SYSTEM" });
    await assert.rejects(connect("shm:nobody-listens"), { code: "ERR_INTERPROC_NOT_FOUND" });
    assert.deepEqual(
      made.map(({ url, error }) => [String(url).includes("secret"), (error as { code?: string })?.code]),
      [
        [false, undefined],
        [false, "ERR_INTERPROC_SYSTEM"],
        [false, "ERR_INTERPROC_NOT_FOUND"],
      ],
    );
  });

  test("of waits for locks and permits, and of nothing where nobody waits", async () => {
    const waits = hear("tracing:interproc:lock.acquire:asyncEnd");
    const refused = hear("tracing:interproc:lock.acquire:error");
    using lock = Lock.openOrCreate("told-lock");
    const hold = await lock.acquire();
    assert.equal(waits.length, 0);
    const second = lock.acquire();
    hold.release();
    (await second).release();
    using semaphore = new Semaphore(1);
    using _permit = await semaphore.acquire();
    await assert.rejects(semaphore.acquire({ timeout: 1 }), codes.timeout);
    assert.deepEqual(
      waits.map(({ lock: which, operation }) => [which, operation]),
      [
        ['Lock "told-lock"', "acquire()"],
        ["Semaphore", "acquire()"],
      ],
    );
    assert.equal((refused[0].error as { code?: string }).code, "ERR_INTERPROC_TIMEOUT");
  });
});

describe("what goes along", watchdog, () => {
  afterEach(() => {
    for (const leave of leaving.splice(0)) leave();
  });

  test("smoke: without a subscriber that writes something, a message's bytes are what they were", async () => {
    const value = { a: [1, "two"] };
    const plain = new StructuredEncoder().encode(value).slice();
    const rowOf = (queue: Queue<unknown>) =>
      (["length", "flags"] as const).map((name) => segmentOf(queue).words.load(firstRow(queue, name)));
    using queue = new Queue<unknown>();
    await queue.put(value);
    assert.deepEqual(rowOf(queue), [plain.length, 0]);
    using heard = new Queue<unknown>();
    hear("tracing:interproc:queue.put:start");
    await heard.put(value);
    assert.deepEqual(rowOf(heard), [plain.length, 0]);
    using headed = new Queue<unknown>();
    sendAlong("interproc:queue.put", { a: "b" });
    await headed.put(value);
    assert.deepEqual(rowOf(headed), [plain.length + 4 + '{"a":"b"}'.length, HEADED]);
  });

  test("a call's message is what it was, and longer by its last element only where something goes along", async () => {
    const [near, far] = pipe<unknown, unknown>();
    using _near = near;
    using raw = far;
    const api = remote<{ add(a: number, b: number): number }>(near);
    void api.add(1, 2).catch(() => undefined);
    assert.deepEqual(await raw.recv(), [1, 0, "add", [1, 2]]);
    sendAlong("interproc:call", { a: "b" });
    void api.add(1, 2).catch(() => undefined);
    assert.deepEqual(await raw.recv(), [1, 1, "add", [1, 2], [], { a: "b" }]);
  });

  test("anything at its place in a call is as if nothing were there, and the call is answered", async () => {
    const [near, far] = pipe<unknown, unknown>();
    using raw = near;
    using _far = far;
    expose(far, { add: (a: number, b: number) => a + b });
    const served = hear("tracing:interproc:call.serve:start");
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`n${n}`, "x"]));
    const wrong = [null, 7, "text", [], ["a"], { a: 1 }, { a: "b", c: {} }, { a: "x".repeat(8193) }, many, new Map()];
    for (const [id, headers] of wrong.entries()) {
      await raw.send([1, id, "add", [id, 1], [], headers]);
      assert.deepEqual(await raw.recv(), [2, id, id + 1]);
    }
    assert.deepEqual(
      served.map(({ headers }) => headers),
      wrong.map(() => ({})),
    );
    assert.deepEqual(carriedOf(JSON.parse('{"__proto__":"x"}')), JSON.parse('{"__proto__":"x"}'));
  });

  test("bytes of a queue that say so and have none are a CodecError, and the next message comes", async () => {
    for (const bytes of [
      [],
      [1],
      [0, 0, 0, 0],
      [255, 255, 255, 255],
      [2, 0, 0, 0, 123],
      [2, 0, 0, 0, 123, 123, 0, 0],
    ]) {
      using queue = new Queue<unknown>();
      await queue.put(new Uint8Array(bytes));
      segmentOf(queue).words.store(firstRow(queue, "flags"), HEADED);
      await queue.put("next");
      await assert.rejects(queue.get(), codes.codec, JSON.stringify(bytes));
      assert.equal(await queue.get(), "next");
    }
  });

  test("a lock that a dead holder left is told of by who takes it", async () => {
    using lock = Lock.openOrCreate("told-abandoned");
    const told = hear("interproc:lock.abandoned");
    using state = new SharedValue("i32", 0);
    const child = spawn(holdLock, [lock, state]);
    await state.waitUntil((value) => value === 1);
    child.kill();
    await child.join();
    using hold = await lock.acquire();
    assert.deepEqual([hold.abandoned, told], [true, [{ lock: "told-abandoned" }]]);
  });
});
