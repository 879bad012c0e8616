import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Lock, Semaphore, spawnProgram } from "interproc";
import { snapshot } from "#src/inspector/snapshot.js";
import { until } from "../memory/processes.js";
import { programFile } from "../primitives/child-program.js";
import { projectRoot } from "../project-root.js";
import { cliPath, runCli } from "./run-cli.js";
import { runPiped } from "./run-piped.js";

const WATCHDOG = { timeout: 90_000 };
const upperCase = `${programFile("upper-case")}#upperCase`;
const double = `${programFile("upper-case")}#double`;
const waits = (name: string): boolean => {
  const { objects, waits } = snapshot();
  return waits.some(({ object }) => objects.find(({ id }) => id === object)?.name === name);
};

describe("interproc map", () => {
  test("smoke: each line is a call, and results come in the lines' order", WATCHDOG, async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `line ${i}`);
    const { code, stdout, stderr } = await runPiped(["map", upperCase, "-p", "2"], lines.join("\n")).result;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout.toString(), lines.map((line) => `{"line":"${line.toUpperCase()}"}\n`).join(""));
  });

  test("--json gives values, --unordered takes results as they come", WATCHDOG, async () => {
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const { code, stdout } = await runPiped(["map", double, "-p", "2", "--json", "--unordered"], numbers.join("\n"))
      .result;
    assert.equal(code, 0);
    const found = stdout.toString().trimEnd().split("\n").map(Number);
    assert.deepEqual(
      found.sort((a, b) => a - b),
      numbers.map((n) => n * 2),
    );
  });

  test("a line that fails is told with its number, and the others are done; exit code 1", WATCHDOG, async () => {
    const { code, stdout, stderr } = await runPiped(["map", upperCase, "-p", "1"], "a\nbad\ndie\nb\n").result;
    assert.deepEqual([code, stdout.toString()], [1, '{"line":"A"}\n{"line":"B"}\n']);
    assert.match(stderr, /^interproc: line 2: .*it is bad/m);
    assert.match(stderr, /^interproc: line 3: .*SIGKILL/m);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  test("--json: a line that is no JSON fails alone", WATCHDOG, async () => {
    const { code, stdout, stderr } = await runPiped(["map", double, "-p", "1", "--json"], "1\n{oops\n\n2\n").result;
    assert.deepEqual([code, stdout.toString()], [1, "2\n4\n"]);
    assert.match(stderr, /^interproc: line 2 is no JSON: .*\ninterproc: line 3 is no JSON: .*\n$/);
  });

  test("--fail-fast ends with the first failure, and tells of no other", WATCHDOG, async () => {
    const { code, stderr } = await runPiped(["map", upperCase, "-p", "1", "--fail-fast"], "bad\nb\nc\nd\n").result;
    assert.equal(code, 1);
    assert.match(stderr, /^interproc: line 1: .*it is bad\ninterproc: ended by the first failure \(--fail-fast\)\n$/);
  });

  test("a signal ends a map that waits for lines, with its exit code and without a stack", WATCHDOG, async () => {
    const child = spawn(process.execPath, [cliPath, "map", upperCase, "-p", "1"]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.stdin.write("a\n");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [130, null]);
    assert.equal(stderr, "");
  });

  for (const [what, target, says] of [
    ["no task's name", programFile("upper-case"), /names no task; allowed: MODULE#task/],
    ["a task that there is not", `${programFile("upper-case")}#lowerCase`, /registers no task "lowerCase"/],
    ["a module that there is not", "./no-such-file.js#x", /there is no module/],
  ] as const)
    test(`${what} is told, exit code 2`, WATCHDOG, async () => {
      const { code, stderr } = await runPiped(["map", target], "a\n").result;
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
});

describe("interproc lock and semaphore", () => {
  test("smoke: the command runs, and its exit code is the command's", WATCHDOG, async () => {
    const { code, stdout } = await runCli(["lock", "a", "--", "sh", "-c", "echo inside; exit 7"]);
    assert.deepEqual([code, stdout], [7, "inside\n"]);
  });

  test("the command waits for the lock", WATCHDOG, async () => {
    using lock = Lock.create("held");
    const hold = lock.acquireSync();
    const { result } = runPiped(["lock", "held", "--", "echo", "in"]);
    await until(() => waits("held"));
    hold.release();
    assert.equal((await result).stdout.toString(), "in\n");
  });

  test(
    "a lock that is taken for longer than --timeout is exit code 3, and the command does not run",
    WATCHDOG,
    async () => {
      using lock = Lock.create("taken");
      using _hold = lock.acquireSync();
      for (const timeout of ["0", "30"]) {
        const { code, stdout, stderr } = await runCli(["lock", "taken", "--timeout", timeout, "--", "echo", "in"]);
        assert.deepEqual([code, stdout], [3, ""]);
        assert.match(stderr, /^interproc: lock "taken" is taken/);
      }
    },
  );

  test("that the last holder was killed is told to the user and to the command", WATCHDOG, async () => {
    using lock = Lock.create("widowed");
    const first = runPiped(["lock", "widowed", "--", "sh", "-c", "echo started; read line"]);
    await until(() => lock.isLocked);
    first.child.kill("SIGKILL");
    await first.result.catch(() => undefined);
    const { code, stdout, stderr } = await runCli([
      "lock",
      "widowed",
      "--",
      "sh",
      "-c",
      "echo abandoned $INTERPROC_ABANDONED",
    ]);
    assert.deepEqual([code, stdout], [0, "abandoned 1\n"]);
    assert.match(stderr, /^interproc: lock "widowed" was abandoned/);
    const again = await runCli(["lock", "widowed", "--json", "--", "true"]);
    assert.deepEqual(JSON.parse(again.stderr), { abandoned: false, exitCode: 0 });
  });

  test("a semaphore lets so many in, and says when it has another number of permits", WATCHDOG, async () => {
    using permits = Semaphore.create("two", 2);
    using _permit = permits.acquireSync();
    assert.equal((await runCli(["semaphore", "two", "2", "--", "echo", "in"])).stdout, "in\n");
    using _other = permits.acquireSync();
    assert.equal((await runCli(["semaphore", "two", "2", "--timeout", "0", "--", "echo", "in"])).code, 3);
    const { code, stderr } = await runCli(["semaphore", "two", "5", "--", "echo", "in"]);
    assert.equal(code, 2);
    assert.match(stderr, /has 2 permits, and 5 were asked for/);
  });

  test("a command that cannot be run is told as shells do: 127, 126", WATCHDOG, async () => {
    const { code, stderr } = await runCli(["lock", "a", "--", "no-such-command"]);
    assert.equal(code, 127);
    assert.match(stderr, /^interproc: no-such-command cannot be run: there is no such command\n$/);
    assert.equal((await runCli(["lock", "a", "--", projectRoot])).code, 126);
  });

  test("a signal goes to the command, whose end is told", WATCHDOG, async () => {
    const script = "trap 'exit 9' TERM; echo ready >&2; while :; do sleep 0.02; done";
    const { child, result, said } = runPiped(["lock", "a", "--", "sh", "-c", script]);
    await until(() => said().includes("ready"));
    child.kill("SIGTERM");
    assert.equal((await result).code, 9);
  });
});

describe("interproc python and completion", () => {
  test("smoke: the Python worker that is printed answers a program of interproc", WATCHDOG, async (t) => {
    if (spawnSync("python3", ["--version"]).status !== 0) return t.skip("there is no python3");
    const { stdout } = await runCli(["python"]);
    const file = join(tmpdir(), "worker.py");
    writeFileSync(file, stdout);
    const worker = spawnProgram("python3", [file], { connection: "python" });
    await worker.connection.send({ n: [1, 2] });
    assert.deepEqual(await worker.connection.recv(), { "you said": { n: [1, 2] }, "from process": worker.pid });
    worker.connection.close();
    assert.deepEqual(await worker.join(), { code: 0, signal: null });
  });

  test("the program for its other side runs beside it", WATCHDOG, async (t) => {
    if (spawnSync("python3", ["--version"]).status !== 0) return t.skip("there is no python3");
    const folder = mkdtempSync(join(tmpdir(), "python-worker-"));
    const both = JSON.parse((await runCli(["python", "--json"])).stdout) as Record<string, string>;
    for (const [file, text] of Object.entries(both)) writeFileSync(join(folder, file.replace(".ts", ".mjs")), text);
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(projectRoot, join(folder, "node_modules/interproc"));
    assert.match(execFileSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8" }), /you said/);
  });

  test("bash takes its completion, which knows commands, options and names", WATCHDOG, async () => {
    const { stdout } = await runCli(["completion", "bash"]);
    const words = (line: string, cword: number): string => {
      const script = `${stdout}\ninterproc() { echo one-name; }\nCOMP_WORDS=(${line}); COMP_CWORD=${cword}; _interproc; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" });
    };
    assert.equal(words("interproc se", 1), "send semaphore\n");
    assert.match(words("interproc recv --co", 2), /--count/);
    assert.equal(words("interproc show one", 2), "one-name\n");
  });

  test("completion knows what an option can be, and leaves other values to the shell", WATCHDOG, async () => {
    const { stdout } = await runCli(["completion", "bash"]);
    const words = (...line: string[]): string => {
      const quoted = line.map((word) => `"${word}"`).join(" ");
      const script = `${stdout}\ninterproc() { echo one-name; }\nCOMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}; _interproc; echo "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", script], { encoding: "utf8" });
    };
    assert.equal(words("interproc", "recv", "shm:x", "--codec", ""), "structured json text bytes pickle\n");
    assert.equal(words("interproc", "top", "-s", "o"), "out\n");
    assert.equal(words("interproc", "gateway", "--token-file", ""), "\n");
    assert.equal(words("interproc", "completion", "z"), "zsh\n");
    assert.equal(words("interproc", "help", "sem"), "semaphore\n");
    const fish = (await runCli(["completion", "fish"])).stdout;
    assert.match(fish, /^complete .*_from recv' -l codec -r -f -a 'structured json text bytes pickle'$/m);
    assert.match(fish, /^complete .*_from gateway' -l token-file -r$/m);
    assert.match(fish, /^complete .*_from recv' -l listen$/m);
  });

  test("a shell that is not known is told, exit code 2", WATCHDOG, async () => {
    const { code, stderr } = await runCli(["completion", "tcsh"]);
    assert.equal(code, 2);
    assert.match(stderr, /no completion for "tcsh"; allowed: bash, zsh, fish/);
  });
});
