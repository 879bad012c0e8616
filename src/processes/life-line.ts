import { constants, rmSync } from "node:fs";
import { constants as system } from "node:os";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { freshName } from "../memory/attachments.js";
import { LIVES } from "../memory/directory.js";
import { beforeLeaving, registry } from "../memory/this-thread.js";
import { addon, check, failed } from "../native/addon.js";

const { errno } = system;
let known: string | undefined;

/** The path of this process's life line, by which its children notice its end. */
export function lifeLine(): string {
  if (known !== undefined) return known;
  const path = addon().life(join(registry().directory, LIVES, `${registry().self}.${freshName()}`));
  if (typeof path === "number") throw failed(path, "mkfifo", "this process's life line");
  known = path;
  return path;
}

// the life line ends with the process, not with the thread that asked for it first
if (isMainThread)
  beforeLeaving(() => {
    const path = addon().life(""); // what is in use; with none, an empty path makes none
    if (typeof path === "string") rmSync(path, { force: true });
  });

/**
 * Ends this process as soon as the one behind the life line ends, by the addon's watcher thread: also while the event
 * loop is busy. False: that one is gone already.
 */
export function dieWith(path: string): boolean {
  const fd = openHeld(path);
  if (fd === undefined) return false;
  check(addon().watchLife(fd), "poll", "watching the parent's life line");
  return true;
}

/** Whether the process behind a life line still holds it. */
export function isLifeLineHeld(path: string): boolean {
  const fd = openHeld(path);
  if (fd === undefined) return false;
  addon().close(fd);
  return true;
}

/** Opens a life line for writing: a FIFO that nobody reads, or that is gone, says that its process has ended. */
function openHeld(path: string): number | undefined {
  const fd = addon().open(path, constants.O_WRONLY | constants.O_NONBLOCK, 0);
  if (fd === -errno.ENXIO || fd === -errno.ENOENT) return undefined;
  return check(fd, "open", "another process's life line");
}
