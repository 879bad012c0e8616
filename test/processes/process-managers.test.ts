import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { Queue, SharedEvent, SharedMap } from "interproc";
import { ChildProgram } from "../primitives/child-program.js";
import { runProgram, watchdog } from "./running.js";

describe("the workers of node:cluster", watchdog, () => {
  for (const how of ["tickets", "names"] as const)
    test(`${how === "tickets" ? "smoke: " : ""}share what the primary made, by ${how}, and one that is killed holds nobody up`, () => {
      const { status, stdout, stderr } = runProgram("clustering", how);
      const expected = "the lock was abandoned\n3000 20 20 0 0 0 0\n";
      assert.deepEqual({ status, stdout }, { status: 0, stdout: expected }, stderr);
    });
});

/** Lines until one that says this; those before it. */
async function until(program: ChildProgram, ...texts: string[]): Promise<string[]> {
  const before: string[] = [];
  const missing = new Set(texts);
  while (missing.size > 0) {
    const line = await program.line();
    assert.notEqual(line, undefined, `it said ${before.join(", ")}, and not ${[...missing].join(", ")}`);
    if (!missing.delete(line as string)) before.push(line as string);
  }
  return before;
}

const skip =
  !existsSync(`/proc/self/task/${process.pid}/children`) && "the kernel does not tell the children of a process";

describe("a service under a process manager that starts it several times", { ...watchdog, skip }, () => {
  test("smoke: goes on when one copy is killed, and drains when the manager is asked to end", async () => {
    using jobs = Queue.create<number>("service-jobs");
    using done = SharedMap.create<number, string>("service-done");
    using gate = SharedEvent.create("service-gate");
    const manager = ChildProgram.node("fork-manager", "managed-service", "2", "60000");
    await until(manager, "0 ready", "1 ready");
    await jobs.putMany([1, 13, 2, 3]);
    await jobs.join();
    assert.deepEqual(new Set(done.keys()), new Set([1, 2, 3, 13]));
    assert.equal(done.get(13)?.slice(1), " made 169");
    const killed = (await manager.line()) as string;
    assert.match(killed, /^[01] exit SIGKILL$/);
    await until(manager, `${killed[0]} ready`);

    await jobs.put(-2);
    await jobs.put(-3);
    const both = ["0 begun", "1 begun"];
    await until(manager, ...both);
    await jobs.putMany([7, 8]);
    manager.child.kill("SIGTERM");
    manager.child.kill("SIGINT"); // some managers ask twice
    await until(manager, "0 asked", "1 asked");
    gate.set();
    assert.deepEqual(await until(manager, "0 drained", "1 drained", "0 exit 0", "1 exit 0"), []);
    assert.equal(await manager.exit, 0);
    assert.deepEqual([done.get(-2)?.slice(1), done.get(-3)?.slice(1)], [" made 4", " made 9"]);
    assert.deepEqual([jobs.size, jobs.unacked], [2, 0], "what was not taken is left for the next start");
  });

  test("that does not end in time is killed with its pool, and what it had taken is there for others", async () => {
    using jobs = Queue.create<number>("service-jobs");
    using done = SharedMap.create<number, string>("service-done");
    using gate = SharedEvent.create("service-gate");
    const manager = ChildProgram.node("fork-manager", "managed-service", "1", "100");
    await until(manager, "0 ready");
    await jobs.put(-5);
    await until(manager, "0 begun");
    manager.child.kill("SIGTERM");
    await until(manager, "0 asked", "0 exit SIGKILL");
    assert.equal(await manager.exit, 0);
    using job = await jobs.take();
    assert.deepEqual([job.value, job.redelivered, done.size, gate.isSet], [-5, true, 0, false]);
    job.ack();
  });
});
