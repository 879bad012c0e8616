import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ClosedError, Pool, SharedEvent, SharedValue } from "interproc";
import { same, triple, waiting } from "../../programs/pool-work.js";
import { isRunning, until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

for (const worker of workerKinds)
  describe(`a pool that is terminated (${worker})`, watchdog, () => {
    test("smoke: [case 79] while 10,000 calls wait rejects each of them, and its workers are gone when it resolves", async () => {
      const pool = new Pool({ processes: 2, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const running = [pool.run(waiting, begun, gate), pool.run(waiting, begun, gate)];
      await begun.waitUntil((count) => count === 2);
      const workers = pool.pids;
      const calls = [...running, ...Array.from({ length: 10_000 }, (_, n) => pool.run(triple, n))];
      const mapping = pool.map(triple, Array(10_000).keys());
      const outcomes = Promise.allSettled([...calls, mapping]);
      await pool.terminate();
      if (worker === "process") assert.deepEqual(workers.map(isRunning), [false, false]);
      assert.deepEqual(pool.pids, []);
      for (const outcome of await outcomes)
        assert.ok(outcome.status === "rejected" && outcome.reason instanceof ClosedError);
      await assert.rejects(pool.run(triple, 1), ClosedError);
      await pool.terminate();
      await pool.close();
    });

    test("[case 79] keeps nothing of what it was given: arguments are collected, shared objects are the caller's alone", async () => {
      const pool = new Pool({ processes: 1, worker });
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      const running = pool.run(waiting, begun, gate);
      await begun.waitUntil((count) => count === 1);
      const refs = Array.from({ length: 20 }, () => {
        const argument = { large: new Uint8Array(10_000) };
        pool.run(same, argument).catch(() => undefined);
        return new WeakRef(argument);
      });
      const told = assert.rejects(running, ClosedError);
      await pool.terminate();
      await told;
      await until(() => {
        collect();
        return refs.every((ref) => ref.deref() === undefined);
      });
      await until(() => !gate.isHeldElsewhere && !begun.isHeldElsewhere);
    });
  });
