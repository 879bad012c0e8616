import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { projectRoot } from "../project-root.js";
import { UserProject } from "../user-project.js";
import { installRuntimes, type Runtime, runOn, runtimes, thisNode, whyNotHere } from "./runtimes.js";
import { commonImported, commonRequired, typed, type UserProgram } from "./user-programs.js";

const skip = whyNotHere() ?? false;

before(() => {
  if (!skip) installRuntimes();
});

function projectWith({ files }: Pick<UserProgram, "files">): UserProject {
  const project = new UserProject();
  for (const [file, content] of Object.entries(files)) project.write(file, content);
  return project;
}

function assertPrints(runtime: Runtime, project: UserProject, args: readonly string[], output: string): void {
  const { status, signal, stdout, stderr } = runOn(runtime, project, args);
  assert.deepEqual(
    { end: status ?? signal, stdout },
    { end: 0, stdout: output },
    `${runtime.name}: ${stdout}\n${stderr}`,
  );
}

describe("the smoke program", () => {
  const smoke = readFileSync(join(projectRoot, "build/test/programs/smoke.js"), "utf8");

  for (const runtime of [thisNode, ...runtimes]) {
    test(`runs on ${runtime.name} and ends by itself`, { skip: runtime !== thisNode && skip }, () => {
      using project = projectWith({ files: { "smoke.js": smoke } });
      assertPrints(runtime, project, ["smoke.js"], "smoke: all well\n");
    });
  }
});

describe("a program of one TypeScript file that is run directly", () => {
  /** The options by which each runs a module beforehand; Deno does not tell a program its options. */
  const beforehand: Record<string, readonly string[]> = {
    "node-24": ["--import", "./before.ts"],
    "node-26": ["--import", "./before.ts"],
    bun: ["--preload", "./before.ts"],
    deno: ["--preload", "./before.ts"],
  };
  const [program] = Object.keys(typed.files);

  test("has no type error", () => {
    using project = projectWith(typed);
    assert.equal(project.compile(Object.keys(typed.files)), "");
  });

  for (const runtime of runtimes) {
    const { name, command } = runtime;
    test(`runs on ${name}, its child as well`, { skip }, () => {
      using project = projectWith(typed);
      assertPrints(runtime, project, [program], typed.output.replaceAll("euro", "no currency"));
    });

    const given = name === "deno" ? ["run", "--allow-all", ...beforehand.deno] : [];
    const how = name === "deno" ? "that spawn() is given" : "of the program";
    test(`has a child with the options ${how} on ${name}`, { skip }, () => {
      using project = projectWith(typed);
      const withOptions = { name, command: [...command, ...beforehand[name]] };
      assertPrints(withOptions, project, [program, ...given], typed.output);
    });
  }
});

describe("a task in a CommonJS file", () => {
  for (const [how, program] of Object.entries({ imported: commonImported, required: commonRequired }))
    for (const runtime of [thisNode, ...runtimes])
      test(`runs when it was ${how} on ${runtime.name}`, { skip: runtime !== thisNode && skip }, () => {
        using project = projectWith(program);
        assertPrints(runtime, project, Object.keys(program.files).slice(0, 1), program.output);
      });
});
