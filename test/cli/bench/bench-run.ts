import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OwnDirectory } from "../own-directory.js";
import { type CliRun, runCli } from "../run-cli.js";

/** Runs the command with an own directory and an own folder for temporary files, both of which must be empty again. */
export async function benchRun(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onStart?: Parameters<typeof runCli>[2],
): Promise<CliRun> {
  using directory = new OwnDirectory();
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  const run = await runCli(["bench", ...args], { INTERPROC_DIR: directory.path, TMPDIR: folder, ...env }, onStart);
  assert.deepEqual([readdirSync(directory.path), readdirSync(folder)], [[], []], "nothing is left");
  rmSync(folder, { recursive: true });
  return run;
}
