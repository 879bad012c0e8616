import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { installPackages } from "./install-packages.js";
import { vitestFiles } from "./vitest-files.js";

const folder = "test/runtimes/vitest";

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

describe("under vitest", { timeout: 600_000 }, () => {
  before(() => installPackages(folder));

  for (const pool of ["forks", "threads"])
    test(`${pool === "forks" ? "smoke: " : ""}queues, locks, pools and processes work in its ${pool}`, () => {
      using project = new UserProject();
      for (const name of ["vitest", "vite"])
        symlinkSync(join(projectRoot, folder, "node_modules", name), join(project.folder, "node_modules", name));
      for (const [file, content] of Object.entries(vitestFiles)) project.write(file, content);
      const vitest = join(projectRoot, folder, "node_modules/vitest/vitest.mjs");
      const args = [vitest, "run", `--pool=${pool}`, "--reporter=json", "--outputFile=report.json"];
      const tsx = pathToFileURL(join(projectRoot, "node_modules/tsx/dist/loader.mjs")).href;
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        ...{ cwd: project.folder, encoding: "utf8", timeout: 120_000, killSignal: "SIGKILL" },
        env: { ...process.env, TSX: tsx },
      });
      assert.equal(status, 0, `${stdout}\n${stderr}`);
      const { testResults } = JSON.parse(project.read("report.json")) as Report;
      const results = testResults.flatMap(({ assertionResults }) => assertionResults);
      assert.equal(results.length, 7);
      // vitest kills its workers, and whoever comes next removes what they had
      project.write("next.js", 'import { Queue } from "interproc"; new Queue().close();');
      assert.equal(spawnSync(process.execPath, ["next.js"], { cwd: project.folder }).status, 0);
      assert.deepEqual(
        results.filter(({ status }) => status !== "passed"),
        [],
      );
    });
});
