import { execFile } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type Finding, ok } from "./finding.js";

const run = promisify(execFile);
const INTERPRETER = /^python3?(\.\d+)?$/;
const PATIENCE_MS = 5_000;

/** The Python 3 versions that are found on the path, and in pyenv's folder. None is needed. */
export async function pythonCheck(): Promise<Finding> {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !folder.endsWith("/shims")),
    ...entries(pyenv).map((version) => join(pyenv, version, "bin")),
  ];
  const paths = new Set(
    folders.flatMap((folder) =>
      entries(folder)
        .filter((name) => INTERPRETER.test(name))
        .flatMap((name) => real(join(folder, name))),
    ),
  );
  const found = (await Promise.all([...paths].map(version))).filter((text) => text !== undefined);
  const versions = [...new Set(found)].sort(byNumbers);
  if (versions.length === 0) return ok("Python", "none found; only sharing with Python programs needs one");
  return ok("Python", versions.join(", "));
}

async function version(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: PATIENCE_MS });
    return /^Python (3\.\S+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function real(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}
