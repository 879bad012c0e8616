import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { addon, errnoName, MAP_SHARED } from "../../native/addon.js";
import { type Finding, fail, ok } from "./finding.js";

const BYTES = 4096;

/** Tries each kernel feature that shared objects rest on, with a file of its own in the directory. */
export function kernelCheck(directory: string): Finding[] {
  const path = join(directory, `.doctor-${process.pid}`);
  try {
    return [
      attempt("files without a name (O_TMPFILE, fallocate, linkat)", () => makeFile(directory, path)),
      attempt("shared mappings (mmap)", () => seeTwice(path)),
      attempt("locks that end with their holder (OFD)", () => lockTwice(path)),
      attempt("sleeping and waking (futex)", () => must(addon().futexWake(new ArrayBuffer(8), 0, 1), "futex")),
    ];
  } finally {
    rmSync(path, { force: true });
  }
}

function attempt(subject: string, work: () => void): Finding {
  try {
    work();
    return ok(subject, "works");
  } catch (error) {
    const advice = "an old kernel, a file system that lacks it, or a container's seccomp profile that forbids it";
    return fail(subject, (error as Error).message, advice);
  }
}

function makeFile(directory: string, path: string): void {
  const fd = must(addon().tmpfile(directory, BYTES), "open(O_TMPFILE) or fallocate");
  try {
    must(addon().link(fd, path), "linkat");
  } finally {
    addon().close(fd);
  }
}

/** What is written through one mapping, and through the file itself, is seen through another mapping. */
function seeTwice(path: string): void {
  const fd = openSync(path, "r+");
  const views = [1, 2].map(() => {
    const buffer = addon().map(fd, MAP_SHARED, BYTES, 0, BYTES);
    if (typeof buffer === "number") throw new Error(`mmap: ${errnoName(buffer)}`);
    return new Int32Array(buffer);
  });
  try {
    const [first, second] = views;
    Atomics.store(first, 1, 42);
    if (Atomics.load(second, 1) !== 42) throw new Error("two mappings of a file do not show the same memory");
    writeSync(fd, Uint8Array.of(7), 0, 1, 0);
    if (Atomics.load(second, 0) !== 7) throw new Error("a mapping does not show what is written to its file");
  } finally {
    for (const { buffer } of views) addon().detach(buffer as ArrayBuffer);
    closeSync(fd);
  }
}

/** A lock is seen through another open file, and is gone with the open file that held it. */
function lockTwice(path: string): void {
  const [first, second] = [1, 2].map(() => must(addon().open(path, constants.O_RDWR, 0), "open"));
  let isOpen = true;
  try {
    if (must(addon().lock(first, 0, 0), "fcntl(F_OFD_SETLK)") !== 1) throw new Error("a free lock could not be taken");
    if (must(addon().locked(second, 0), "fcntl(F_OFD_GETLK)") !== 1)
      throw new Error("a taken lock is not seen by others");
    addon().close(first);
    isOpen = false;
    if (must(addon().locked(second, 0), "fcntl(F_OFD_GETLK)") !== 0) throw new Error("a lock outlives its holder");
  } finally {
    if (isOpen) addon().close(first);
    addon().close(second);
  }
}

function must(result: number, call: string): number {
  if (result < 0) throw new Error(`${call}: ${errnoName(result)}`);
  return result;
}
