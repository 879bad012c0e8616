import { spawn } from "node:child_process";
import { cliPath } from "./run-cli.js";

export interface PipedRun {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The built command line as a child whose stdin is `input`, whole; `result` is told at its end. */
export function runPiped(args: readonly string[], input: string | Uint8Array = "", env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [cliPath, ...args], { env: { ...process.env, ...env } });
  const out: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk) => out.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  child.stdin.on("error", () => undefined); // a command may end before it has read everything
  child.stdin.end(input);
  const result = new Promise<PipedRun>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code: code ?? signal, stdout: Buffer.concat(out), stderr }));
  });
  return { child, result, said: () => stderr };
}
