import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project-root.js";

/** Installs what a folder's `package.json` names and its `node_modules` lacks; versions there are exact. */
export function installPackages(folder: string): void {
  const cwd = join(projectRoot, folder);
  const { dependencies } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const isThere = ([name, wanted]: [string, string]): boolean =>
    wanted.slice(wanted.lastIndexOf("@") + 1) === installedVersion(cwd, name);
  if (Object.entries(dependencies).every(isThere)) return;
  const args = ["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} in ${folder} failed with exit code ${status}: ${stderr}`);
}

function installedVersion(folder: string, name: string): string | undefined {
  try {
    const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    return undefined;
  }
}
