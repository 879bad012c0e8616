import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project-root.js";

/** The built command, as `bin` names it. */
export const cliPath = join(projectRoot, "dist/cli/main.js");

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as a child; `onStart` may do something to it meanwhile. */
export function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onStart?: (child: ChildProcess) => unknown,
): Promise<CliRun> {
  return run(process.execPath, [cliPath, ...args], env, onStart);
}

export async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  onStart?: (child: ChildProcess) => unknown,
): Promise<CliRun> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  await onStart?.(child);
  return { code: await ended, stdout, stderr };
}

/** Resolves with the children of a process as soon as it has that many. */
export async function childrenOf(pid: number, atLeast: number): Promise<number[]> {
  for (;;) {
    const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
    if (found.length >= atLeast) return found.map(Number);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when the processes have ended, even if nobody has collected them yet. */
export async function untilEnded(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => !["Z", "X", undefined].includes(statOf(pid)[0])))
    await new Promise((resolve) => setImmediate(resolve));
}

const parentOf = (pid: string): number => Number(statOf(pid)[1]);

/** State, parent and more, as `/proc` has them; empty for a process that is gone. */
function statOf(pid: number | string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
