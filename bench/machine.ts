import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { projectRoot } from "./project.js";

/** What a figure must be read with: without the machine and the commit it says nothing. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  platform: string;
  node: string;
  python: string | null;
  commit: string | null;
  date: string;
}

export function describeMachine(): Machine {
  const commit = firstLine("git", ["rev-parse", "--short", "HEAD"]);
  const changed = commit !== null && firstLine("git", ["status", "--porcelain", "--untracked-files=no"]) !== null;
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    python: firstLine("python3", ["-c", "import platform; print(platform.python_version())"]),
    commit: changed ? `${commit} with changes` : commit,
    date: new Date().toISOString(),
  };
}

/** The machine in one line, to stand above a table. */
export function machineLine(machine: Machine): string {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    machine.platform,
    `Node ${machine.node}`,
    machine.python === null ? "no python3" : `Python ${machine.python}`,
    `commit ${machine.commit ?? "unknown"}`,
    machine.date.slice(0, 16).replace("T", " "),
  ].join("; ");
}

/** The first line that a command prints; null when it prints nothing, fails or is not there. */
function firstLine(command: string, args: readonly string[]): string | null {
  try {
    const out = execFileSync(command, args, {
      cwd: projectRoot,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return out.split("\n")[0]?.trim() || null;
  } catch {
    return null;
  }
}
