import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import { SystemError } from "../errors.js";
import { here, isBundled, packageFile } from "./package-file.js";

/**
 * The kernel calls of the addon (`native/ipc.h` says what each does). Each gives a number of 0 or more, or a negative
 * errno that {@link check} turns into a SystemError.
 */
export interface Addon {
  /** The descriptor is closed by {@link close} or when this thread's environment ends, however a worker ends. */
  open(path: string, flags: number, mode: number): number;
  /** Node closes the descriptor from now on; the one of this kind that a thread has. */
  lend(fd: number): number;
  close(fd: number): number;
  tmpfile(directory: string, bytes: number): number;
  link(fd: number, path: string): number;
  allocate(fd: number, offset: number, length: number): number;
  /** Fills `out` from `offset` on as far as the file goes; gives the bytes read. */
  read(fd: number, out: ArrayBuffer, offset: number): number;
  /** Fills six doubles: size, links, inode, device, uid, mode. */
  stat(fd: number, out: ArrayBuffer): number;
  /** Fills three doubles: pid, uid, gid of whoever is at the other end of a unix socket. */
  peer(fd: number, out: ArrayBuffer): number;
  /** Bytes of a TCP socket that its peer's system has not confirmed. */
  unsent(fd: number): number;
  /** Puts up to `length` bytes that have come on a socket into `into`; 0 at the end, -EAGAIN when none are there. */
  receive(fd: number, into: ArrayBuffer, from: number, length: number): number;
  mkfifo(path: string, mode: number): number;
  poke(fd: number): number;
  drain(fd: number): number;
  /** Maps pairs of (offset, length) one behind the other; the buffer shows the first `length` bytes, -1 all of them. */
  map(fd: number, mode: number, length: number, ...regions: number[]): ArrayBuffer | number;
  /** Empties a buffer made by {@link map} and its views, and gives its memory back; the finalizer unmaps the addresses. */
  detach(buffer: ArrayBuffer): number;
  sync(buffer: ArrayBuffer, offset: number, length: number): number;
  lock(fd: number, byte: number, shared: number): number;
  unlock(fd: number, byte: number): number;
  locked(fd: number, byte: number): number;
  futexWait(buffer: ArrayBuffer, byteOffset: number, expected: number, timeoutMs: number): number;
  futexWake(buffer: ArrayBuffer, byteOffset: number, count: number): number;
  watchAlarm(
    fd: number,
    buffer: ArrayBuffer,
    byteOffset: number,
    value: number,
    noteOffset: number,
    note: number,
    pokeFd: number,
  ): number;
  /** The descriptor is the watcher's from now on: it stays until the process ends. */
  watchLife(fd: number): number;
  /** The path of the FIFO that this process holds open until it ends; made at `path` if there is none yet. */
  life(path: string): string | number;
  watchRead(fd: number, callback: () => void): LoopReader | number;
  holdLoop(reader: LoopReader, hold: number): number;
  unwatch(fd: number): number;
}

/** Stands for a watched descriptor that calls back in this thread's loop. */
export interface LoopReader {
  readonly loopReader: unique symbol;
}

export const MAP_SHARED = 0;
export const MAP_PRIVATE = 1;

let knownTarget: string | undefined;

/** The part of a binary's name that says where it runs: `linux-x64-glibc`. */
export function target(): string {
  const { platform, arch } = process;
  knownTarget ??= platform === "linux" ? `${platform}-${arch}-${libc()}` : `${platform}-${arch}`;
  return knownTarget;
}

/** Which C library this process runs on: told by its own mappings (process.report knows too, and takes 5 ms). */
function libc(): "glibc" | "musl" {
  try {
    return readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-") ? "musl" : "glibc";
  } catch {
    return "glibc";
  }
}

let loaded: Addon | undefined;

/** Loads the binary on first use. @throws SystemError naming the target when there is none for this platform. */
export function addon(): Addon {
  loaded ??= load();
  return loaded;
}

/** Where the binary for this platform is looked for. */
export function addonPath(): string {
  return packageFile(`prebuilds/${target()}/interproc.node`);
}

function load(): Addon {
  const path = addonPath();
  try {
    return createRequire(here)(path) as Addon;
  } catch (cause) {
    const missing = !existsSync(path);
    throw new SystemError(
      missing
        ? missingBinary(path)
        : `interproc could not load its binary for ${target()} (${path}): ${(cause as Error).message}`,
      { cause, errno: missing ? "ENOENT" : undefined, syscall: "dlopen" },
    );
  }
}

function missingBinary(path: string): string {
  if (!isBundled)
    return `interproc has no binary for ${target()} (looked for ${path}); shared memory needs one, sockets and brokers do not`;
  const advice = "leave it out of the bundle (esbuild: --external:interproc), or install it where the bundle finds it";
  return `interproc was bundled into ${here}, and its binary for ${target()}, which no bundle can contain, is not found from there; ${advice}`;
}

/** The symbolic name of a negative errno. */
export function errnoName(result: number): string {
  return getSystemErrorName(result);
}

export const EEXIST = -constants.errno.EEXIST;
export const ENOENT = -constants.errno.ENOENT;
export const ENXIO = -constants.errno.ENXIO;
export const ENOSPC = -constants.errno.ENOSPC;

/** Gives `result` back, or throws what it stands for. `operation` begins the sentence: `open of /dev/shm/x`. */
export function check(result: number, syscall: string, operation: string): number {
  if (result >= 0) return result;
  throw failed(result, syscall, operation);
}

/** The error that a negative errno stands for. */
export function failed(result: number, syscall: string, operation: string): SystemError {
  const errno = errnoName(result);
  return new SystemError(`${operation}: ${errno}`, { errno, syscall });
}
