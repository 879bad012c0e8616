import { constants, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freshName } from "../memory/attachments.js";
import { GATE_BYTE } from "../memory/registry.layout.js";
import { addon, check } from "../native/addon.js";
import { ALIVE_FILE, flightFolder, unfinishedFolder } from "../primitives/flight.js";

/** A folder for handles in flight, and the open file whose lock says that somebody will still take them. */
export interface Carrier {
  readonly name: string;
  readonly folder: string;
  /** Whoever inherits it keeps the carrier alive. */
  readonly fd: number;
}

/**
 * Makes a carrier that lives as long as `fd` is open in some process. Its folder gets its name only once the lock is
 * held: a sweep takes a carrier whose lock is free for dead.
 */
export function openCarrier(prefix: string): Carrier {
  const name = `${prefix}-${freshName()}`;
  const folder = flightFolder(name);
  const unfinished = unfinishedFolder(name);
  const path = join(unfinished, ALIVE_FILE);
  mkdirSync(unfinished, { mode: 0o700 });
  let fd = -1;
  try {
    fd = check(addon().open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600), "open", path);
    check(addon().lock(fd, GATE_BYTE, 0), "fcntl", path);
    renameSync(unfinished, folder);
  } catch (error) {
    if (fd >= 0) addon().close(fd);
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  return { name, folder, fd };
}
