import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { pipe, share, spawn } from "interproc";
import { askedWithoutDescriptors } from "../programs/answering.js";
import { isRunning, RunningProgram, runProgram, until, watchdog } from "./running.js";

const pidsOf = async (program: RunningProgram): Promise<number[]> =>
  ((await program.line()) ?? "").split(" ").map(Number);

describe("children", watchdog, () => {
  test("smoke: [case 13] end when their parent is killed, also those whose event loop is busy", async () => {
    const program = new RunningProgram("family", "waiting", "busy");
    const pids = await pidsOf(program);
    assert.equal(pids.length, 2);
    assert.ok(pids.every(isRunning));
    program.kill();
    await until(() => !pids.some(isRunning));
  });

  test("[case 10] [case 13] and so do the children of children", async () => {
    const program = new RunningProgram("family", "parent");
    const pids = await pidsOf(program);
    assert.equal(pids.length, 3);
    assert.ok(pids.every(isRunning));
    program.kill();
    await until(() => !pids.some(isRunning));
  });

  test("[case 13] that are detached live on", async () => {
    const program = new RunningProgram("family", "waiting", "detached");
    const [attached, detached] = await pidsOf(program);
    program.kill();
    await until(() => !isRunning(attached));
    assert.equal(isRunning(detached), true);
    process.kill(detached, "SIGKILL");
    await until(() => !isRunning(detached));
  });

  test("[case 3] see that their parent is gone", async () => {
    const program = new RunningProgram("family", "observing");
    assert.deepEqual(new Set([await program.line(), await program.line()]).has("parent alive: true"), true);
    program.kill();
    assert.equal(await program.line(), "parent alive: false");
    assert.equal(await program.line(), undefined);
  });

  test("do not take their own lack of file descriptors for their parent's end", async () => {
    assert.equal(await spawn(askedWithoutDescriptors, []).result(), "ERR_INTERPROC_SYSTEM");
  });

  test("outlive the thread that spawned them, as long as its process lives", async () => {
    const [mine, theirs] = pipe();
    const worker = new Worker(new URL("../programs/worker-parent.js", import.meta.url), { workerData: share(theirs) });
    const [pid] = (await once(worker, "message")) as [number];
    await mine.send("before");
    assert.equal(await mine.recv(), "before");
    await worker.terminate();
    for (let i = 0; i < 100; i++) {
      await mine.send(i);
      assert.equal(await mine.recv(), i);
    }
    assert.equal(isRunning(pid), true);
    mine.close();
    await until(() => !isRunning(pid));
  });
});

describe("a process stays alive", watchdog, () => {
  const situations: [what: string, output: string][] = [
    ["idle ends", "settled\nover\n"],
    ["ends that were used", "settled\nover\n"],
    ["a receive that waits", "settled\nover\n"],
    ["a send that waits", "settled\nover\n"],
    ["an unreferenced receive", "over\n"],
    ["a receive that was given up", "settled\nover\n"],
    ["a running child", "settled\nchild done\nover\n"],
    ["an unreferenced child", "settled\nover\n"],
    ["a failing child that nobody asks", "settled\nover\n"],
  ];
  const holding = ["a receive that waits", "a send that waits", "a running child", "a failing child that nobody asks"];
  for (const [index, [what, output]] of situations.entries())
    test(`${index === 0 ? "smoke: " : ""}${holding.includes(what) ? "for" : "not for"} ${what}`, () => {
      const { status, signal, stdout, stderr } = runProgram("lasting", what);
      assert.deepEqual({ status, signal, stdout, stderr }, { status: 0, signal: null, stdout: output, stderr: "" });
    });
});
