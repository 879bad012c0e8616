import { statSync } from "node:fs";
import { NotFoundError, UsageError } from "../errors.js";

/**
 * What Node would tell only in words of its own, or by a missing program where it is the folder that is missing.
 *
 * @throws NotFoundError for a `cwd` that is no directory; UsageError for one that is no path, and for `execArgv` that is no array
 */
export function checkRunning(
  { cwd, execArgv }: { readonly cwd?: unknown; readonly execArgv?: unknown },
  operation: string,
): void {
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((one) => typeof one === "string")))
    throw new UsageError(
      `${operation}: execArgv is ${JSON.stringify(execArgv)}; allowed: an array of strings, such as ["--import", "tsx"]`,
    );
  if (cwd === undefined || cwd instanceof URL) return;
  if (typeof cwd !== "string")
    throw new UsageError(`${operation}: cwd is ${typeof cwd}; allowed: the path of a directory`);
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new NotFoundError(`${operation}: cwd ${JSON.stringify(cwd)} is no directory`, { resource: cwd });
}
