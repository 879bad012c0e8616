import { spawnSync } from "node:child_process";
import { readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

/** A CPython of this machine. */
export interface Python {
  /** Such as 3.11.7. */
  readonly version: string;
  readonly path: string;
}

const OLDEST_MINOR = 7;
const about = `
import platform, sys
print(platform.python_implementation(), "%d.%d.%d" % sys.version_info[:3], sys.executable)
`;

let all: readonly Python[] | undefined;

/**
 * Every CPython from 3.7 on that is here, the oldest first: in pyenv's folder, in /usr/bin and on the PATH; each once,
 * by whatever names it is found. With `module` only those that can import it.
 */
export function pythons(module?: string): readonly Python[] {
  all ??= search();
  if (module === undefined) return all;
  return all.filter(({ path }) => run(path, `import ${module}`).status === 0);
}

function search(): Python[] {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const folders = [
    ...entries(versions).map((version) => join(versions, version, "bin")),
    "/usr/bin",
    ...(process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== ""),
  ];
  const found = new Map<string, Python>();
  const asked = new Set<string>();
  for (const folder of folders)
    for (const name of entries(folder).filter((entry) => /^python3(\.\d+)?$/.test(entry))) {
      const file = real(join(folder, name));
      if (file === undefined || asked.has(file)) continue;
      asked.add(file);
      const [, version, path] = /^CPython (3\.\d+\.\d+) (\/.+)$/m.exec(run(file, about).stdout ?? "") ?? [];
      // what pyenv puts on the PATH is a script, so only Python itself knows who it is
      const executable = path && real(path);
      if (!executable || Number(version.split(".")[1]) < OLDEST_MINOR) continue;
      asked.add(executable);
      found.set(executable, { version, path: executable });
    }
  const order = ({ version }: Python): number[] => version.split(".").map(Number);
  return [...found.values()].sort((one, other) => {
    const [[, a, b], [, c, d]] = [order(one), order(other)];
    return a - c || b - d;
  });
}

const run = (path: string, script: string) =>
  spawnSync(path, ["-c", script], { encoding: "utf8", timeout: 30_000, stdio: ["ignore", "pipe", "ignore"] });

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // a folder of the PATH need not be there
  }
}

function real(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
