import { constants } from "node:buffer";
import { UsageError } from "../../errors.js";
import { outOfMemory } from "../../memory/directory.js";
import { addon, check, ENOSPC, failed } from "../../native/addon.js";

/** @throws UsageError for what is no size of a block: a whole number of bytes, as many as an ArrayBuffer can have */
export function checkSize(size: unknown, operation: string): number {
  if (typeof size === "number" && Number.isInteger(size) && size >= 1 && size <= constants.MAX_LENGTH) return size;
  throw new UsageError(`${operation}: size is ${String(size)}; allowed: 1 to ${constants.MAX_LENGTH} bytes`);
}

/** Maps `size` bytes of a file from `offset`, a multiple of the page size. The buffer's finalizer unmaps them. */
export function mapBlock(fd: number, mode: number, offset: number, size: number, operation: string): ArrayBuffer {
  const buffer = addon().map(fd, mode, size, offset, size);
  if (typeof buffer === "number") throw failed(buffer, "mmap", operation);
  return buffer;
}

/** Has memory reserved for [from, to), growing the file when it ends before: it is an error now, or never a SIGBUS. */
export function reserve(fd: number, from: number, to: number, directory: string, operation: string): void {
  if (to <= from) return;
  const result = addon().allocate(fd, from, to - from);
  if (result === ENOSPC) throw outOfMemory(directory, to - from, operation);
  check(result, "fallocate", operation);
}

/** What the kernel knows of an open file. */
export interface FileFacts {
  readonly size: number;
  readonly links: number;
  readonly inode: number;
  readonly device: number;
  readonly uid: number;
  readonly mode: number;
}

export function factsOf(fd: number, operation: string): FileFacts {
  const out = new Float64Array(6);
  check(addon().stat(fd, out.buffer), "statx", operation);
  const [size, links, inode, device, uid, mode] = out;
  return { size, links, inode, device, uid, mode };
}
