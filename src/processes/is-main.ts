import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { type ModuleLike, moduleUrl } from "./task.js";

/**
 * Whether a module is the program that was started, and not one that another imported: Python's
 * `if __name__ == "__main__"`. Compares real paths, so a link or a runner in between (tsx, pm2) does not matter. False in a child
 * made by `spawn`, which imports the module to find the task, and in a worker thread.
 *
 * @example
 * if (isMain(import.meta)) console.log("started as a program");
 */
export function isMain(module: ModuleLike): boolean {
  const url = moduleUrl(module, "isMain()");
  const started = startedFile();
  if (!isMainThread || !started || !url.startsWith("file:")) return false;
  const path = real(fileURLToPath(url));
  return ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js"].some(
    (ending) => real(started + ending) === path,
  );
}

/** pm2 starts a program of its own, which imports the one that was asked for; whoever inherits the variable runs another file. */
function startedFile(): string | undefined {
  const [, started] = process.argv;
  return /[/\\]ProcessContainer(Fork)?\.js$/.test(started ?? "") ? process.env.pm_exec_path : started;
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
