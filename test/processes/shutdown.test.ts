import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Manager, Pool, SharedEvent } from "interproc";
import { ChildProgram, programFile } from "../primitives/child-program.js";
import { triple } from "../programs/pool-work.js";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { isRunning, until, watchdog } from "./running.js";

/** A program in a process group of its own, as a terminal starts one. */
const inGroup = (...args: string[]): ChildProgram => new ChildProgram("setsid", [process.execPath, ...args]);

/** Starts the program and gives its workers' pids. */
async function loaded(how: string): Promise<{ program: ChildProgram; workers: number[] }> {
  const program = inGroup(programFile("pool-shutting-down"), how);
  const workers = ((await program.line()) ?? "").split(" ").map(Number);
  assert.equal(workers.length, 2);
  return { program, workers };
}

async function rest(program: ChildProgram): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await program.line(); line !== undefined; line = await program.line()) lines.push(line);
  return lines;
}

/** To the process alone, as an orchestrator sends it, or to all of its group, as Ctrl-C does. */
const reaches = { "the program": 1, "its whole group": -1 } as const;

describe("a program with a pool under load that is asked to end", watchdog, () => {
  for (const [whom, sign] of Object.entries(reaches))
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const what = `${signal} to ${whom}`;
      test(`${what === "SIGTERM to the program" ? "smoke: " : ""}[case 84] by ${what}: close() lets all calls come to their end, those that wait too`, async () => {
        using gate = SharedEvent.create("shutdown-gate");
        const { program, workers } = await loaded("close");
        process.kill(sign * (program.child.pid as number), signal);
        assert.equal(await program.line(), "asked");
        assert.deepEqual(workers.map(isRunning), [true, true]);
        gate.set();
        assert.deepEqual(await rest(program), ["one", "two", "3", "6"]);
        assert.equal(await program.exit, 0);
        assert.deepEqual(workers.map(isRunning), [false, false]);
      });
    }

  test("also while its workers are just starting: those that the signal ends are started again", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program } = await loaded("starting");
    process.kill(-(program.child.pid as number), "SIGINT");
    assert.equal(await program.line(), "asked");
    gate.set();
    assert.deepEqual(await rest(program), ["one", "two", "3", "6"]);
    assert.equal(await program.exit, 0);
  });

  test("terminate() in the handler rejects what runs and what waits with ClosedError", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program, workers } = await loaded("terminate");
    process.kill(program.child.pid as number, "SIGTERM");
    assert.deepEqual(await rest(program), ["asked", ...Array<string>(4).fill("ClosedError")]);
    assert.equal(await program.exit, 0);
    await until(() => !workers.some(isRunning) && !gate.isHeldElsewhere);
  });

  test("what is not done within the bound ends with the program, whose exit code is 143", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program, workers } = await loaded("late");
    process.kill(program.child.pid as number, "SIGTERM");
    assert.deepEqual(await rest(program), ["asked"]);
    assert.equal(await program.exit, 143);
    await until(() => !workers.some(isRunning) && !gate.isHeldElsewhere);
  });

  test("without a handler it ends by the signal, and its workers with it", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program, workers } = await loaded("nothing");
    process.kill(-(program.child.pid as number), "SIGINT");
    assert.equal(await program.exit, "SIGINT");
    await until(() => !workers.some(isRunning) && !gate.isHeldElsewhere);
  });

  test("[case 84] a manager still answers in the handler, also after Ctrl-C", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program } = await loaded("managed");
    process.kill(-(program.child.pid as number), "SIGINT");
    assert.equal(await program.line(), "asked");
    gate.set();
    assert.deepEqual(await rest(program), ["one", "two", "3", "6", "42"]);
    assert.equal(await program.exit, 0);
  });

  test("a child with a handler of its own drains as well", async () => {
    using gate = SharedEvent.create("shutdown-gate");
    const { program } = await loaded("child");
    process.kill(-(program.child.pid as number), "SIGINT");
    gate.set();
    assert.deepEqual((await rest(program)).sort(), ["0", "3", "6", "asked", "one", "the child drained", "two"]);
    assert.equal(await program.exit, 0);
  });
});

describe("a program under tsx that is asked to end by Ctrl-C", watchdog, () => {
  const text = `
    import { onShutdown, Pool, task, isMain } from "interproc";
    export const work = task(import.meta, async function work() { return 42 as number; });
    if (isMain(import.meta)) {
      const pool = new Pool({ processes: 1 });
      await pool.warm();
      onShutdown(async () => { console.log("asked"); console.log(await pool.run(work)); await pool.close(); });
      console.log("ready");
      setInterval(() => undefined, 1000);
    }`;
  const tsx = join(projectRoot, "node_modules/tsx/dist");
  const ways: [string, string[]][] = [
    ["the tsx command", [join(tsx, "cli.mjs")]],
    ["--import tsx", ["--import", pathToFileURL(join(tsx, "loader.mjs")).href]],
  ];
  for (const [index, [how, args]] of ways.entries())
    test(`${index === 0 ? "smoke: " : ""}runs its handlers once, and exits with code 0 (${how})`, async () => {
      using project = new UserProject();
      project.write("main.ts", text);
      const program = inGroup(...args, join(project.folder, "main.ts"));
      assert.equal(await program.line(), "ready");
      process.kill(-(program.child.pid as number), "SIGINT");
      assert.deepEqual(await rest(program), ["asked", "42"]);
      assert.equal(await program.exit, 0);
    });
});

describe("processes that serve their parent", watchdog, () => {
  test("smoke: [case 84] do not end at SIGINT, SIGTERM or SIGHUP; a worker that is killed is replaced, a manager's death is told", async () => {
    await using pool = new Pool({ processes: 1 });
    const manager = new Manager();
    const counter = await manager.counter();
    await pool.warm();
    const [worker] = pool.pids;
    for (const pid of [worker, manager.pid])
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);
    assert.equal(await pool.run(triple, 1), 3);
    assert.equal(await counter.add(1), 1);
    assert.deepEqual([pool.pids, manager.isAlive], [[worker], true]);
    process.kill(worker, "SIGKILL");
    await until(() => !isRunning(worker));
    assert.equal(await pool.run(triple, 2), 6);
    process.kill(manager.pid, "SIGKILL");
    await assert.rejects(counter.add(1), { code: "ERR_INTERPROC_ABANDONED" });
    await manager.close();
  });

  test("end with close() all the same, and at once", async () => {
    const manager = new Manager();
    await manager.counter();
    await manager.close();
    assert.equal(manager.isAlive, false);
    const pool = new Pool({ processes: 2 });
    await pool.warm();
    const workers = pool.pids;
    await pool.close();
    assert.deepEqual(workers.map(isRunning), [false, false]);
  });
});
