import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { projectRoot } from "./project.js";

const folder = join(projectRoot, "bench", "peers");

/**
 * Installs the packages that are measured beside ours (`bench/peers/package.json`) unless they are there already. They
 * stay out of the project's own dependencies, so that nobody who does not run a benchmark fetches them. Returns what
 * went wrong, or undefined: without them the other peers can still be measured.
 */
export function installPeerPackages(): string | undefined {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const missing = Object.entries(manifest.dependencies).filter(([name, version]) => installedVersion(name) !== version);
  if (missing.length === 0) return undefined;
  const list = missing.map(([name, version]) => `${name}@${version}`).join(" ");
  process.stderr.write(`installing ${list} into bench/peers\n`);
  const args = ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = spawnSync("npm", args, { cwd: folder, encoding: "utf8", shell: process.platform === "win32" });
  if (npm.status === 0) return undefined;
  const reason = npm.error?.message ?? npm.stderr.trim().split("\n")[0] ?? "";
  return `npm install of ${list} in bench/peers failed: ${reason}`;
}

/** Loads a package from `bench/peers/node_modules`; its caller says what it uses of it, because types may be absent. */
export function loadPeerPackage<T>(name: string): T {
  return createRequire(join(folder, "package.json"))(name) as T;
}

function installedVersion(name: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "node_modules", name, "package.json"), "utf8")) as { version: string })
      .version;
  } catch {
    return undefined;
  }
}
