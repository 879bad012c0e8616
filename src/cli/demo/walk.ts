import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A regular file below the folder that is walked. */
export interface FoundFile {
  /** Relative to that folder. */
  readonly path: string;
  /** Its size when it was found. */
  readonly bytes: number;
}

/** A file or folder that could not be read, and why. */
export interface Unreadable {
  readonly path: string;
  /** The system's name for the reason: `EACCES`, `ENOENT` … */
  readonly code: string;
}

/** What a walk passed over. */
export interface PassedOver {
  links: number;
  /** Devices, sockets and FIFOs. */
  specials: number;
  readonly unreadable: Unreadable[];
}

/** Holds compressed objects, not text. */
const REPOSITORY_STORE = ".git";

/**
 * The regular files below a folder, one by one, in the order of their names. Reads one folder at a time, when it is
 * reached. Symbolic links are not followed, so it ends; a folder that cannot be read or that vanishes is noted.
 */
export function* walk(folder: string, passed: PassedOver): Generator<FoundFile, void> {
  const waiting = [""];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const folders: string[] = [];
    for (const entry of entriesOf(folder, path, passed)) {
      const entryPath = join(path, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== REPOSITORY_STORE) folders.push(entryPath);
      } else if (entry.isFile()) {
        const found = lstatSync(join(folder, entryPath), { throwIfNoEntry: false });
        if (found) yield { path: entryPath, bytes: found.size };
        else passed.unreadable.push({ path: entryPath, code: "ENOENT" });
      } else if (entry.isSymbolicLink()) passed.links++;
      else passed.specials++;
    }
    waiting.push(...folders.reverse());
  }
}

function entriesOf(folder: string, path: string, passed: PassedOver): Dirent[] {
  try {
    const entries = readdirSync(join(folder, path), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    passed.unreadable.push({ path, code: (error as NodeJS.ErrnoException).code ?? "unknown" });
    return [];
  }
}
