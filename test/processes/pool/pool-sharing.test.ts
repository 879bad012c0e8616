import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Connection, Pool, pipe, Queue, SharedArray, SharedEvent, SharedMemory, SharedValue } from "interproc";
import { bytesOf, fill, inPool, lengthOf, makeArray, putInto, sayHello } from "../../programs/pool-sharing.js";
import { same, triple, waiting } from "../../programs/pool-work.js";
import { watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const MIB = 2 ** 20;

for (const worker of workerKinds)
  describe(`what a pool's tasks get and give (${worker})`, watchdog, () => {
    test("smoke: a shared block is written by all workers, and nothing is copied", async () => {
      await using pool = new Pool({ processes: 2, worker });
      using block = new SharedMemory({ size: 8 * MIB });
      const parts = Array.from({ length: 8 }, (_, n) => [block, n * MIB, (n + 1) * MIB, n + 1] as const);
      await pool.starmap(fill, parts as never);
      for (let n = 0; n < 8; n++)
        assert.deepEqual([block.bytes[n * MIB], block.bytes[(n + 1) * MIB - 1]], [n + 1, n + 1], `part ${n}`);
    });

    for (const chunkSize of [1, 5, undefined])
      test(`objects deep inside of items are each call's own to close, chunks of ${chunkSize ?? "any size"}`, async () => {
        await using pool = new Pool({ processes: 2, worker });
        using queue = new Queue<number>();
        const items = Array.from({ length: 20 }, (_, value) => ({ queue: queue as Queue, value }));
        await pool.map(putInto, items, chunkSize ? { chunkSize } : {});
        const got = await queue.getMany(20);
        assert.deepEqual(
          got.sort((a, b) => a - b),
          items.map(({ value }) => value),
        );
      });

    test("a connection's end moves to the worker that makes the call, however many wait", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const pipes = Array.from({ length: 12 }, () => pipe<never, string>());
      const ends = pipes.map(([, theirs], n) => [theirs, `${n}`] as [Connection<string>, string]);
      const all = pool.starmap(sayHello, ends, { chunkSize: 4 });
      for (const [n, [mine]] of pipes.entries()) {
        assert.equal(await mine.recv(), `hello from ${n}`);
        await assert.rejects(mine.recv(), { code: "ERR_INTERPROC_EOF" });
        mine.close();
      }
      await all;
      const [mine, theirs] = pipe<never, string>();
      theirs.close();
      await assert.rejects(pool.run(sayHello, theirs as Connection<string>, "nobody"), {
        code: "ERR_INTERPROC_CLOSED",
      });
      mine.close();
    });

    test("the end of a call that is given up before it began is closed, and its peer is told", async () => {
      await using pool = new Pool({ processes: 1, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const running = pool.run(waiting, begun, gate, "first");
      await begun.waitUntil((count) => count === 1);
      const [mine, theirs] = pipe<never, string>();
      const controller = new AbortController();
      const call = pool.run(sayHello, theirs as Connection<string>, "x", { signal: controller.signal });
      controller.abort();
      await assert.rejects(call, { name: "AbortError" });
      gate.set();
      await running;
      theirs.close(); // it is still here: nothing was given to a worker that was at work
      await assert.rejects(mine.recv(), { code: "ERR_INTERPROC_EOF" });
      mine.close();
    });

    test("a result may be a shared object", async () => {
      await using pool = new Pool({ processes: 2, worker });
      using array = await pool.run(makeArray, 100);
      assert.ok(array instanceof SharedArray);
      assert.equal(array.view[99], 100);
      const arrays = await pool.map(makeArray, [1, 2, 3]);
      assert.deepEqual(
        arrays.map((one) => one.length),
        [1, 2, 3],
      );
      for (const one of arrays) one.close();
    });

    test("arguments and results of 8 MiB go both ways, beside small ones", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const bytes = new Uint8Array(8 * MIB).fill(3);
      assert.deepEqual(await pool.run(lengthOf, bytes), [8 * MIB, 3, 3]);
      const back = await pool.run(bytesOf, 8 * MIB);
      assert.ok(back.length === 8 * MIB && back.every((byte) => byte === (8 * MIB) % 251));
      const [large, small, list] = await Promise.all([
        pool.map(lengthOf, [bytes, bytes, bytes]),
        pool.map(triple, [1, 2, 3]),
        pool.map(bytesOf, [MIB, 1, 2 * MIB, 2]),
      ]);
      assert.deepEqual(
        large,
        [1, 2, 3].map(() => [8 * MIB, 3, 3]),
      );
      assert.deepEqual(small, [3, 6, 9]);
      assert.deepEqual(
        list.map(({ length }) => length),
        [MIB, 1, 2 * MIB, 2],
      );
    });

    test("an argument that changes while it waits to be sent fails its own call at most", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const item: Record<string, unknown> = { bytes: new Uint8Array(MIB) };
      const call = pool.run(same, item);
      item.odd = () => "cannot travel";
      await assert.rejects(call, { code: "ERR_INTERPROC_CODEC" });
      assert.equal(await pool.run(triple, 2), 6);
    });

    test("a task may have a pool of its own", async () => {
      await using pool = new Pool({ processes: 2, worker });
      assert.deepEqual(
        await pool.map(inPool, [
          [1, 2, 3],
          [4, 5],
        ]),
        [
          [3, 6, 9],
          [12, 15],
        ],
      );
    });
  });
