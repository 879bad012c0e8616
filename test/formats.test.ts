import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "./project-root.js";

test("smoke: the page of formats says what the layout tables say", () => {
  const run = spawnSync(process.execPath, [join(projectRoot, "scripts/formats.mjs"), "--check"], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
