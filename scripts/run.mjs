import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The project's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Is this module the script that was started? */
export function isScript(url) {
  return process.argv[1] !== undefined && url === pathToFileURL(resolve(process.argv[1])).href;
}

/** What a script ends with: a sentence for the user, no stack. */
export class ScriptError extends Error {}

/** Runs a program in the project's root with this terminal; gives its exit code (128 and more: a signal ended it). */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    // Ctrl-C reaches the child too: it ends in its own way, and this process ends with its exit code
    const ignore = () => {};
    const forward = () => child.kill("SIGTERM");
    process.on("SIGINT", ignore).on("SIGTERM", forward);
    child.once("error", (error) => fail(new ScriptError(`${command} cannot be run: ${error.code ?? error.message}`)));
    child.once("exit", (code, signal) => {
      process.off("SIGINT", ignore).off("SIGTERM", forward);
      done(code ?? (signal === "SIGINT" ? 130 : 128 + 15));
    });
  });
}

/** Runs a script's main function and turns what it throws into one line and exit code 1. */
export async function main(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
