import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isMain, spawn, task } from "interproc";
import { double, echo } from "../programs/answering.js";
import { askChild } from "../programs/importing-guard.js";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { runNode, runProgram, watchdog } from "./running.js";

const usage = { code: "ERR_INTERPROC_USAGE" };

// A child imports its task's module, so that none of these tests' tasks can be in this file: it would run the tests too.

describe("a task", watchdog, () => {
  test("smoke: is the function it was made of, and runs in a process of its own", async () => {
    assert.equal(double(21), 42);
    assert.equal(await spawn(double, [4]).result(), 8);
  });

  test("need not be exported", () => {
    assert.equal(runProgram("hidden-task").stdout, "hidden\n");
  });

  test("can live in any module and be imported from any other", async () => {
    assert.deepEqual(await spawn(echo, ["from elsewhere"]).result(), ["from elsewhere"]);
  });

  test("needs a name of its own in its module", () => {
    assert.throws(() => task(import.meta, () => 1), { ...usage, message: /no name/ });
    assert.throws(() => task(import.meta, "", () => 1), usage);
    const first = task(import.meta, function twice(n: number) {
      return n * 2;
    });
    assert.equal(task(import.meta, first), first);
    assert.throws(() => task(import.meta, function twice() {}), { ...usage, message: /"twice" already/ });
    assert.throws(() => task(import.meta, 5 as unknown as () => void), usage);
    assert.throws(() => task({} as unknown as ImportMeta, function lost() {}), { ...usage, message: /import\.meta/ });
  });

  test("can be given its name, for bundlers and minifiers", async () => {
    const a = task(import.meta, "a given name", () => "minified");
    assert.equal(a(), "minified");
  });

  test("spawning what is no task says how to make it one, and spawning takes an array of arguments", () => {
    const plain = function plain() {};
    assert.throws(() => spawn(plain as never), { ...usage, message: /plain is no task.*task\(import\.meta/ });
    assert.throws(() => spawn(undefined as never), usage);
    assert.throws(() => spawn(double, "4" as never), { ...usage, message: /array/ });
  });

  test("that its module registers too late is not found, and the error says so", () => {
    const { stdout, status } = runProgram("late-task");
    assert.match(stdout, /registers no task "work"; task\(import\.meta, …\) must run when the module is imported/);
    assert.equal(status, 0);
  });
});

describe("isMain", watchdog, () => {
  test("smoke: is true for the program that was started, and false in a child that imports it", () => {
    assert.equal(runProgram("importing-guard").stdout, "true false\n");
  });

  test("is false for a module that is imported, also in a child", async () => {
    assert.equal(askChild(), false);
    assert.equal(await spawn(askChild).result(), false);
    assert.equal(isMain(import.meta), true);
  });

  test("is true however the program was named: by a link, or without its ending", () => {
    using project = new UserProject();
    symlinkSync(join(projectRoot, "build/test/programs/importing-guard.js"), join(project.folder, "link.mjs"));
    project.write("package.json", "{}");
    project.write(
      "main.js",
      'const { isMain } = require("interproc"); console.log(isMain(module), isMain({ url: "file:///" }));',
    );
    for (const [name, expected] of [
      ["link.mjs", "true false\n"],
      ["./main.js", "true false\n"],
      ["main", "true false\n"],
    ])
      assert.equal(runNode([name], project.folder).stdout, expected, name);
  });
});

describe("a program without a guard", watchdog, () => {
  test("[case 82] that spawns when it is imported fails at once with advice, and no process starts further ones", () => {
    const { stdout, stderr, status } = runProgram("fork-bomb");
    assert.equal(stdout.match(/started by/g)?.length, 2, stdout);
    assert.match(stderr, /spawn\(\) while a child process is importing .*fork-bomb/);
    assert.match(stderr, /if \(isMain\(import\.meta\)\) \{ … \}/);
    assert.equal(status, 1);
  });
});
