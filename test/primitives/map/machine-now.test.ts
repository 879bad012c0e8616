import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../../programs/tell-machine-now.js", import.meta.url));
/** So exact a clock is that was read together with another one. */
const EXACT_MS = 0.1;

describe("the clock that says when entries of maps are over", { timeout: 60_000 }, () => {
  test("smoke: is the same in every process, however it was held up when it began", async () => {
    const runs = Array.from({ length: 12 }, () => promisify(execFile)(process.execPath, [program]));
    for (const { stdout } of await Promise.all(runs)) {
      const [before, now, after] = JSON.parse(stdout) as [number, number, number];
      assert.ok(now >= before - EXACT_MS && now <= after + EXACT_MS, `${now}, between ${before} and ${after}`);
    }
  });
});
