import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The URL of a CommonJS file into which a bundler has put this code; undefined where modules are what they were written as. */
export const commonJsBundle: string | undefined =
  import.meta.url === undefined && typeof __filename === "string" ? pathToFileURL(__filename).href : undefined;

/** The URL of the file in which this code is now. */
export const here: string = import.meta.url ?? (commonJsBundle as string);

/** Whether somebody's bundler has put this code into another file than the package's own. */
export const isBundled: boolean = !/\/(native\/package-file|bundled\/interproc)\.[jt]s$/.test(here);

/**
 * The path of a file of this package, below `dist`. In a bundle the package as it is installed, found from there as Node finds
 * it, has what cannot be bundled: the binary, and the programs of children and worker threads.
 */
export function packageFile(path: string): string {
  const own = fileURLToPath(new URL(`../${path}`, here));
  if (!isBundled) return own;
  try {
    const installed = join(dirname(createRequire(here).resolve("interproc/package.json")), "dist", path);
    return existsSync(installed) ? installed : own;
  } catch {
    return own;
  }
}
