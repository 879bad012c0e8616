import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { currentTask, Pool, SharedEvent, SharedValue } from "interproc";
import { comeNext, endWhenTold, takeGates } from "../../programs/pool-just-ended.js";
import { blocking, deaf, untilAborted, whatRuns } from "../../programs/pool-marks.js";
import { triple, waiting, whoRuns } from "../../programs/pool-work.js";
import { until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const reason = new Error("not wanted any more");

for (const worker of workerKinds)
  describe(`a call that is given up (${worker})`, watchdog, () => {
    test("smoke: before it was made rejects with the signal's reason, and nothing is started", async () => {
      await using pool = new Pool({ processes: 1, worker });
      const signal = AbortSignal.abort(reason);
      await assert.rejects(pool.with({ signal }).run(triple, 1), reason);
      await assert.rejects(pool.run(triple, 1, { signal }), reason);
      await assert.rejects(pool.map(triple, [1], { signal }), reason);
      assert.throws(() => pool.imap(triple, [1], { signal }), reason);
      assert.deepEqual(pool.pids, []);
    });

    test("while it waits is dropped: its task never begins", async () => {
      await using pool = new Pool({ processes: 1, worker });
      using begun = new SharedValue("i32", 0);
      using never = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const running = pool.run(waiting, begun, gate, "first");
      await begun.waitUntil((count) => count === 1);
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [
        pool.run(waiting, never, gate, undefined, { signal }),
        pool.with({ signal }).run(triple, 1),
        pool.starmap(waiting, [[never, gate]], { signal }),
        pool.map(triple, [1, 2, 3], { signal }),
        pool.imap(triple, [1, 2, 3], { signal }).next(),
      ];
      setImmediate(() => controller.abort(reason));
      for (const call of calls) await assert.rejects(call, reason);
      gate.set();
      assert.equal(await running, "first");
      assert.equal(await pool.run(triple, 1), 3);
      assert.equal(never.value, 0);
    });

    test("while it runs is told to its task, which may end in its own way: its worker goes on", async () => {
      await using pool = new Pool({ processes: 1, worker, stopTimeout: 60_000 });
      using begun = new SharedValue("i32", 0);
      using ended = new SharedValue("i32", 0);
      const who = await pool.run(whoRuns);
      const controller = new AbortController();
      const call = pool.run(untilAborted, begun, ended, { signal: controller.signal });
      await begun.waitUntil((count) => count === 1);
      controller.abort(reason);
      await assert.rejects(call, reason);
      await ended.waitUntil((count) => count === 1);
      assert.equal(await pool.run(whoRuns), who);
    });

    test("while it runs and does not listen loses its worker after stopTimeout; nobody else is touched", async () => {
      await using pool = new Pool({ processes: 2, worker, stopTimeout: 50 });
      using begun = new SharedValue("i32", 0);
      using others = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const other = pool.run(waiting, others, gate, "undisturbed");
      await others.waitUntil((count) => count === 1);
      const controller = new AbortController();
      const call = pool.run(deaf, begun, { signal: controller.signal });
      await begun.waitUntil((count) => count === 1);
      const lying = [1, 2, 3, 4].map((n) => pool.run(triple, n));
      controller.abort(reason);
      await assert.rejects(call, reason);
      gate.set();
      assert.equal(await other, "undisturbed");
      assert.deepEqual(await Promise.all(lying), [3, 6, 9, 12]);
    });

    test("and ends by itself just before its worker would be killed does not take what has begun behind it along", async () => {
      using began = new SharedValue("i32", 0);
      using mayEnd = new SharedEvent();
      using mayEndNext = new SharedEvent();
      const initArgs = [began, mayEnd, mayEndNext];
      await using pool = new Pool({ processes: 1, worker, stopTimeout: 1, initializer: takeGates, initArgs });
      for (const event of [mayEnd, mayEndNext]) event.set();
      await Promise.all([pool.run(endWhenTold), pool.run(comeNext)]); // from now on it knows both
      for (const event of [mayEnd, mayEndNext]) event.clear();
      began.value = 0;
      const controller = new AbortController();
      const call = pool.run(endWhenTold, { signal: controller.signal });
      await began.waitUntil((count) => count === 1);
      await new Promise((resolve) => setTimeout(resolve)); // among timers, so that the pool's is next, and not the pipe
      const next = pool.run(comeNext);
      assert.equal(pool.underWay, 2);
      controller.abort(reason);
      mayEnd.set();
      began.waitUntilSync((count) => count === 2); // blocks the pool, which hears of nothing while its time is over
      for (const until = performance.now() + 20; performance.now() < until; );
      await assert.rejects(call, reason);
      await Promise.race([next, until(() => pool.underWay === 1)]);
      mayEndNext.set();
      assert.equal(await next, "undisturbed");
    });

    test("by its timeout rejects with a TimeoutError, whatever it was doing", async () => {
      await using pool = new Pool({ processes: 1, worker, stopTimeout: 0 });
      using begun = new SharedValue("i32", 0);
      const timeout = { code: "ERR_INTERPROC_TIMEOUT", message: /pool: run\(\) of deaf did not finish within 500 ms/ };
      await assert.rejects(pool.with({ timeout: 500 }).run(deaf, begun), timeout);
      await assert.rejects(
        pool.map(deaf, [begun, begun], { timeout: 300 }),
        /map\(\) of deaf did not finish within 300 ms/,
      );
      assert.equal(await pool.with({ timeout: Number.POSITIVE_INFINITY }).run(triple, 1), 3);
      assert.equal(await pool.with({ timeout: 2 ** 40 }).run(triple, 1), 3);
    });

    test("and was half through drops the rest: a map of much, a loop over results that nobody took", async () => {
      await using pool = new Pool({ processes: 1, worker });
      for (const way of ["map", "imap", "imapUnordered"] as const) {
        const controller = new AbortController();
        let drawn = 0;
        function* endless(): Generator<number> {
          for (;;) yield drawn++;
        }
        const options = {
          signal: controller.signal,
          chunkSize: 1,
          onProgress: () => drawn > 50 && controller.abort(reason),
        };
        if (way === "map") await assert.rejects(pool.map(triple, endless(), options), reason);
        else {
          const results = pool[way](triple, endless(), { ...options, window: 100 });
          await until(() => controller.signal.aborted);
          await assert.rejects(results.next(), reason);
          assert.equal((await results.next()).done, true);
        }
        const then = drawn;
        assert.equal(await pool.run(triple, 1), 3);
        assert.equal(drawn, then);
      }
    });

    test("in the very moment in which it ends is settled once", async () => {
      await using pool = new Pool({ processes: 2, worker, stopTimeout: 10_000 });
      await pool.run(triple, 0);
      let given = 0;
      for (let n = 0; n < 200; n++) {
        const controller = new AbortController();
        const call = pool.run(triple, n, { signal: controller.signal }).catch((error) => error);
        for (let turn = 0; turn < n % 7; turn++) await new Promise(setImmediate);
        controller.abort(reason);
        const outcome = await call;
        if (outcome === reason) given++;
        else assert.equal(outcome, n * 3);
      }
      assert.ok(given > 0);
      assert.deepEqual(await pool.map(triple, [1, 2, 3]), [3, 6, 9]);
    });

    test("whose worker blocks its thread in a Sync call is killed with it", async () => {
      await using pool = new Pool({ processes: 1, worker, stopTimeout: 20 });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const controller = new AbortController();
      const call = pool.run(blocking, begun, gate, { signal: controller.signal });
      await begun.waitUntil((count) => count === 1);
      const [pid] = pool.pids;
      controller.abort(reason);
      await assert.rejects(call, reason);
      await until(() => !pool.pids.includes(pid));
    });

    test("the task that runs knows its name; outside a worker there is none", async () => {
      await using pool = new Pool({ processes: 1, worker });
      assert.deepEqual(await pool.run(whatRuns), ["whatRuns", false]);
      assert.deepEqual(await whatRuns(), [undefined, undefined]);
      assert.equal(currentTask(), undefined);
    });
  });
