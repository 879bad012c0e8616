import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { onShutdown, UsageError } from "interproc";
import { ChildProgram } from "../primitives/child-program.js";
import { watchdog } from "./running.js";

async function rest(program: ChildProgram): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await program.line(); line !== undefined; line = await program.line()) lines.push(line);
  return lines;
}

async function asked(how: string, signal: NodeJS.Signals): Promise<ChildProgram> {
  const program = ChildProgram.node("shutting-down", how);
  assert.equal(await program.line(), "took first");
  program.child.kill(signal);
  assert.equal(await program.line(), `asked ${signal}`);
  return program;
}

describe("a process that is asked to end", watchdog, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    test(`${signal === "SIGTERM" ? "smoke: " : ""}at ${signal} runs its handlers, the last one first, and exits with code 0`, async () => {
      const program = await asked("drains", signal);
      assert.deepEqual(await rest(program), ["done 1 left", "last"]);
      assert.equal(await program.exit, 0);
    });

  test("runs the others when one throws, and exits with code 1", async () => {
    const program = await asked("throws", "SIGTERM");
    assert.deepEqual(await rest(program), ["done 1 left", "last"]);
    assert.equal(await program.exit, 1);
  });

  test("ends at its bound with 128 and the signal's number", async () => {
    const program = await asked("late", "SIGTERM");
    assert.deepEqual((await rest(program)).slice(1), []);
    assert.equal(await program.exit, 143);
  });

  test("ends at once at a second signal", async () => {
    const program = await asked("hangs", "SIGTERM");
    program.child.kill("SIGINT");
    assert.ok(!(await rest(program)).includes("last"));
    assert.equal(await program.exit, 130);
  });

  test("takes the same signal, when it comes again at once, for the same request", async () => {
    const program = await asked("again", "SIGTERM");
    assert.deepEqual(await rest(program), ["done 1 left", "last"]);
    assert.equal(await program.exit, 0);
  });

  test("ends at once when it comes again half a second later", async () => {
    const program = await asked("late again", "SIGINT");
    assert.deepEqual(await rest(program), ["done 1 left"]);
    assert.equal(await program.exit, 130);
  });

  test("refuses what could never work", () => {
    assert.throws(() => onShutdown("no" as unknown as () => void), UsageError);
    assert.throws(() => onShutdown(() => undefined, { timeout: -1 }), UsageError);
    assert.throws(() => onShutdown(() => undefined, { signals: ["SIGKILL"] }), UsageError);
    assert.throws(() => onShutdown(() => undefined, { signals: [] }), UsageError);
    assert.throws(() => onShutdown(() => undefined, null as never), UsageError);
  });
});
