import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { Queue, type QueueMessage, share, spawn } from "interproc";
import { codes, patterned, watchdog } from "../../contract/connection-kind.js";
import { draining, echoing, putting } from "../../programs/queueing.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";
import { heldFor, readWord, states } from "./inside-queue.js";

const PRODUCERS = 4;

/** Each producer's numbers are one more than a multiple of a million, in its order. */
function checkOrder(got: readonly number[]): void {
  const last = new Map<number, number>();
  for (const number of got) {
    const producer = Math.floor(number / 1e6);
    assert.ok(number > (last.get(producer) ?? -1), `${number} came behind ${last.get(producer)}`);
    last.set(producer, number);
  }
}

describe("a wait at a queue", watchdog, () => {
  test("smoke: ends when another function of this thread puts something, or makes room", async () => {
    using queue = new Queue<number>({ maxItems: 1 });
    const waiting = queue.get();
    await queue.put(1);
    assert.equal(await waiting, 1);
    await queue.put(2);
    const putting = queue.put(3);
    assert.equal(await queue.get(), 2);
    await putting;
    assert.equal(await queue.get(), 3);
  });

  test("calls are served in the order in which they came, whoever would come later", async () => {
    using queue = new Queue<number>({ maxItems: 2 });
    const first = [queue.get(), queue.get()];
    assert.equal(queue.tryPut(1), true);
    first.push(queue.get());
    assert.equal(queue.tryPut(2), true);
    const putting = [3, 4, 5, 6].map((number) => queue.put(number));
    assert.deepEqual(await Promise.all(first), [1, 2, 3]);
    const rest = [await queue.get(), await queue.get(), await queue.get()];
    assert.deepEqual(rest, [4, 5, 6]);
    await Promise.all(putting);
  });

  test("putSync goes behind the puts of this handle that wait already", async () => {
    using queue = new Queue<string>({ maxItems: 1 });
    using results = new Queue<unknown>();
    queue.tryPut("first");
    const waiting = queue.put("second");
    assert.equal(queue.tryPut("overtaking"), false);
    const child = spawn(echoing, [queue, results]);
    queue.putSync("third");
    await waiting;
    queue.shutdown();
    await child.join();
    assert.deepEqual(await results.getMany(), ["first", "second", "third"]);
  });

  test("a wait that is aborted, times out or whose handle is closed has taken nothing and leaves nothing", async () => {
    using queue = new Queue<unknown>({ maxItems: 1, capacity: 8192 });
    const gone = new AbortController();
    const reason = new Error("enough");
    const waits = [
      queue.get({ signal: gone.signal }),
      queue.take({ signal: gone.signal }),
      queue.getMany(3, { signal: gone.signal }),
      queue.messages({ signal: gone.signal }).next(),
    ].map((one) => assert.rejects(one, reason));
    gone.abort(reason);
    await Promise.all(waits);
    await assert.rejects(queue.get({ signal: gone.signal }), reason);
    await assert.rejects(queue.put(1, { signal: gone.signal }), reason);
    assert.equal(queue.tryPut("one"), true);
    const again = new AbortController();
    const puts = ["two", patterned(5000), { queue: new Queue() }].map((value) =>
      assert.rejects(queue.put(value, { signal: again.signal }), reason),
    );
    assert.ok(heldFor(queue).length >= 2);
    again.abort(reason);
    await Promise.all(puts);
    assert.deepEqual([await queue.get(), queue.tryGet(), heldFor(queue)], ["one", undefined, []]);
    assert.deepEqual(states(queue), { ready: 0, taken: 0, writing: 0 });
  });

  test("timeouts and aborts at random moments lose and double nothing", async () => {
    using queue = new Queue<number>({ maxItems: 3 });
    const seed = chooseSeed();
    const random = new SeededRandom(seed);
    const put: number[] = [];
    const got: number[] = [];
    let isOver = false;
    const patience = (): { timeout?: number; signal?: AbortSignal } => {
      if (random.below(2) === 0) return { timeout: random.below(2) };
      const controller = new AbortController();
      setImmediate(() => controller.abort(new Error("aborted")));
      return { signal: controller.signal };
    };
    const producing = async (first: number): Promise<void> => {
      for (let i = 0; i < 300; i++)
        await queue.put(first + i, patience()).then(
          () => put.push(first + i),
          () => undefined,
        );
    };
    const consuming = async (): Promise<void> => {
      while (!isOver)
        await queue.get(patience()).then(
          (number) => got.push(number),
          () => undefined,
        );
    };
    const consumers = [consuming(), consuming()];
    await Promise.all([producing(0), producing(1_000_000), producing(2_000_000)]);
    await queue.join();
    isOver = true;
    await Promise.all(consumers);
    assert.deepEqual(
      [...got].sort((a, b) => a - b),
      [...put].sort((a, b) => a - b),
      `INTERPROC_SEED=${seed}`,
    );
    checkOrder(got);
  });

  test("a wait that only this very thread could end is a UsageError at once", () => {
    using queue = new Queue<number>({ maxItems: 1 });
    for (const wait of [() => queue.getSync(), () => queue.takeSync(), () => queue.getManySync()])
      assert.throws(wait, { ...codes.usage, message: /nobody could ever end the wait/ });
    queue.tryPut(1);
    assert.throws(() => queue.putSync(2), codes.usage);
    assert.throws(() => queue.putManySync([2, 3]), codes.usage);
    assert.throws(() => queue.joinSync(), codes.usage);
    assert.deepEqual([queue.size, queue.tryGet()], [1, 1]);
    using named = Queue.create("somebody may come");
    assert.throws(() => named.getSync({ timeout: 10 }), codes.timeout);
  });

  test("many functions of one thread get each message once", async () => {
    using queue = new Queue<number>();
    const got: number[] = [];
    const consumers = Array.from({ length: 20 }, async () => {
      for await (const number of queue) got.push(number);
    });
    for (let i = 0; i < 1000; i++) await queue.put(i);
    queue.shutdown();
    await Promise.all(consumers);
    assert.deepEqual(
      got.sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  test("a long message is not starved by short ones", async () => {
    using queue = new Queue<Uint8Array>({ capacity: 16_384 });
    while (queue.tryPut(patterned(100)));
    let isIn = false;
    const long = queue.put(patterned(4000)).then(() => {
      isIn = true;
    });
    using other = new Queue<Queue<Uint8Array>>();
    other.tryPut(queue);
    const second = other.getSync();
    for (let i = 0; !isIn; i++) {
      queue.tryGet();
      second.tryPut(patterned(100));
      if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await long;
    assert.equal(readWord(queue, "claimOwner"), 0);
    while (queue.tryGet());
    assert.equal(queue.tryPut(patterned(4000)), true);
    second.close();
  });

  test("unref lets a process end that only waits here, ref holds it", async () => {
    using queue = new Queue<number>();
    assert.equal(queue.unref(), queue);
    const waiting = queue.get();
    assert.equal(queue.ref(), queue);
    queue.tryPut(1);
    assert.equal(await waiting, 1);
  });
});

describe("a queue between processes and threads", { timeout: 60_000 }, () => {
  const forms = ["put", "putSync", "putMany", "put"] as const;
  const ways = ["for await", "getSync", "getMany", "messages"] as const;
  test(`smoke: ${PRODUCERS} producers and ${PRODUCERS} consumers in processes of their own: each message once, each producer's in order`, async () => {
    using queue = new Queue<unknown>({ capacity: 16_384 });
    const consumers = ways.map((way) => spawn(draining, [queue, way]));
    const producers = forms.map((form, i) => spawn(putting, [queue, i * 1e6, 2000, form]));
    for (const producer of producers) assert.equal((await producer.join()).code, 0);
    await queue.join();
    queue.shutdown();
    const got = (await Promise.all(consumers.map((consumer) => consumer.result()))) as number[][];
    for (const one of got) checkOrder(one);
    assert.deepEqual(
      got.flat().sort((a, b) => a - b),
      forms.flatMap((_, i) => Array.from({ length: 2000 }, (_, n) => i * 1e6 + n)),
    );
  });

  test("a thread that blocks is woken by another process, and by a worker thread", async () => {
    using there = new Queue<number>();
    using back = new Queue<number>();
    const child = spawn(echoing, [there, back]);
    for (let i = 0; i < 50; i++) {
      there.putSync(i);
      assert.equal(back.getSync(), i);
    }
    there.shutdown();
    await child.join();
    using source = new Queue<unknown>();
    using target = new Queue<unknown>({ maxItems: 2 });
    const workerData = { from: share(source), to: share(target), way: "drain" };
    const worker = new Worker(new URL("../../programs/queue-worker.js", import.meta.url), { workerData });
    for (let i = 0; i < 50; i++) await source.put({ i });
    for (let i = 0; i < 50; i++) assert.deepEqual(i % 2 ? target.getSync() : await target.get(), { i });
    source.shutdown();
    await once(worker, "exit");
    assert.deepEqual([target.size, source.unacked], [0, 0]);
  });

  test("a worker thread that ends with messages taken gives them back, in order", async () => {
    using source = new Queue<unknown>();
    using target = new Queue<unknown>();
    await source.putMany([1, 2, 3]);
    const workerData = { from: share(source), to: share(target), way: "leave" };
    const worker = new Worker(new URL("../../programs/queue-worker.js", import.meta.url), { workerData });
    await once(worker, "exit");
    assert.deepEqual(await target.get(), [1, 2]);
    const all: (QueueMessage<unknown> | undefined)[] = [source.tryTake(), source.tryTake(), source.tryTake()];
    assert.deepEqual(
      all.map((one) => [one?.value, one?.redelivered]),
      [
        [1, true],
        [2, true],
        [3, false],
      ],
    );
  });

  test("consumers in two processes that wait for each other's message at the end both end", async () => {
    using queue = new Queue<unknown>();
    await queue.putMany(Array.from({ length: 200 }, (_, i) => i));
    const consumers = [spawn(draining, [queue, "messages"]), spawn(draining, [queue, "for await"])];
    queue.shutdown();
    const got = (await Promise.all(consumers.map((one) => one.result()))) as number[][];
    assert.equal(got.flat().length, 200);
  });
});
