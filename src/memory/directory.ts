import { lstatSync, mkdirSync, readdirSync, rmdirSync, statfsSync, unlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { SystemError, UsageError } from "../errors.js";

/**
 * Where this user's shared objects live: `INTERPROC_DIR`, else `/dev/shm/interproc-<uid>`. A shell and a cron job of one
 * user must meet there, so nothing of the session goes into the path. Mode 0700 and the right owner are demanded.
 */
export function directoryPath(): string {
  const named = process.env.INTERPROC_DIR;
  return named ? resolve(named) : `/dev/shm/interproc-${process.getuid?.() ?? 0}`;
}

/** Subfolders of the directory; a leading dot keeps them apart from the names of objects. */
export const PARKERS = ".parkers";
export const ANONYMOUS = ".anonymous";
export const FLIGHT = ".flight";
export const LIVES = ".lives";
export const PYTHON = ".python";
export const REGISTRY_FILE = ".registry";

/** Makes the directory where it is missing, checks owner and mode, and gives its path. */
export function openDirectory(): string {
  const path = directoryPath();
  let folder = makeFolder(path);
  while (folder === undefined) folder = makeFolder(path);
  const { uid, mode } = folder;
  const self = process.getuid?.() ?? uid;
  if (uid !== self)
    throw new UsageError(
      `the directory for shared objects ${path} belongs to uid ${uid}, not to ${self}; remove it or set INTERPROC_DIR`,
      { resource: path },
    );
  if ((mode & 0o077) !== 0)
    throw new UsageError(
      `the directory for shared objects ${path} has mode 0${(mode & 0o777).toString(8)}; allowed: 0700 (chmod 700 ${path})`,
      { resource: path },
    );
  return path;
}

/** Gives nothing when the folder was there and is gone: its last user is just removing it. */
function makeFolder(path: string): { uid: number; mode: number } | undefined {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST")
      throw new SystemError(
        `the directory for shared objects ${path} cannot be made: ${code}; set INTERPROC_DIR to a folder of your own in memory`,
        { cause: error, errno: code, syscall: "mkdir" },
      );
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isDirectory())
    throw new UsageError(
      `${path} is not a folder (a link to one is not taken either); remove it or set INTERPROC_DIR`,
      {
        resource: path,
      },
    );
  return found;
}

const FOLDERS = [PARKERS, ANONYMOUS, FLIGHT, LIVES, PYTHON];

/** Makes the subfolders; called by a thread that holds the registry's gate, so that nobody removes them meanwhile. */
export function makeFolders(directory: string): void {
  for (const folder of FOLDERS) mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
}

/**
 * Removes registry and folders when nothing else is in the directory; called by the last thread, with the gate's write
 * lock. The registry's name goes last but for the folder itself, so that who finds it gone finds nothing half removed.
 */
export function removeIfEmpty(directory: string): void {
  try {
    if (readdirSync(directory).some((name) => name !== REGISTRY_FILE && !FOLDERS.includes(name))) return;
    for (const folder of FOLDERS) if (readdirSync(join(directory, folder)).length > 0) return;
    for (const folder of FOLDERS) rmdirSync(join(directory, folder));
    unlinkSync(join(directory, REGISTRY_FILE));
    if (!process.env.INTERPROC_DIR) rmdirSync(directory);
  } catch {
    // somebody else's file lies there, or the folder is not ours to remove: it stays
  }
}

/** The error for memory that is not there: how much was wanted, how much is free, and what to do. */
export function outOfMemory(directory: string, wanted: number, resource: string): SystemError {
  let free = "an unknown number of";
  try {
    const { bavail, bsize } = statfsSync(directory);
    free = (bavail * bsize).toLocaleString("en");
  } catch {
    // the figure is an extra; the error stands without it
  }
  return new SystemError(
    `${resource}: ENOSPC, ${wanted.toLocaleString("en")} bytes wanted, ${free} free in ${directory} ` +
      "(in a container: a larger --shm-size, or INTERPROC_DIR elsewhere)",
    { errno: "ENOSPC", syscall: "fallocate", resource },
  );
}

const NAME_BYTES = 200;

/** Names are 1-200 bytes of UTF-8 without `/`, NUL or a leading dot. */
export function checkName(name: unknown, operation: string): string {
  const allowed = "allowed: 1 to 200 bytes without a slash, a NUL or a leading dot";
  if (typeof name !== "string") throw new UsageError(`${operation}: the name is ${String(name)}; ${allowed}`);
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > NAME_BYTES || /[/\0]/.test(name) || name.startsWith("."))
    throw new UsageError(`${operation}: the name ${JSON.stringify(name.slice(0, 220))} has ${bytes} bytes; ${allowed}`);
  return name;
}
