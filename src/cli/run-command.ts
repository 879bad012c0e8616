import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Failure } from "./failure.js";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Runs a command with this terminal until it ends; signals go to it. Gives its exit code, as a shell tells it. */
export function runCommand([command, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  // before the command is there: it may be told to end as soon as it says its first word
  const forwards = FORWARDED.map((name) => [name, () => void child.kill(name)] as const);
  for (const [name, forward] of forwards) process.on(name, forward);
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  return new Promise<number>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === "ENOENT";
      const why = isMissing ? "there is no such command" : (error.code ?? error.message);
      reject(new Failure(`${command} cannot be run: ${why}`, isMissing ? 127 : 126));
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  }).finally(() => {
    for (const [name, forward] of forwards) process.off(name, forward);
  });
}
