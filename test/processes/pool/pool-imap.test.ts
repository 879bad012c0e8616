import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool, SharedEvent, SharedValue } from "interproc";
import { failForThrees } from "../../programs/pool-trouble.js";
import { triple, waiting } from "../../programs/pool-work.js";
import { until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

for (const worker of workerKinds)
  describe(`the results of imap (${worker})`, watchdog, () => {
    test("smoke: [case 76] one that fails is thrown in its place, and those behind it follow", async () => {
      await using pool = new Pool({ processes: 2, worker });
      for (const chunkSize of [1, 4]) {
        const results = pool.imap(failForThrees, [1, 2, 3, 4, 5, 6, 7], { chunkSize });
        const outcomes: unknown[] = [];
        for (let n = 0; n < 8; n++)
          outcomes.push(
            await results.next().then(
              ({ value, done }) => (done ? "end" : value),
              (error: { remoteName: string }) => error.remoteName,
            ),
          );
        assert.deepEqual(outcomes, [1, 2, "RangeError", 4, 5, "RangeError", 7, "end"]);
      }
    });

    test("[case 76] next can be given up by timeout or signal, and the result is the next call's", async () => {
      await using pool = new Pool({ processes: 1, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const running = pool.run(waiting, begun, gate);
      await begun.waitUntil((count) => count === 1);
      const results = pool.imap(triple, [1, 2]);
      await assert.rejects(results.next({ timeout: 20 }), {
        code: "ERR_INTERPROC_TIMEOUT",
        message: /next\(\) of imap\(\)/,
      });
      const controller = new AbortController();
      const given = results.next({ signal: controller.signal });
      const later = results.next();
      controller.abort();
      await assert.rejects(given, { name: "AbortError" });
      await assert.rejects(results.next({ signal: AbortSignal.abort() }), { name: "AbortError" });
      gate.set();
      assert.deepEqual([(await later).value, (await results.next()).value], [3, 6]);
      assert.equal((await results.next()).done, true);
      await running;
    });

    for (const kind of ["a generator", "an asynchronous generator"])
      test(`[case 81] take no more than a window from ${kind} before results are taken`, async () => {
        await using pool = new Pool({ processes: 2, worker });
        for (const way of ["imap", "imapUnordered"] as const)
          for (const [window, chunkSize] of [
            [1, 1],
            [8, 1],
            [8, 8],
            [10, 3],
          ]) {
            let pulled = 0;
            let isClosed = false;
            function* numbers(): Generator<number> {
              try {
                for (;;) yield ++pulled;
              } finally {
                isClosed = true;
              }
            }
            async function* later(): AsyncGenerator<number> {
              yield* numbers();
            }
            const input = kind === "a generator" ? numbers() : later();
            const results = pool[way](triple, input, { window, chunkSize });
            for (let taken = 0; taken < 30; taken++) {
              await results.next();
              assert.ok(
                pulled <= taken + 1 + window,
                `${pulled} pulled of ${way}, ${taken + 1} taken, window ${window}`,
              );
            }
            await pool.run(triple, 1);
            await pool.run(triple, 1);
            assert.ok(pulled <= 30 + window);
            await results.return();
            await until(() => isClosed);
          }
      });

    test("leaving the loop drops what has not begun, and the pool is free for others", async () => {
      await using pool = new Pool({ processes: 1, worker });
      let isClosed = false;
      function* numbers(): Generator<number> {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          isClosed = true;
        }
      }
      for await (const value of pool.imap(triple, numbers())) if (value > 30) break;
      assert.ok(isClosed);
      assert.equal(await pool.run(triple, 1), 3);
      {
        await using results = pool.imapUnordered(triple, [1, 2, 3]);
        await results.next();
      }
      assert.equal(await pool.run(triple, 2), 6);
    });

    test("come as soon as they are there when no order is asked for", async () => {
      await using pool = new Pool({ processes: 2, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      await pool.warm();
      const slow = pool.run(waiting, begun, gate);
      await begun.waitUntil((count) => count === 1);
      const results = pool.imapUnordered(triple, [1, 2, 3, 4]);
      const values = new Set<unknown>();
      for await (const value of results) values.add(value);
      assert.deepEqual(values, new Set([3, 6, 9, 12]));
      gate.set();
      await slow;
    });

    test("that nobody takes hold up neither others nor the end of the pool", async () => {
      const pool = new Pool({ processes: 1, worker });
      function* endless(): Generator<number> {
        for (let n = 0; ; n++) yield n;
      }
      const abandoned = pool.imap(triple, endless(), { window: 4 });
      const half = pool.imap(triple, [1, 2, 3]);
      assert.equal((await half.next()).value, 3);
      assert.equal(await pool.run(triple, 1), 3);
      await pool.close();
      await assert.rejects(
        (async () => {
          for await (const _ of abandoned);
        })(),
        { code: "ERR_INTERPROC_CLOSED" },
      );
    });

    test("many askers at once get one result each, in order", async () => {
      await using pool = new Pool({ processes: 2, worker });
      const results = pool.imap(triple, [1, 2, 3]);
      const all = await Promise.all([1, 2, 3, 4, 5].map(() => results.next()));
      assert.deepEqual(
        all.map(({ value, done }) => (done ? "end" : value)),
        [3, 6, 9, "end", "end"],
      );
    });
  });
