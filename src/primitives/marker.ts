import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SystemError } from "../errors.js";
import { freshName } from "../memory/attachments.js";

/**
 * Stands in a carrier's folder for a handle of what is no file of ours (a block of Python's, a mapped file), so that it
 * is taken once, and dropped, like any other. Gives its name.
 */
export function makeMarker(folder: string, label: string): string {
  const name = freshName();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), "", { mode: 0o600, flag: "wx" });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SystemError(`${label}: hand over: ${code}`, { cause, errno: code, syscall: "open" });
  }
  return name;
}
