import { existsSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { projectRoot } from "./project.js";

/** A Node that has `node:sqlite`: this one, or the one that the tests have installed to run on. */
export const sqliteNode: string | undefined = [
  isBuiltin("node:sqlite") ? process.execPath : undefined,
  join(projectRoot, "test", "runtimes", "node_modules", "node-24", "bin", "node"),
].find((path) => path !== undefined && existsSync(path));

/** Why SQLite cannot be measured; undefined when it can. */
export function sqliteProblem(): string | undefined {
  if (sqliteNode !== undefined) return undefined;
  return `SQLite: Node ${process.versions.node} has no node:sqlite, and npm test has not installed Node 24 yet (test/runtimes)`;
}
