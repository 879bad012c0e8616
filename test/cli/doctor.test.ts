import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Finding } from "#src/cli/doctor/finding.js";
import { OwnDirectory } from "./own-directory.js";
import { childrenOf, runCli, untilEnded } from "./run-cli.js";
import { TextFolder } from "./text-folder.js";

async function findings(
  directory: string,
): Promise<{ code: number | null; works: boolean; byName: Map<string, Finding> }> {
  const { code, stdout } = await runCli(["doctor", "--json"], { INTERPROC_DIR: directory });
  const { works, findings } = JSON.parse(stdout) as { works: boolean; findings: Finding[] };
  return { code, works, byName: new Map(findings.map((finding) => [finding.subject, finding])) };
}

describe("interproc doctor", () => {
  test("smoke: everything that is needed works on the machine that runs the tests", async () => {
    const { code, stdout, stderr } = await runCli(["doctor"]);
    assert.equal(code, 0, stdout + stderr);
    for (const subject of ["addon", "directory", "memory", "open files", "processors", "Python"])
      assert.match(stdout, new RegExp(`^(ok|warn) +${subject} +\\S`, "m"));
    assert.match(stdout, /^ok +locks that end with their holder \(OFD\) +works$/m);
    assert.match(stdout, /^ok +a round trip through a pipe +\d+ µs/m);
    assert.match(stdout, /^shared memory works here/m);
  });

  test("--json gives the same as one document, and leaves an empty directory empty", async () => {
    using directory = new OwnDirectory();
    const { code, works, byName } = await findings(directory.path);
    assert.deepEqual([code, works], [0, true]);
    assert.equal(byName.get("runtime")?.found, `Node.js ${process.versions.node}`);
    assert.equal(byName.get("directory")?.found, `${directory.path} (INTERPROC_DIR), mode 0700`);
    assert.equal(byName.get("leftovers")?.found, "none");
    assert.deepEqual(readdirSync(directory.path), []);
  });

  test("a directory that others may enter fails, with the remedy and exit code 1; what needs it is not tried", async () => {
    using directory = new OwnDirectory();
    chmodSync(directory.path, 0o755);
    const { code, works, byName } = await findings(directory.path);
    assert.deepEqual([code, works, byName.get("directory")?.status], [1, false, "fail"]);
    assert.match(byName.get("directory")?.found ?? "", /has mode 0755; allowed: 0700 \(chmod 700 /);
    assert.ok(!byName.has("a child process") && byName.has("open files"));
  });

  test("a directory that cannot be made fails", async () => {
    const { code, byName } = await findings("/no/such/folder");
    assert.deepEqual([code, byName.get("directory")?.status], [1, "fail"]);
  });

  test("what killed processes left is removed and told", async () => {
    using directory = new OwnDirectory();
    using texts = TextFolder.numbered(640);
    const env = { INTERPROC_DIR: directory.path };
    let workers: number[] = [];
    const { code } = await runCli(["demo", texts.path, "-p", "2"], env, async (child) => {
      workers = await childrenOf(child.pid as number, 2);
      child.kill("SIGKILL");
    });
    assert.equal(code, null);
    await untilEnded(workers); // they notice that their parent is gone
    const { byName } = await findings(directory.path);
    assert.match(byName.get("leftovers")?.found ?? "", /^\d threads? had been killed; what they left was removed/);
    assert.equal((await findings(directory.path)).byName.get("leftovers")?.found, "none");
    assert.deepEqual(readdirSync(directory.path), []);
  });

  test("a name in the directory is counted", async () => {
    using directory = new OwnDirectory();
    mkdirSync(join(directory.path, "not-an-object"));
    assert.match((await findings(directory.path)).byName.get("objects")?.found ?? "", /^1 with a name/);
  });
});
