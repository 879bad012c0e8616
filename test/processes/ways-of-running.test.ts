import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { runNode, watchdog } from "./running.js";

/** The task is in a module of its own, imported by a program that needs a compiler: an enum cannot just be left out. */
const modules: Record<string, string> = {
  "shapes.ts": `
    import { type Connection, task } from "interproc";
    export interface Job { readonly radius: number }
    export const area = task(import.meta, async function area(job: Job, report: Connection<string>): Promise<number> {
      await report.send(\`radius \${job.radius satisfies number}\`);
      return Math.round(Math.PI * job.radius ** 2);
    });`,
  "main.ts": `
    import { currentProcess, isMain, pipe, spawn, task } from "interproc";
    import { area, type Job } from "./shapes.ts";
    const double = task(import.meta, async function double(n: number) { return [n * 2, isMain(import.meta), currentProcess().name]; });
    if (isMain(import.meta)) {
      const [mine, theirs] = pipe<never, string>();
      const child = spawn(area, [{ radius: 2 } as Job, theirs]);
      console.log(await mine.recv(), await child.result(), ...(await spawn(double, [21], { name: "typed" }).result()));
    }`,
  "enum.ts": `
    import { isMain, spawn, task } from "interproc";
    enum Colour { Red, Green }
    const name = task(import.meta, async function name(colour: Colour) { return Colour[colour]; });
    if (isMain(import.meta)) console.log(await spawn(name, [Colour.Green]).result());`,
  "common.cjs": `
    const { isMain, spawn, task } = require("interproc");
    const triple = task(module, async function triple(n) { return n * 3; });
    if (isMain(module)) spawn(triple, [14]).result().then(console.log);`,
  "plain.mjs": `
    import { isMain, spawn, task } from "interproc";
    const half = task(import.meta, async function half(n) { return n / 2; });
    if (isMain(import.meta)) console.log(await spawn(half, [84]).result());`,
};

describe("a program and its children", watchdog, () => {
  const tsx = pathToFileURL(join(projectRoot, "node_modules/tsx/dist/loader.mjs")).href;
  const ways: [how: string, args: string[], output: string][] = [
    ["compiled JavaScript, as a module", ["plain.mjs"], "42\n"],
    ["CommonJS", ["common.cjs"], "42\n"],
    ["TypeScript through --import tsx", ["--import", tsx, "main.ts"], "radius 2 13 42 false typed\n"],
    ["TypeScript that needs a compiler, through --import tsx", ["--import", tsx, "enum.ts"], "Green\n"],
    [
      "TypeScript through the tsx command",
      [join(projectRoot, "node_modules/tsx/dist/cli.mjs"), "main.ts"],
      "radius 2 13 42 false typed\n",
    ],
  ];
  for (const [index, [how, args, output]] of ways.entries())
    test(`${index === 0 ? "smoke: " : ""}run as ${how}`, () => {
      using project = new UserProject();
      for (const [file, content] of Object.entries(modules)) project.write(file, content);
      const { status, stdout, stderr } = runNode(args, project.folder);
      assert.deepEqual({ status, stdout }, { status: 0, stdout: output }, stderr);
    });

  test("run by pm2, whose own program imports the one that was asked for", () => {
    using project = new UserProject();
    project.write("plain.mjs", modules["plain.mjs"]);
    for (const container of ["ProcessContainerFork.js", "ProcessContainer.js"]) {
      project.write(
        container,
        'import { pathToFileURL } from "node:url"; import(pathToFileURL(process.env.pm_exec_path));',
      );
      const env = { ...process.env, pm_exec_path: join(project.folder, "plain.mjs") };
      const { status, stdout, stderr } = runNode([container], project.folder, env);
      assert.deepEqual({ status, stdout }, { status: 0, stdout: "42\n" }, stderr);
    }
  });

  test("run as a text given with --eval: a child cannot import that, and the error says so; tasks elsewhere do run", () => {
    using project = new UserProject();
    const program = `import { spawn, task } from "interproc";
      import { double } from ${JSON.stringify(new URL("../programs/answering.js", import.meta.url).href)};
      const nowhere = spawn(task(import.meta, function nowhere() {}), [], { stdio: "ignore" });
      await nowhere.result().catch((error) => console.log(error.code, error.message));
      console.log(await spawn(double, [21]).result());`;
    const { stdout } = runNode(["--input-type=module", "--eval", program], project.folder);
    assert.match(stdout, /^ERR_INTERPROC_REMOTE .*\[eval1\].*\n42\n$/);
  });
});
