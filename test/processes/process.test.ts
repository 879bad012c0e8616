import assert from "node:assert/strict";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import {
  AbandonedError,
  activeChildren,
  currentProcess,
  type Process,
  pipe,
  RemoteError,
  type SpawnOptions,
  spawn,
} from "interproc";
import { echo, megabytes, notCloneable, surroundings, whoAmI } from "../programs/answering.js";
import { exiting, failing, lingering, resting, threaded, throwing } from "../programs/ending.js";
import { holding } from "../programs/piping.js";
import { until, watchdog } from "./running.js";

const quiet: SpawnOptions = { stdio: ["ignore", "pipe", "pipe"] };
const silent: SpawnOptions = { stdio: "ignore" };

/** Resolves once a task has printed its first line, and so is running. */
async function started<T>(child: Process<T>): Promise<Process<T>> {
  if (child.stdout) await once(child.stdout, "data");
  return child;
}

describe("a process", watchdog, () => {
  test("smoke: [case 1] has a pid and is alive, and reports exit code 0 after its task returned, as often as it is asked", async () => {
    const child = spawn(echo, ["hello", 42]);
    assert.ok(child.pid > 0 && child.pid !== process.pid);
    assert.equal(child.isAlive, true);
    assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
    assert.deepEqual(await child.result(), ["hello", 42]);
    assert.deepEqual(await child.join(), { code: 0, signal: null });
    assert.deepEqual(await child.join({ timeout: 0 }), { code: 0, signal: null });
    assert.deepEqual(await child.result({ timeout: 0 }), ["hello", 42]);
    assert.deepEqual([child.isAlive, child.exitCode, child.signalCode], [false, 0, null]);
  });

  test("[case 2] gets its arguments as they were, and knows its name and its parent's", async () => {
    const args = [{ list: [1, "two", null] }, new Uint8Array([1, 2]), new Map([["k", 1n]]), undefined, -0.5];
    assert.deepEqual(await spawn(echo, args).result(), args);
    const child = spawn(whoAmI, [], { name: "the counter" });
    const parent = { name: "MainProcess", pid: process.pid, isAlive: true };
    assert.deepEqual(await child.result(), { name: "the counter", pid: child.pid, parent });
    assert.equal(child.name, "the counter");
    assert.match(spawn(whoAmI).name, /^Process-\d+$/);
    assert.deepEqual(currentProcess(), { name: "MainProcess", pid: process.pid, parent: undefined });
  });

  test("[case 4] terminate ends it by SIGTERM, kill by SIGKILL, and both do nothing to a dead one", async () => {
    const terminated = await started(spawn(resting, [], quiet));
    terminated.terminate();
    assert.deepEqual(await terminated.join(), { code: null, signal: "SIGTERM" });
    const killed = await started(spawn(resting, [], quiet));
    killed.kill();
    assert.deepEqual(await killed.join(), { code: null, signal: "SIGKILL" });
    for (const dead of [terminated, killed]) {
      dead.terminate();
      dead.kill();
    }
    assert.deepEqual([terminated.exitCode, terminated.signalCode, terminated.isAlive], [null, "SIGTERM", false]);
  });

  test("[case 5] exit codes are those of the process: n modulo 256, 0 for none, 1 for what was thrown", async () => {
    const codes: [number | undefined, number][] = [
      ...([
        [3, 3],
        [0, 0],
        [undefined, 0],
        [261, 5],
        [-1, 255],
      ] as [number | undefined, number][]),
    ];
    for (const [given, expected] of codes)
      assert.deepEqual(await spawn(exiting, [given]).join(), { code: expected, signal: null });
    const child = spawn(failing, [], quiet);
    const [output, exit] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), child.join()]);
    assert.deepEqual(exit, { code: 1, signal: null });
    assert.match(output, /^Process Process-\d+:\nTypeError: cannot pour\n +at .*ending/);
    assert.match(output, /RangeError: the cup is full/);
    assert.equal((await spawn(exiting, ["a message"], silent).join()).code, 1);
  });

  test("[case 6] join waits as long as it runs, and no longer than it was told", async () => {
    const child = await started(spawn(resting, [], quiet));
    await assert.rejects(child.join({ timeout: 10 }), { code: "ERR_INTERPROC_TIMEOUT" });
    await assert.rejects(child.result({ timeout: 10 }), { code: "ERR_INTERPROC_TIMEOUT" });
    const reason = new Error("no time");
    await assert.rejects(child.join({ signal: AbortSignal.abort(reason) }), reason);
    const joining = child.join();
    child.kill();
    assert.equal((await joining).signal, "SIGKILL");
  });

  test("[case 7] leaving its scope terminates it if it still runs, and does nothing to a dead one", async () => {
    const child = await started(spawn(resting, [], quiet));
    {
      await using scoped = child;
      assert.equal(scoped.isAlive, true);
    }
    assert.equal(child.signalCode, "SIGTERM");
    await child[Symbol.asyncDispose]();
    const other = await started(spawn(resting, [], quiet));
    {
      using scoped = other;
      assert.equal(scoped.isAlive, true);
    }
    assert.equal((await other.join()).signal, "SIGTERM");
  });

  test("[case 7] one that ignores SIGTERM is killed when its scope is left", async () => {
    const child = await started(spawn(resting, ["no SIGTERM"], quiet));
    await child[Symbol.asyncDispose]();
    assert.equal(child.signalCode, "SIGKILL");
  });

  test("[case 9] activeChildren lists exactly those that run", async () => {
    await until(() => activeChildren().length === 0);
    const [mine, theirs] = pipe();
    const [hold] = pipe();
    const waiting = spawn(holding, [hold, theirs]);
    const brief = spawn(echo);
    assert.deepEqual(new Set(activeChildren()), new Set([waiting, brief]));
    await brief.join();
    assert.deepEqual(activeChildren(), [waiting]);
    assert.equal(await mine.recv(), "ready");
    mine.close();
    await waiting.join();
    assert.deepEqual(activeChildren(), []);
  });

  test("[case 11] waits for its own work in the background before it ends, and can be asked its result meanwhile", async () => {
    const child = spawn(lingering, [], quiet);
    const output = text(child.stdout as NodeJS.ReadableStream);
    assert.equal(await child.result(), "answered before");
    assert.equal((await child.join()).code, 0);
    assert.equal(await output, "done in the background\n");
  });

  test("[case 11] waits for its own threads before it ends", async () => {
    const child = spawn(threaded, [], quiet);
    const output = text(child.stdout as NodeJS.ReadableStream);
    assert.equal(await child.result(), "answered before");
    assert.equal((await child.join()).code, 0);
    assert.equal(await output, "done in a thread\n");
  });

  test("[case 11] printing to nobody does not turn exit code 0 into a failure", async () => {
    const child = spawn(lingering, [], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout?.destroy();
    assert.deepEqual(await child.join(), { code: 0, signal: null });
  });
});

describe("a process's result", watchdog, () => {
  test("smoke: can be as large as memory allows", async () => {
    const bytes = await spawn(megabytes, [5]).result();
    assert.equal(bytes.length, 5 * 2 ** 20);
    assert.equal(bytes.at(-1), 7);
  });

  test("is a RemoteError with name, message, code, both stacks and the cause when the task threw", async () => {
    const child = spawn(failing, [], silent);
    const error = await child.result().then(assert.fail, (thrown: unknown) => thrown);
    assert.ok(error instanceof RemoteError);
    assert.deepEqual([error.remoteName, error.remoteCode], ["TypeError", "E_POUR"]);
    assert.match(error.message, new RegExp(`process ${child.pid} \\(Process-\\d+\\): TypeError: cannot pour`));
    assert.match(error.remoteStack ?? "", /cannot pour[\s\S]*ending/);
    assert.match(error.stack ?? "", /in the other process:[\s\S]*ending/);
    const { cause } = error;
    assert.ok(cause instanceof RemoteError);
    assert.deepEqual([cause.remoteName, cause.remoteCode], ["RangeError", "E_FULL"]);
    assert.match(cause.message, /the cup is full/);
  });

  for (const [what, value, message] of [
    ["a string", "just words", /string: just words/],
    ["undefined", undefined, /undefined: undefined/],
    ["an object", { reason: "odd" }, /odd/],
  ] as const)
    test(`is a RemoteError also when ${what} was thrown`, async () => {
      const child = spawn(throwing, [value], silent);
      await assert.rejects(
        child.result(),
        (error: unknown) => error instanceof RemoteError && message.test(error.message),
      );
      assert.equal((await child.join()).code, 1);
    });

  test("is a RemoteError when it cannot travel", async () => {
    const child = spawn(notCloneable, [], silent);
    await assert.rejects(child.result(), { code: "ERR_INTERPROC_REMOTE" });
    assert.equal((await child.join()).code, 1);
  });

  test("is an AbandonedError that says how the process ended when it ended first", async () => {
    const child = await started(spawn(exiting, [7], { stdio: ["ignore", "ignore", "inherit"] }));
    await assert.rejects(
      child.result(),
      (error: unknown) => error instanceof AbandonedError && /code 7/.test(error.message),
    );
    const killed = spawn(resting);
    killed.kill();
    await assert.rejects(
      killed.result(),
      (error: unknown) => error instanceof AbandonedError && /SIGKILL/.test(error.message),
    );
  });
});

describe("a process's options", watchdog, () => {
  test("smoke: environment, working directory and the runtime's options are the child's", async () => {
    const options = { env: { FLAVOUR: "plum" }, cwd: tmpdir(), execArgv: ["--expose-gc"] };
    const expected = { cwd: realpathSync(tmpdir()), flavour: "plum", home: undefined, hasGc: true };
    assert.deepEqual(await spawn(surroundings, [], options).result(), expected);
  });

  test("a working directory that is none, and options that are no array, are said to be that", () => {
    for (const cwd of ["/no/such/folder", "/etc/passwd"])
      assert.throws(() => spawn(surroundings, [], { cwd }), {
        code: "ERR_INTERPROC_NOT_FOUND",
        message: `spawn(): cwd ${JSON.stringify(cwd)} is no directory`,
      });
    for (const wrong of [{ cwd: 5 }, { execArgv: "--expose-gc" }, { execArgv: [5] }])
      assert.throws(() => spawn(surroundings, [], wrong as object), { code: "ERR_INTERPROC_USAGE" });
  });

  test("what cannot be sent among the arguments is named by its place in them", () => {
    const bad = [{ deep: [() => 1] }] as never;
    assert.throws(() => spawn(surroundings, bad), {
      code: "ERR_INTERPROC_CODEC",
      message: "spawn() of surroundings: encode: a function cannot be sent, at arguments[0].deep[0]",
    });
  });

  test("by default it is run as its parent was", async () => {
    const expected = { cwd: process.cwd(), flavour: process.env.FLAVOUR, home: process.env.HOME, hasGc: false };
    assert.deepEqual(await spawn(surroundings).result(), expected);
  });

  test("aborting the signal terminates it, and one that is aborted already starts nothing", async () => {
    const controller = new AbortController();
    const child = spawn(resting, [], { signal: controller.signal });
    controller.abort();
    assert.equal((await child.join()).signal, "SIGTERM");
    assert.throws(() => spawn(resting, [], { signal: controller.signal }), { name: "AbortError" });
    await until(() => activeChildren().length === 0);
  });
});
