import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pool, RemoteError, SharedEvent, SharedValue } from "interproc";
import { unheard } from "../../programs/pool-hanging-module.js";
import { awaitGate, prepare, prepared, refuse, refuseSecond } from "../../programs/pool-start.js";
import { napping, triple, waiting, whoRuns } from "../../programs/pool-work.js";
import { isRunning, runProgram, until, watchdog } from "../running.js";
import { workerKinds } from "./worker-kinds.js";

for (const worker of workerKinds)
  describe(`the workers of a pool (${worker})`, watchdog, () => {
    test("smoke: are started when they are needed, no more than may be", async () => {
      await using pool = new Pool({ processes: 2, worker });
      assert.deepEqual(pool.pids, []);
      await pool.run(triple, 1);
      assert.equal(pool.pids.length, 1);
      await pool.map(napping, [20, 20, 20, 20, 20, 20], { chunkSize: 1 });
      assert.equal(pool.pids.length, 2);
      assert.equal(pool.processes, 2);
    });

    test("warm starts them before, and resolves when they are ready", async () => {
      using count = new SharedValue("i32", 0);
      await using pool = new Pool({ processes: 3, worker, initializer: prepare, initArgs: [count] });
      await pool.warm(2);
      assert.deepEqual([pool.pids.length, count.value], [2, 2]);
      await pool.warm();
      assert.deepEqual([pool.pids.length, count.value], [3, 3]);
      await pool.warm();
      assert.equal(count.value, 3);
    });

    test("[case 85] call the initializer once each, with its arguments, before any task", async () => {
      using count = new SharedValue("i32", 0);
      await using pool = new Pool({
        processes: 2,
        worker,
        initializer: prepare,
        initArgs: [count, "a", { b: new Uint8Array([1]) }],
      });
      assert.deepEqual(await pool.run(prepared), ["a", { b: new Uint8Array([1]) }]);
      await pool.warm();
      await pool.map(triple, [1, 2, 3, 4]);
      assert.equal(count.value, 2);
    });

    test("[case 85] an initializer that fails fails what waits, and is not called for ever", async () => {
      using count = new SharedValue("i32", 0);
      await using pool = new Pool({ processes: 2, minProcesses: 1, worker, initializer: refuse, initArgs: [count] });
      const failures = await Promise.allSettled([pool.run(triple, 1), pool.map(triple, [1, 2, 3])]);
      for (const one of failures) {
        assert.ok(one.status === "rejected" && one.reason instanceof RemoteError);
        assert.match(one.reason.message, /the initializer in (process|thread) .*RangeError: not today/);
      }
      await until(() => pool.pids.length === 0);
      const before = count.value;
      assert.ok(before <= 3, `${before} times`);
      await assert.rejects(pool.warm(1), /not today/);
      await assert.rejects(pool.run(triple, 1), /not today/);
      await until(() => pool.pids.length === 0);
      assert.ok(count.value <= before + 3, `${count.value} times`);
    });

    test("[case 85] an initializer that fails in one worker leaves what runs in another", async () => {
      using count = new SharedValue("i32", 0);
      using begun = new SharedValue("i32", 0);
      using gate = new SharedEvent();
      await using pool = new Pool({ processes: 2, worker, initializer: refuseSecond, initArgs: [count] });
      const running = pool.run(waiting, begun, gate, "undisturbed");
      await begun.waitUntil((n) => n === 1);
      await assert.rejects(pool.warm(), /one is enough/);
      gate.set();
      assert.equal(await running, "undisturbed");
    });

    test("[case 85] an initializer that hangs ends with a TimeoutError after startTimeout", async () => {
      using gate = new SharedEvent();
      await using pool = new Pool({
        processes: 1,
        worker,
        initializer: awaitGate,
        initArgs: [gate],
        startTimeout: 400,
      });
      await assert.rejects(pool.run(triple, 1), {
        code: "ERR_INTERPROC_TIMEOUT",
        message: /was not ready within 400 ms \(startTimeout\)/,
      });
      await assert.rejects(pool.warm(), { code: "ERR_INTERPROC_TIMEOUT" });
      gate.set();
      const patient = { startTimeout: Number.POSITIVE_INFINITY, stopTimeout: Number.POSITIVE_INFINITY };
      await using other = new Pool({ processes: 1, worker, initializer: awaitGate, initArgs: [gate], ...patient });
      assert.equal(await other.run(triple, 1), 3);
    });

    test("[case 82] a module that is never through with importing fails its own task, and the pool goes on", async () => {
      await using pool = new Pool({ processes: 1, worker, startTimeout: 4000 });
      assert.equal(await pool.run(triple, 1), 3);
      await assert.rejects(pool.run(unheard), {
        code: "ERR_INTERPROC_TIMEOUT",
        message: /was not through with importing .*pool-hanging-module.* within 4000 ms/,
      });
      assert.equal(await pool.run(triple, 2), 6);
    });

    test("time in which a worker is at work is no time in which it imports another task", async () => {
      await using pool = new Pool({ processes: 1, worker, startTimeout: 2500 });
      await pool.warm();
      const long = pool.run(napping, 3000);
      const [who] = await Promise.all([pool.run(whoRuns), long]);
      assert.equal(typeof who, "string");
    });

    test("[case 78] maxTasksPerChild: each makes so many calls at most, and is replaced", async () => {
      await using pool = new Pool({ processes: 2, maxTasksPerChild: 5, worker });
      const all = [
        ...(await pool.map(whoRuns as never, new Array<never>(20), { chunkSize: 3 })),
        ...(await Promise.all(Array.from({ length: 20 }, () => pool.run(whoRuns)))),
      ] as string[];
      const calls = new Map<string, number>();
      for (const who of all) calls.set(who, (calls.get(who) ?? 0) + 1);
      assert.equal(all.length, 40);
      assert.ok(
        [...calls.values()].every((count) => count <= 5),
        JSON.stringify([...calls]),
      );
      assert.ok(calls.size >= 8);
      assert.ok(pool.pids.length <= 2);
    });

    test("[case 78] maxTasksPerChild: a pool that is closed early still makes all calls", async () => {
      const pool = new Pool({ processes: 1, maxTasksPerChild: 2, worker });
      const calls = pool.map(triple, [1, 2, 3, 4, 5], { chunkSize: 1 });
      await pool.close();
      assert.deepEqual(await calls, [3, 6, 9, 12, 15]);
    });

    test("with nothing to do end after idleTimeout, down to minProcesses, and come again when needed", async () => {
      await using pool = new Pool({ processes: 3, minProcesses: 1, idleTimeout: 50, worker });
      await pool.warm();
      await until(() => pool.pids.length === 1);
      assert.deepEqual(await pool.map(triple, [1, 2, 3]), [3, 6, 9]);
      assert.ok(pool.pids.length >= 1);
      await using none = new Pool({ processes: 2, idleTimeout: 0, worker });
      for (let round = 0; round < 3; round++) {
        assert.deepEqual(await none.map(triple, [1, 2, 3]), [3, 6, 9]);
        await until(() => none.pids.length === 0);
      }
    });

    test("minProcesses are there without being asked", async () => {
      await using pool = new Pool({ processes: 2, minProcesses: 2, worker });
      assert.equal(pool.pids.length, 2);
      assert.equal(await pool.run(triple, 1), 3);
    });
  });

describe("the processes of a pool", watchdog, () => {
  test("smoke: that die at their start fail what waits, after a few attempts, with advice", async () => {
    await using pool = new Pool({ processes: 2, execArgv: ["--no-such-option"], stdio: "ignore" });
    const advice = {
      code: "ERR_INTERPROC_ABANDONED",
      message: /ended with code \d+ before it was ready; look at .*execArgv/,
    };
    await assert.rejects(pool.run(triple, 1), advice);
    await assert.rejects(pool.warm(1), advice);
    await assert.rejects(pool.map(triple, [1, 2, 3]), advice);
  });

  test("are run as they are told: environment, working directory, the runtime's options", async () => {
    const { surroundings } = await import("../../programs/answering.js");
    await using pool = new Pool({ processes: 1, env: { FLAVOUR: "plum" }, cwd: "/", execArgv: ["--expose-gc"] });
    assert.deepEqual(await pool.run(surroundings), { cwd: "/", flavour: "plum", home: undefined, hasGc: true });
  });

  test("[case 82] a program that makes a pool whenever it is imported is told so, and starts no process after process", () => {
    const { stdout, stderr, status } = runProgram("pool-bomb");
    assert.equal(status, 1);
    assert.match(stderr, /new Pool\(\) while a child process is importing.*every child would start further ones/s);
    assert.match(stderr, /isMain\(import\.meta\)/);
    assert.ok(stdout.split("started").length <= 6, stdout);
  });

  test("that are warming keep the program alive; with nothing to do they do not", async () => {
    const { stdout, status } = runProgram("pool-idle");
    const pids = /^warm ([\d ]+)$/m.exec(stdout)?.[1].split(" ").map(Number) ?? [];
    assert.equal(status, 0);
    assert.equal(pids.length, 2, stdout);
    for (const pid of pids) await until(() => !isRunning(pid)); // they hear of its end a moment later
  });
});
