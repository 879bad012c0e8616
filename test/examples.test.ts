import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { projectRoot } from "./project-root.js";

const sources = join(projectRoot, "examples");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** What the comment at an example's end says that it prints. */
function promised(file: string): string[] {
  const lines = readFileSync(join(sources, file), "utf8").trimEnd().split("\n");
  const comment: string[] = [];
  while (lines.at(-1)?.startsWith("// ")) comment.unshift((lines.pop() as string).slice(3));
  return comment;
}

describe("examples", () => {
  const files = readdirSync(sources).filter((file) => /^\d.*\.ts$/.test(file));

  test("smoke: there are examples, and each says what it prints", () => {
    assert(files.length > 0);
    for (const file of files) assert(promised(file).length > 0, `${file} ends without a comment`);
  });

  for (const file of files) {
    const skip = file.includes("python") && !hasPython ? "there is no python3" : false;
    test(`${file} prints what its last comment says`, { skip, timeout: 60_000 }, () => {
      const program = join(projectRoot, "build/examples", file.replace(/\.ts$/, ".js"));
      const run = spawnSync(process.execPath, [program], { encoding: "utf8", timeout: 50_000 });
      assert.equal(run.status, 0, run.stderr);
      // two processes may print in either order
      assert.deepEqual(run.stdout.trimEnd().split("\n").sort(), promised(file).sort());
    });
  }
});
