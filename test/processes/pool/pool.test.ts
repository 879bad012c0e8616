import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool, SharedEvent, SharedValue } from "interproc";
import { add, same, triple, waiting, whoRuns } from "../../programs/pool-work.js";
import { watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

async function* asynchronously<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    if (Math.random() < 0.1) await new Promise(setImmediate);
    yield item;
  }
}

async function gather<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

for (const worker of workerKinds)
  describe(`a pool (${worker})`, watchdog, () => {
    test("smoke: [case 74] run gives what the task returns, in a worker", async () => {
      await using pool = new Pool({ processes: 2, worker });
      assert.equal(await pool.run(triple, 7), 21);
      assert.equal(await pool.run(add, 2, 3), 5);
      assert.notEqual(await pool.run(whoRuns), await whoRuns());
    });

    for (const chunkSize of [1, 2, 20, undefined])
      test(`[case 74] map, starmap, imap and imapUnordered give the serial result, chunks of ${chunkSize ?? "any size"}`, async () => {
        await using pool = new Pool({ processes: 2, worker });
        const options = chunkSize === undefined ? {} : { chunkSize };
        for (const count of [0, 1, 10, 19, 20, 21, 1000]) {
          const items = numbers(count);
          const serial = items.map((n) => n * 3);
          assert.deepEqual(await pool.map(triple, items, options), serial);
          assert.deepEqual(await pool.map(triple, new Set(items).values(), options), serial, "an iterator");
          assert.deepEqual(await pool.map(triple, asynchronously(items), options), serial, "an asynchronous input");
          const pairs = items.map((n) => [n, n * 2] as [number, number]);
          assert.deepEqual(await pool.starmap(add, pairs, options), serial);
          assert.deepEqual(await gather(pool.imap(triple, items, options)), serial);
          assert.deepEqual(await gather(pool.imap(triple, asynchronously(items), options)), serial);
          const unordered = await gather(pool.imapUnordered(triple, items, options));
          assert.deepEqual(
            unordered.sort((a, b) => a - b),
            serial,
          );
        }
      });

    test("the order of results is that of the items, whichever ends first", async () => {
      await using pool = new Pool({ processes: 2, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const first = pool.run(waiting, begun, gate, "late");
      const mapped = pool.starmap(waiting, [[begun, gate, "a"]]);
      await begun.waitUntil((count) => count === 2);
      gate.set();
      assert.deepEqual([await first, await mapped], ["late", ["a"]]);
      const gathered: unknown[] = [];
      for await (const text of pool.imap(same, ["x", "y", "z"])) gathered.push(text);
      assert.deepEqual(gathered, ["x", "y", "z"]);
    });

    test("an empty input is done at once, without a worker", async () => {
      await using pool = new Pool({ processes: 2, worker });
      assert.deepEqual(await pool.map(triple, []), []);
      assert.deepEqual(await gather(pool.imap(triple, new Set<number>())), []);
      assert.deepEqual(pool.pids, []);
    });

    test("starts no more workers than there are items", async () => {
      await using pool = new Pool({ processes: 8, worker });
      assert.deepEqual(await pool.map(triple, [1, 2]), [3, 6]);
      assert.ok(pool.pids.length <= 2, `${pool.pids.length} workers`);
    });

    test("a text is an input like any other iterable", async () => {
      await using pool = new Pool({ processes: 1, worker });
      assert.deepEqual(await pool.map(same, "abc"), ["a", "b", "c"]);
    });

    test("many calls at once are all answered, and a run that comes late does not wait for a long map", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const ended: string[] = [];
      const note =
        (what: string) =>
        <T>(value: T): T => {
          ended.push(what);
          return value;
        };
      const long = pool.map(triple, numbers(30_000), { chunkSize: 1 }).then(note("map"));
      const others = await Promise.all([
        pool.run(add, 1, 1).then(note("run")),
        pool.starmap(add, [[2, 2]]).then(note("starmap")),
        gather(pool.imap(triple, numbers(50))).then(note("imap")),
      ]);
      assert.deepEqual(others, [2, [4], numbers(50).map((n) => n * 3)]);
      assert.equal((await long).length, 30_000);
      assert.equal(ended.at(-1), "map");
    });

    test("the end of a map does not wait for what others have asked for", async () => {
      await using pool = new Pool({ processes: 1, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const inputs = [[1], [1][Symbol.iterator](), asynchronously([1])];
      const maps = inputs.map((items) => pool.map(triple, items));
      const blocking = [1, 2, 3].map(() => pool.run(waiting, begun, gate));
      assert.deepEqual(await Promise.all(maps), [[3], [3], [3]]);
      gate.set();
      await Promise.all(blocking);
    });

    test("tells how far it is, and what onProgress throws ends the call", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const seen: unknown[] = [];
      await pool.map(triple, [1, 2, 3], { chunkSize: 1, onProgress: (progress) => seen.push(progress) });
      assert.deepEqual(
        seen,
        [1, 2, 3].map((done) => ({ done, failed: 0, total: 3 })),
      );
      const reason = new Error("enough");
      const onProgress = (): never => {
        throw reason;
      };
      await assert.rejects(pool.map(triple, numbers(100), { onProgress }), reason);
      assert.equal(await pool.run(triple, 1), 3);
    });

    test("knows more tasks at once than messages fit between it and a worker", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const { manyTasks } = await import("../../programs/pool-many-tasks.js");
      const answers = await Promise.all(manyTasks.map((one) => pool.run(one)));
      assert.deepEqual(answers, numbers(manyTasks.length));
    });
  });
