import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type BuildOptions, buildSync } from "esbuild";
import { programFile } from "../primitives/child-program.js";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { runNode, watchdog } from "./running.js";

const output = 'hello\n0\n[[3,"triple"],[6,"triple"]]\n[[3,"triple"],[6,"triple"]]\n';
const formats = { esm: "app.mjs", cjs: "app.cjs" } as const;
type Format = keyof typeof formats;
const withModule = { define: { "import.meta": "module" } };

/** Bundles a program into one file below the folder; gives its path. */
function bundle(folder: string, format: Format, options: BuildOptions): string {
  const outfile = join(folder, formats[format]);
  const alias = options.external ? undefined : { interproc: join(projectRoot, "dist/index.js") };
  const common: BuildOptions = { bundle: true, platform: "node", target: "node20", logLevel: "error" };
  buildSync({ entryPoints: [programFile("bundling")], ...common, format, outfile, alias, ...options });
  return outfile;
}

/** Bundles a module with this text. */
const bundleText = (folder: string, format: Format, contents: string, options: BuildOptions = {}): string =>
  bundle(folder, format, {
    entryPoints: undefined,
    stdin: { contents, resolveDir: folder },
    external: ["interproc"],
    ...options,
  });

function assertRuns(file: string): void {
  const { status, stdout, stderr } = runNode([file]);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: output }, stderr);
}

describe("a program that esbuild has put into one file", watchdog, () => {
  for (const format of ["esm", "cjs"] as const)
    for (const minify of [false, true]) {
      const how = `${format}${minify ? ", minified" : ""}`;
      test(`${how === "esm" ? "smoke: " : ""}runs, its children and threads as well (${how})`, () => {
        using project = new UserProject();
        const options = { minify, external: ["interproc"], ...(format === "cjs" && withModule) };
        assertRuns(bundle(project.folder, format, options));
      });

      test(`runs with interproc in it as long as the package can be found from there (${how})`, () => {
        using project = new UserProject();
        assertRuns(bundle(project.folder, format, { minify }));
      });
    }

  for (const format of ["esm", "cjs"] as const)
    test(`with interproc in it, and no package to be found, says so and what to do (${format})`, () => {
      const folder = mkdtempSync(join(tmpdir(), "interproc-bundle-"));
      try {
        const file = bundle(folder, format, {});
        const { status, stderr } = runNode([file]);
        assert.notEqual(status, 0);
        assert.ok(stderr.includes(`interproc was bundled into file://${file}`), stderr);
        assert.match(stderr, /leave it out of the bundle \(esbuild: --external:interproc\), or install it/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

  test("as CommonJS, where import.meta is empty, is told to define it", () => {
    using project = new UserProject();
    const { stderr } = runNode([bundle(project.folder, "cjs", { external: ["interproc"], logLevel: "silent" })]);
    assert.match(
      stderr,
      /UsageError: task\(\): the first argument is an empty object, as bundlers .*--define:import\.meta=module/,
    );
  });

  test("minified, with a task that goes by its function's name, is told to name it; keepNames keeps it", () => {
    using project = new UserProject();
    const text = `import { isMain, spawn, task } from "interproc";
      const work = task(import.meta, function work() { return 42; });
      if (isMain(import.meta)) console.log(await spawn(work).result());`;
    const lost = runNode([bundleText(project.folder, "esm", text, { minify: true })]);
    assert.match(
      lost.stderr,
      /UsageError: task\(\): the function has no name; write .*task\(import\.meta, "work", fn\)/,
    );
    const kept = runNode([bundleText(project.folder, "esm", text, { minify: true, keepNames: true })]);
    assert.equal(kept.stdout, "42\n", kept.stderr);
  });

  test("with two tasks of one name, which were in modules of their own, is told so", () => {
    using project = new UserProject();
    project.write("other.js", 'import { task } from "interproc"; export default task(import.meta, "work", () => 1);');
    const text = `import { task } from "interproc"; import other from "./other.js";
      const work = task(import.meta, "work", () => 2); console.log(work(), other());`;
    const { stderr } = runNode([bundleText(project.folder, "esm", text)]);
    assert.match(stderr, /UsageError: task\(\): .*app\.mjs has a task "work" already; give each its own name/);
  });
});
