import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Python {
  readonly path: string;
  /** As [3, 11]. */
  readonly version: readonly [number, number];
  readonly hasNumpy: boolean;
}

const question =
  "import sys\ntry:\n import numpy as n\nexcept Exception: n=None\nprint(sys.version_info[0],sys.version_info[1],int(n is not None))";

/** The Pythons of this machine, oldest first, one of each version; the first on the path is among them. */
export function pythons(): Python[] {
  const home = join(homedir(), ".pyenv/versions");
  const kept = existsSync(home) ? readdirSync(home).map((version) => join(home, version, "bin/python3")) : [];
  const found = ["python3", "/usr/bin/python3", ...kept.filter(existsSync)]
    .map(asked)
    .filter((one) => one !== undefined);
  const byVersion = new Map<string, Python>();
  for (const one of found) {
    const key = String(one.version);
    if (one.hasNumpy || !byVersion.has(key)) byVersion.set(key, one);
  }
  return [...byVersion.values()].sort((a, b) => a.version[1] - b.version[1]);
}

function asked(path: string): Python | undefined {
  const { status, stdout } = spawnSync(path, ["-c", question], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [major, minor, numpy] = stdout.trim().split(" ").map(Number);
  return { path, version: [major, minor], hasNumpy: numpy === 1 };
}
