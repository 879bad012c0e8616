import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "../project-root.js";
import { runCli } from "./run-cli.js";

const looks = ["ls", "show", "top", "ui", "metrics", "gc", "doctor", "bench"];
const commands = [...looks, "send", "recv", "map", "lock", "semaphore", "python", "gateway", "demo", "completion"];

describe("interproc, the command", () => {
  test("smoke: --help names the commands and what the exit codes mean", async () => {
    const { code, stdout, stderr } = await runCli(["--help"]);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const word of [...commands, "Exit codes"]) assert.ok(stdout.includes(word), word);
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
    const { code, stdout } = await runCli(["--version"]);
    assert.deepEqual([code, stdout], [0, `${version}\n`]);
  });

  test("help says what --help does, and that there is no such command", async () => {
    for (const [help, option] of [
      [["help"], ["--help"]],
      [
        ["help", "send"],
        ["send", "--help"],
      ],
    ]) {
      const [said, asked] = [await runCli(help), await runCli(option)];
      assert.equal(said.code, 0);
      assert.equal(said.stdout, asked.stdout);
    }
    const { code, stdout, stderr } = await runCli(["help", "nosuch"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^interproc: unknown command 'nosuch'\n/);
  });

  test("each command has a --help of its own", async () => {
    for (const command of commands) {
      const { code, stdout } = await runCli([command, "--help"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: interproc ${command} .*--json`, "s"));
    }
  });

  const wrong: [what: string, args: string[], says: RegExp][] = [
    ["no command", [], /Usage: interproc/],
    ["a command that there is not", ["demu"], /unknown command 'demu'/],
    ["an option that there is not", ["demo", "--fast"], /unknown option '--fast'/],
    ["no worker", ["demo", "--processes", "0"], /'0' is invalid. Allowed: a whole number from 1 to 100/],
    ["half a worker", ["demo", "--processes", "1.5"], /'1.5' is invalid/],
    ["too many workers", ["demo", "-p", "101"], /'101' is invalid/],
    ["one argument too many", ["doctor", "now"], /too many arguments/],
    ["a folder that is not there", ["demo", "/no/such/folder"], /there is no folder \/no\/such\/folder/],
    ["a file for a folder", ["demo", join(projectRoot, "package.json")], /package\.json is not a folder/],
  ];
  for (const [what, args, says] of wrong) {
    test(`${what} is told on stderr without a stack, exit code 2`, async () => {
      const { code, stdout, stderr } = await runCli(args);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, says);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }

  test("what interproc itself reports is one line on stderr, exit code 1", async () => {
    const { code, stdout, stderr } = await runCli(["demo", join(projectRoot, "docs")], {
      INTERPROC_DIR: "/no/such/folder",
    });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^interproc: the directory for shared objects \/no\/such\/folder cannot be made: ENOENT.*\n$/m,
    );
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});
