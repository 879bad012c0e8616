import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Tests that hang are ended after this time. */
export const watchdog = { timeout: 120_000 };

const programs = fileURLToPath(new URL("../programs/", import.meta.url));

/** Runs Node until it ends. */
export function runNode(
  args: readonly string[],
  cwd?: string,
  env: NodeJS.ProcessEnv = process.env,
): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, { cwd, env, encoding: "utf8", timeout: 30_000, killSignal: "SIGKILL" });
}

/** Runs a program of test/programs by itself until it ends. */
export function runProgram(name: string, ...args: string[]): SpawnSyncReturns<string> {
  return runNode([join(programs, `${name}.js`), ...args]);
}

/** A program of test/programs that runs by itself, and the lines that it, or whoever it has started, prints. */
export class RunningProgram {
  private readonly child;
  private readonly lines: string[] = [];
  private readonly waiting: ((line: string | undefined) => void)[] = [];
  private isOver = false;

  constructor(name: string, ...args: string[]) {
    this.child = spawn(process.execPath, [join(programs, `${name}.js`), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const [...complete] = (rest + text).split("\n");
      rest = complete.pop() ?? "";
      for (const line of complete) this.tell(line);
    });
    this.child.stdout.once("close", () => {
      this.isOver = true;
      for (const tell of this.waiting.splice(0)) tell(undefined);
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** The next line; undefined when nobody is left who could print one. */
  line(): Promise<string | undefined> {
    const line = this.lines.shift();
    if (line !== undefined || this.isOver) return Promise.resolve(line);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }

  private tell(line: string): void {
    const waiting = this.waiting.shift();
    if (waiting) waiting(line);
    else this.lines.push(line);
  }
}

/** Whether a process runs; one that is dead and not yet collected does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Resolves once a condition holds; the test's watchdog ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

/** What lies in the directory for shared objects, but for its threads' registry. */
export function sharedFiles(): string[] {
  const directory = process.env.INTERPROC_DIR as string;
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name !== ".registry")
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

/** How many descriptors this process has open. */
export const openDescriptors = (): number => readdirSync("/proc/self/fd").length;
