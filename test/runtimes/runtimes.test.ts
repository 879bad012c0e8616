import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { installRuntimes, runtimes, whyNotHere } from "./runtimes.js";

const skip = whyNotHere() ?? false;
const timeout = 120_000;

describe("the smoke program", () => {
  let project: UserProject;

  before(() => {
    if (!skip) installRuntimes();
    project = new UserProject();
    project.write("smoke.js", readFileSync(join(projectRoot, "build/test/programs/smoke.js"), "utf8"));
  });
  after(() => project[Symbol.dispose]());

  for (const { name, command } of [{ name: "this Node", command: [process.execPath] }, ...runtimes]) {
    test(`runs on ${name} and ends by itself`, { skip: name !== "this Node" && skip }, () => {
      const [file, ...args] = command;
      const { status, signal, stdout, stderr } = spawnSync(file, [...args, "smoke.js"], {
        cwd: project.folder,
        encoding: "utf8",
        env: { ...process.env, DENO_DIR: join(project.folder, ".deno"), DENO_NO_UPDATE_CHECK: "1" },
        timeout,
        killSignal: "SIGKILL",
      });
      assert.equal(status, 0, `exit ${status ?? signal}\n${stdout}\n${stderr}`);
      assert.match(stdout, /^smoke: all well$/m);
    });
  }
});
