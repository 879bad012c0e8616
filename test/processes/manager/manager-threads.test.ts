import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { attach, Lock, type ManagedCounter, Manager, Pool, share } from "interproc";
import { countUp, deposit, openAccount } from "../../programs/managing.js";
import type { Errand, Used } from "../../programs/managing-worker.js";
import { isRunning, until, watchdog } from "../running.js";

const program = new URL("../../programs/managing-worker.js", import.meta.url);

/** How a thread comes to its end. */
const ends = {
  "that is terminated": (worker: Worker) => void worker.terminate(),
  "that calls process.exit()": (worker: Worker) => worker.postMessage("exit"),
  "that throws": (worker: Worker) => worker.postMessage("throw"),
  "that closes what it has": (worker: Worker) => worker.postMessage("close"),
} as const;

describe("managed objects in worker threads", watchdog, () => {
  test("smoke: are the same there: a dict, a counter, a class of one's own", async () => {
    await using manager = new Manager();
    const dict = await manager.dict<string, number>();
    const account = await manager.create(openAccount, "Ada");
    await using pool = new Pool({ processes: 2, worker: "thread" });
    await Promise.all([
      ...Array.from({ length: 4 }, () => pool.run(countUp, dict, 25)),
      ...Array.from({ length: 4 }, () => pool.run(deposit, account, 10)),
    ]);
    assert.equal(await dict.get("count"), 100);
    assert.equal(await account.deposit(1), 41);
  });

  for (const [how, end] of Object.entries(ends))
    test(`of a thread ${how} do not count any more, and what it held is free`, async () => {
      await using manager = new Manager();
      using lock = new Lock();
      const dict = await manager.dict<string, unknown>([["contended", 1]]);
      const counter = await manager.counter(10);
      const account = await manager.create(openAccount, "Ada");
      const workerData: Errand = {
        dict: share(dict),
        counter: share(counter),
        account: share(account),
        lock: share(lock),
      };
      const worker = new Worker(program, { workerData });
      worker.on("error", () => undefined); // it is the end that was asked for
      const [used] = (await once(worker, "message")) as [Used];
      assert.deepEqual(used, { dict: 1, counter: 12, account: 3, servedBy: manager.pid });
      assert.equal(lock.tryAcquire(), undefined);
      assert.equal(await manager.held(), 3);

      account.close();
      assert.equal(await manager.held(), 3, "the thread has it");
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      end(worker);
      await ended;
      const hold = await lock.acquire();
      assert.equal(hold.abandoned, how !== "that closes what it has");
      lock.release();
      while ((await manager.held()) > 2);
      assert.equal(await dict.update("contended", (value) => (value as number) + 1), 2);
      assert.deepEqual(await dict.get("from the thread"), { deep: [1] });
      assert.equal(await ((await dict.get("counter")) as ManagedCounter).add(1), 13);
    });

  test("of a manager that a thread has made outlive that thread, as its children do", async () => {
    const worker = new Worker(program);
    const [{ pid, counter: shared }] = (await once(worker, "message")) as [{ pid: number; counter: string }];
    const counter = attach<ManagedCounter>(shared);
    await worker.terminate();
    assert.equal(await counter.add(1), 2);
    process.kill(pid, "SIGKILL");
    await assert.rejects(counter.add(1), { code: "ERR_INTERPROC_ABANDONED" });
    counter.close();
    await until(() => !isRunning(pid));
  });
});
