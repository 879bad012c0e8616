import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { SystemError, UsageError } from "../errors.js";

/**
 * Starts a program. Of what keeps it from starting Node tells some by an event (the child then has no pid), and throws the rest.
 *
 * @throws UsageError for options that Node does not know; SystemError for what the system does not take
 */
export function startChild(
  operation: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (code.startsWith("ERR_")) throw new UsageError(`${operation}: ${message}`, { cause });
    const why = code === "E2BIG" ? `${code}: its arguments and environment are longer than the system takes` : message;
    throw new SystemError(`${operation}: ${JSON.stringify(command)} cannot be started: ${why}`, {
      cause,
      errno: code,
      syscall: "spawn",
      resource: command,
    });
  }
}
