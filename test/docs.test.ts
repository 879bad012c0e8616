import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { after, before, describe, test } from "node:test";
import { projectRoot } from "./project-root.js";
import { snippetsIn } from "./snippets.js";
import { filesBelow, read } from "./source-tree.js";
import { UserProject } from "./user-project.js";

const pages = ["README.md", "docs/errors.md", ...filesBelow("docs/guide", /\.md$/)];
const programs = pages.flatMap((page) =>
  snippetsIn(read(page)).map((snippet) => ({
    ...snippet,
    title: `${page}:${snippet.line}`,
    file: `${page.replace(/\.md$/, "").replaceAll("/", "-")}-${snippet.line}.ts`,
  })),
);

describe("documentation", () => {
  let project: UserProject;
  let compilerSays = "";

  before(() => {
    project = new UserProject();
    for (const { file, code } of programs) project.write(file, `${code}\nexport {};\n`);
    compilerSays = project.compile(programs.map(({ file }) => file));
  });
  after(() => project[Symbol.dispose]());

  test("smoke: a page's programs and what they print are found", () => {
    const page = [
      "```ts",
      "a();",
      "```",
      "",
      "```text",
      "1",
      "2",
      "```",
      "```ts no-run",
      "b();",
      "```",
      "so",
      "```text",
      "```",
    ];
    assert.deepEqual(snippetsIn(page.join("\n")), [
      { line: 1, code: "a();", isRun: true, prints: "1\n2" },
      { line: 9, code: "b();", isRun: false, prints: undefined },
    ]);
    assert.ok(programs.length > 0, "README.md has a program");
  });

  for (const { title, file, isRun, prints } of programs) {
    test(`${title} compiles in strict mode${isRun ? " and runs" : ""}`, () => {
      const errors = compilerSays.split("\n").filter((line) => line.startsWith(`${file}(`));
      assert.deepEqual(errors, []);
      if (!isRun) return;
      const { status, signal, stdout, stderr } = project.run(file);
      assert.equal(status, 0, `exit ${status ?? signal}, stderr: ${stderr}, stdout: ${stdout}`);
      if (prints !== undefined) assert.equal(stdout.trimEnd(), prints.trimEnd());
    });
  }

  test("the compiler has nothing to say about the package itself", () => {
    const files = programs.map(({ file }) => file);
    const other = compilerSays
      .split("\n")
      .filter((line) => line !== "" && !files.some((file) => line.startsWith(file)));
    assert.deepEqual(other.slice(0, 10), []);
  });

  test("every relative link in a page leads to a file", () => {
    const broken = filesBelow(".", /\.md$/).flatMap((page) => {
      const prose = read(page).replace(/```[\s\S]*?```/g, "");
      return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target.split("#")[0])
        .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(join(projectRoot, posix.join(dirname(page), target))))
        .map((target) => `${page}: ${target}`);
    });
    assert.deepEqual(broken, []);
  });
});
