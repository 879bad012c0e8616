import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { AbandonedError, ClosedError, Pool, SharedArray, SharedEvent, SharedValue } from "interproc";
import { sweep } from "#src/primitives/sweep.js";
import { awaitGate, countCalls, countedCall, dieOften } from "../../programs/pool-races.js";
import { triple, waiting } from "../../programs/pool-work.js";
import { chooseSeed, SeededRandom } from "../../rings/seeded-random.js";
import { sharedFiles, until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

const reason = new Error("not wanted any more");

for (const worker of workerKinds)
  describe(`a pool (${worker})`, watchdog, () => {
    test("smoke: has no worker make more calls than maxTasksPerChild, however work is shared out anew", async (t) => {
      const seed = chooseSeed();
      t.diagnostic(`seed ${seed}`);
      const random = new SeededRandom(seed);
      using calls = new SharedArray("u32", 1000);
      using workers = new SharedValue("u32", 0);
      const initArgs = [calls, workers];
      const most = 7;
      await using pool = new Pool({ processes: 3, maxTasksPerChild: most, worker, initializer: countCalls, initArgs });
      let asked = 0;
      for (let round = 0; round < 6; round++) {
        const some = Array.from({ length: 10 + random.below(20) }, () =>
          random.below(8) === 0 ? 30 : random.below(2),
        );
        asked += some.length;
        const chunkSize = 1 + random.below(3);
        if (round % 2 === 0) await Promise.all(some.map((ms) => pool.run(countedCall, ms)));
        else assert.deepEqual(await pool.map(countedCall, some, { chunkSize }), some);
      }
      const each = [...calls].slice(0, workers.value);
      assert.equal(
        each.reduce((sum, count) => sum + count),
        asked,
      );
      assert.ok(Math.max(...each) <= most, `${each}`);
    });

    test("makes a call again as often as asked, also by workers that make few calls each", async () => {
      using deaths = new SharedArray("u32", 20);
      const initArgs = [deaths];
      const options = { processes: 2, retries: 2, maxTasksPerChild: 2, worker, initializer: countCalls, initArgs };
      await using pool = new Pool(options);
      const numbers = Array.from({ length: 20 }, (_, n) => n);
      // calls that go together are made again together
      const results = pool.imap(dieOften, numbers, { chunkSize: 1 });
      for (let n = 0; n < 20; n++) {
        const next = results.next();
        if (n % 5 > 2) await assert.rejects(next, AbandonedError);
        else assert.equal((await next).value, n);
      }
      assert.equal((await results.next()).done, true);
      assert.deepEqual(
        [...deaths],
        Array.from({ length: 20 }, (_, n) => Math.min(n % 5, 2) + 1),
      );
    });

    test("does not make a call again that was given up between two attempts", async () => {
      using attempts = new SharedArray("u32", 20);
      const initArgs = [attempts];
      await using pool = new Pool({ processes: 1, retries: 1000, worker, initializer: countCalls, initArgs });
      const controller = new AbortController();
      const call = pool.run(dieOften, 19, { signal: controller.signal });
      const map = pool.map(dieOften, [14, 9], { signal: controller.signal, chunkSize: 2 });
      const told = Promise.all([assert.rejects(call, reason), assert.rejects(map, reason)]);
      await until(() => attempts.get(19) > 1);
      controller.abort(reason);
      await told;
      assert.equal(await pool.run(triple, 1), 3);
      const before = [...attempts];
      assert.deepEqual(await pool.map(triple, [1, 2, 3]), [3, 6, 9]);
      assert.deepEqual([...attempts], before);
    });

    test("that is closed while it warms up is ready first, or says that it was closed", async () => {
      using gate = new SharedEvent();
      const pool = new Pool({ processes: 2, worker, initializer: awaitGate, initArgs: [gate] });
      const warming = pool.warm();
      const closing = pool.close();
      await assert.rejects(pool.warm(), ClosedError);
      gate.set();
      await warming;
      await closing;
      assert.deepEqual(pool.pids, []);
    });

    test("that is terminated while its workers start leaves nothing of what was meant for them", async () => {
      using calls = new SharedArray("u32", 1000);
      using workers = new SharedValue("u32", 0);
      const initArgs = [calls, workers];
      const options = { processes: 2, worker, initializer: countCalls, initArgs } as const;
      await using other = new Pool(options);
      assert.equal(await other.run(triple, 1), 3); // from here on this process has what it needs itself
      const before = sharedFiles();
      for (let round = 0; round < 6; round++) {
        const pool = new Pool(options);
        const told = assert.rejects(pool.warm(), ClosedError);
        if (round > 2) await new Promise((resolve) => setTimeout(resolve, round * 5));
        await pool.terminate();
        await told;
      }
      await until(() => {
        sweep();
        return sharedFiles().every((file) => before.includes(file));
      });
    });

    test("that is closed while workers never get ready ends them, and tells who waits for them", async () => {
      using gate = new SharedEvent();
      const options = { processes: 2, worker, initializer: awaitGate, initArgs: [gate], shutdownTimeout: 300 } as const;
      for (const end of ["close", "terminate"] as const) {
        const pool = new Pool(options);
        const told = assert.rejects(pool.warm(), ClosedError);
        await pool[end]();
        await told;
        assert.deepEqual(pool.pids, []);
      }
    });

    test("whose every worker is killed again and again by some calls makes the others all the same", async () => {
      using attempts = new SharedArray("u32", 20);
      const initArgs = [attempts];
      await using pool = new Pool({ processes: 2, retries: 1000, worker, initializer: countCalls, initArgs });
      const deadly = pool.imap(dieOften, [19, 19, 19, 19])[Symbol.asyncIterator]();
      const never = deadly.next().catch(() => undefined);
      await until(() => attempts.get(19) >= 4);
      assert.deepEqual(await pool.map(dieOften, [0, 1, 2]), [0, 1, 2]);
      for (let n = 0; n < 3; n++) assert.equal(await pool.run(triple, n), n * 3);
      await deadly.return?.();
      await never;
    });

    test("whose loop over results is left while its worker dies has room for others, and makes nothing again", async () => {
      using attempts = new SharedArray("u32", 20);
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const initArgs = [attempts];
      await using pool = new Pool({ processes: 2, retries: 1000, worker, initializer: countCalls, initArgs });
      const results = pool.imap(dieOften, [0, 1, 19, 19, 19, 19]);
      for await (const result of results) if (result === 1) break;
      const running = pool.run(waiting, begun, gate, "undisturbed");
      await begun.waitUntil((count) => count === 1);
      assert.deepEqual(await pool.map(triple, [1, 2, 3]), [3, 6, 9]);
      const before = attempts.get(19);
      for (let n = 0; n < 5; n++) assert.equal(await pool.run(triple, n), n * 3);
      assert.ok(attempts.get(19) <= before + 1, "one was running when the loop was left");
      gate.set();
      assert.equal(await running, "undisturbed");
      assert.equal(pool.underWay, 0);
    });

    test("that is closed while a call dies tells of the death before it is closed", async () => {
      using attempts = new SharedArray("u32", 20);
      const pool = new Pool({ processes: 1, worker, initializer: countCalls, initArgs: [attempts] });
      let told: unknown;
      const call = pool.run(dieOften, 19).catch((error: unknown) => {
        told = error;
      });
      await until(() => attempts.get(19) === 1);
      await pool.close();
      await call;
      assert.ok(told instanceof AbandonedError, String(told));
    });
  });
