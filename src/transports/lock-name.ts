import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { systemFailure } from "./system-failure.js";

const RETRY_MS = 5;

/**
 * Waits until nobody else is about to take over the name of a unix socket, and gives what lets the next one. The lock is the
 * kernel's, on a file beside the socket that is there as long as somebody has it. Where there is no addon, nobody waits.
 */
export async function lockName(path: string): Promise<() => void> {
  const native = await import("../native/addon.js");
  let lock: (fd: number) => boolean;
  try {
    const addon = native.addon();
    lock = (fd) => addon.lock(fd, 0, 0) === 1;
  } catch {
    return () => undefined;
  }
  const file = `${path}.lock`;
  for (;;) {
    let fd: number;
    try {
      fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    } catch (error) {
      throw systemFailure(error, "listen()", `unix:${path}`);
    }
    if (lock(fd) && isStill(file, fd))
      return () => {
        unlinkSync(file);
        closeSync(fd);
      };
    closeSync(fd);
    await sleep(RETRY_MS);
  }
}

/** Whether the name still leads to the file that was opened: the one before may have removed it. */
function isStill(file: string, fd: number): boolean {
  try {
    return statSync(file).ino === fstatSync(fd).ino;
  } catch {
    return false;
  }
}
