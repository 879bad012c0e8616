import { spawn } from "node:child_process";
import { peerPath } from "./project.js";
import type { Figures } from "./rounds.js";
import { sqliteNode } from "./sqlite-node.js";

/**
 * No measurement takes this long, not even one that starts 64 processes on a busy machine, which was seen to take 45 s;
 * one that does hangs, is killed with all it started, and says so.
 */
const watchdogMs = 120_000;

/**
 * Starts a program of `bench/peers` on a question (see `answer`) and returns its figures. Every figure comes from
 * processes of its own, so that none is warmed up, or spoilt, by the one before.
 *
 * @throws Error with the program's last words if it cannot start, fails or hangs
 */
export function runProgram(program: string, question: unknown): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const [command, args] = commandFor(program);
    const child = spawn(command, [...args, JSON.stringify(question)], {
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const killAll = (): void => {
      try {
        if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
        else child.kill("SIGKILL");
      } catch {
        // The whole group is gone, as it should be.
      }
    };
    const interrupted = (): void => {
      killAll();
      process.exit(130);
    };
    process.once("SIGINT", interrupted);
    process.once("SIGTERM", interrupted);
    let hung = false;
    const watchdog = setTimeout(() => {
      hung = true;
      killAll();
    }, watchdogMs);

    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    const finish = (settle: () => void): void => {
      clearTimeout(watchdog);
      process.removeListener("SIGINT", interrupted);
      process.removeListener("SIGTERM", interrupted);
      killAll();
      settle();
    };
    child.once("error", (error) => finish(() => reject(error)));
    child.once("close", (code, signal) =>
      finish(() => {
        if (hung) reject(new Error(`no answer in ${watchdogMs / 1000} s`));
        else if (code !== 0) reject(new Error(errorLine(err) ?? `ended with ${signal ?? `code ${code}`}`));
        else resolve(JSON.parse(out) as Figures);
      }),
    );
  });
}

/** What runs a program: Debian's Python where it needs a package of Debian's, a Node with SQLite where it needs that. */
function commandFor(program: string): [command: string, args: string[]] {
  if (program.endsWith(".py"))
    return [program.startsWith("pika") ? "/usr/bin/python3" : "python3", [peerPath(program)]];
  const node = program.startsWith("sqlite") ? (sqliteNode ?? process.execPath) : process.execPath;
  return [node, [...process.execArgv, peerPath(program)]];
}

/** The line of a stack trace, Node's or Python's, that says what happened. */
function errorLine(stderr: string): string | undefined {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /^\w*(Error|Exception)\b/.test(line)) ?? lines.filter((line) => line !== "").at(-1);
}
