import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../project-root.js";
import type { UserProject } from "../user-project.js";
import { installPackages } from "./install-packages.js";

/** Another program than this Node that runs JavaScript. */
export interface Runtime {
  /** The package in `test/runtimes/package.json` that has it. */
  readonly name: string;
  /** What to type before the program's file. */
  readonly command: readonly string[];
}

const packages = join(projectRoot, "test/runtimes/node_modules");

export const runtimes: readonly Runtime[] = [
  { name: "node-24", command: [join(packages, "node-24/bin/node")] },
  { name: "node-26", command: [join(packages, "node-26/bin/node")] },
  { name: "bun", command: [join(packages, "bun/bin/bun"), "run"] },
  { name: "deno", command: [join(packages, "deno/deno"), "run", "--allow-all", "--node-modules-dir=manual"] },
];

/** The Node that runs the tests. */
export const thisNode: Runtime = { name: "this Node", command: [process.execPath] };

/** Runs a program of a user's project, and its children, until they end; those that do not are killed. */
export function runOn({ command }: Runtime, project: UserProject, args: readonly string[]): SpawnSyncReturns<string> {
  const [file, ...before] = command;
  return spawnSync(file, [...before, ...args], {
    cwd: project.folder,
    encoding: "utf8",
    env: { ...process.env, DENO_DIR: join(project.folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
}

/** Why the runtimes cannot be run on this machine, if they cannot. */
export function whyNotHere(): string | undefined {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const here = `${process.platform}-${process.arch}${header.glibcVersionRuntime ? "-glibc" : ""}`;
  return here === "linux-x64-glibc" ? undefined : `the runtimes' packages are for linux-x64-glibc, this is ${here}`;
}

/** Installs what is missing into `test/runtimes/node_modules`: nobody who runs no test of them fetches them. */
export function installRuntimes(): void {
  installPackages("test/runtimes");
}
