import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { snippetsIn } from "./snippets.js";
import { read } from "./source-tree.js";
import { UserProject } from "./user-project.js";

/** Tests, inside a suite, that the programs in pages compile in strict mode, run, and print what stands behind them. */
export function testProgramsOf(pages: readonly string[]): void {
  const programs = pages.flatMap((page) =>
    snippetsIn(read(page)).map((snippet) => ({
      ...snippet,
      title: `${page}:${snippet.line}`,
      file: `${page.replace(/\.md$/, "").replaceAll("/", "-")}-${snippet.line}.ts`,
    })),
  );
  let project: UserProject;
  let compilerSays = "";

  before(() => {
    project = new UserProject();
    for (const { file, code } of programs) project.write(file, `${code}\nexport {};\n`);
    compilerSays = project.compile(programs.map(({ file }) => file));
  });
  after(() => project[Symbol.dispose]());

  test("smoke: there are programs, and the compiler has nothing to say about the package itself", () => {
    assert.ok(programs.length > 0, `programs in ${pages.join(", ")}`);
    const files = programs.map(({ file }) => file);
    const other = compilerSays
      .split("\n")
      .filter((line) => line !== "" && !files.some((file) => line.startsWith(file)));
    assert.deepEqual(other.slice(0, 10), []);
  });

  for (const { title, file, isRun, needs, prints } of programs) {
    test(`${title} compiles in strict mode${isRun ? " and runs" : ""}`, () => {
      const errors = compilerSays.split("\n").filter((line) => line.startsWith(`${file}(`));
      assert.deepEqual(errors, []);
      if (!isRun || (needs !== undefined && spawnSync(needs, ["--version"]).error)) return;
      const { status, signal, stdout, stderr } = project.run(file);
      assert.equal(status, 0, `exit ${status ?? signal}, stderr: ${stderr}, stdout: ${stdout}`);
      if (prints !== undefined) assert.equal(stdout.trimEnd(), prints.trimEnd());
    });
  }
}
