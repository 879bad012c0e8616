import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { projectRoot } from "../project-root.js";
import { snippetsIn } from "../snippets.js";
import { read } from "../source-tree.js";
import { UserProject } from "../user-project.js";

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe("the package that npm would publish", () => {
  const folder = mkdtempSync(join(tmpdir(), "interproc-tarball-"));
  let packed: Packed;
  let tarball: string;

  before(() => {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout, stderr } = spawnSync("npm", args, { cwd: projectRoot, encoding: "utf8" });
    assert.notEqual(stdout, "", stderr);
    // an Array up to npm 11, an object by package name from npm 12 on
    [packed] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
    tarball = join(folder, packed.filename);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("smoke: it has the code, the types, the addon, the licence and nothing of the workshop", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const wanted of ["dist/index.js", "dist/index.d.ts", "LICENSE", "README.md", "docs/errors.md"])
      assert.ok(paths.includes(wanted), `${wanted} is in it`);
    assert.ok(paths.some((path) => /^dist\/prebuilds\/[\w-]+\/interproc\.node$/.test(path)));
    const foreign = paths.filter((path) => !/^(dist|docs)\/|^[A-Z]+(\.md)?$|^package\.json$/.test(path));
    assert.deepEqual(foreign, []);
    assert.deepEqual(
      paths.filter((path) => /\.test\.|\.tsbuildinfo$|\.node\.\d+$/.test(path)),
      [],
    );
  });

  test("it runs no script when it is installed and has no binding.gyp that npm would build", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const run = ["preinstall", "install", "postinstall", "prepare"].filter((name) => name in scripts);
    assert.deepEqual(run, []);
    assert.ok(!packed.files.some(({ path }) => path.endsWith("binding.gyp")));
  });

  test("publint has nothing to say", async () => {
    const bytes = readFileSync(tarball);
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });

  test("installed without scripts into an empty folder, it compiles and runs the README's first program", () => {
    using project = new UserProject(tarball);
    const [program] = snippetsIn(read("README.md"));
    project.write("first.ts", `${program.code}\nexport {};\n`);
    assert.equal(project.compile(["first.ts"]), "");
    const { status, stdout, stderr } = project.run("first.ts");
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trimEnd(), program.prints?.trimEnd());

    const command = spawnSync(join(project.folder, "node_modules/.bin/interproc"), ["--version"], { encoding: "utf8" });
    assert.equal(command.error, undefined);
    const { version } = JSON.parse(read("package.json")) as { version: string };
    assert.equal(command.stdout.trim(), version, command.stderr);
  });

  test("it stays small", () => {
    assert.ok(statSync(tarball).size < 2_000_000, `${statSync(tarball).size} bytes; at most 2,000,000`);
  });
});
