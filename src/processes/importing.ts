import { UsageError } from "../errors.js";

const IMPORTING = Symbol.for("interproc.importing");
const holder = globalThis as { [IMPORTING]?: string };

/** The module that a child is importing to find its task, while it does. */
export function setImporting(module: string | undefined): void {
  holder[IMPORTING] = module;
}

/** A module that spawns when it is imported would spawn again in each child, and these again. */
export function refuseWhileImporting(operation: string): void {
  const module = holder[IMPORTING];
  if (module === undefined) return;
  throw new UsageError(
    `${operation} while a child process is importing ${module} to find its task: every child would start further ones. ` +
      "Put what only the program itself should do behind if (isMain(import.meta)) { … }",
  );
}
