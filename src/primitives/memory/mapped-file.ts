import { constants, ftruncateSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { HANDLE } from "../../codec.js";
import { ClosedError, NotFoundError, SystemError, UsageError } from "../../errors.js";
import { addon, check, ENOENT, ENOSPC, errnoName, MAP_PRIVATE, MAP_SHARED } from "../../native/addon.js";
import { removeLink } from "../flight.js";
import { cannotGive, type Descriptor, type Given, type Handing, registerKind } from "../handle.js";
import { makeMarker } from "../marker.js";
import { checkSize, type FileFacts, factsOf, mapBlock } from "./block-mapping.js";

/** How much of a file is mapped, and whether it may be changed. */
export interface MappedFileOptions {
  /** How many of its bytes, from the first; default all. A file that has fewer grows, unless it is `readonly`. */
  size?: number;
  /** `true`: what is written to `bytes` changes nothing but this process's own view. Default `false`. */
  readonly?: boolean;
}

const PAGE = 4096;
const ZEROS = 1 << 20;

/**
 * A file whose bytes are memory: `bytes` is the file, for every process that maps it, and changes reach others at once
 * and the device at some later time, or by `flush()`. The idea is Python's `mmap.mmap`.
 *
 * Readonly, the pages are mapped private: a write goes to a copy of the page, which from then on shows no more changes
 * of others, and never to the file.
 *
 * A process that is killed leaves what it has written so far. Misuse that no library can catch: a program that makes
 * the file shorter while it is mapped, or a disk that is full when a hole of the file is written to (a SIGBUS ends
 * this process), and `close()` while an asynchronous native call of Node's (zlib, fs, crypto) works on the bytes
 * (Node crashes).
 *
 * @example
 * using file = MappedFile.open("/tmp/counter.bin", { size: 8 });
 * new BigInt64Array(file.buffer)[0] += 1n;
 * file.flush();
 */
export class MappedFile implements Disposable, Handing {
  private all: Uint8Array<ArrayBuffer>;
  private isClosed = false;

  private constructor(
    /** Where the file was opened. */
    readonly path: string,
    readonly readonly: boolean,
    private readonly device: number,
    private readonly inode: number,
    buffer: ArrayBuffer,
  ) {
    this.all = new Uint8Array(buffer);
  }

  /**
   * Maps a file that is there. An empty one has empty `bytes` until `resize()`.
   *
   * @throws NotFoundError when there is none
   * @throws UsageError for what is no regular file, a size that is not 1 or more or, readonly, beyond its end
   * @throws SystemError when the operating system refuses (permissions, a full disk)
   */
  static open(path: string | URL, options: MappedFileOptions = {}): MappedFile {
    const operation = "MappedFile.open()";
    if (typeof path !== "string" && !(path instanceof URL))
      throw new UsageError(`${operation}: the path is ${String(path)}; allowed: a string or a file: URL`);
    const { size, readonly = false } = options;
    if (typeof readonly !== "boolean")
      throw new UsageError(`${operation}: readonly is ${String(readonly)}; allowed: true or false`);
    if (size !== undefined) checkSize(size, operation);
    const file = resolve(path instanceof URL ? fileURLToPath(path) : path);
    const fd = openFile(file, readonly, `${operation} of ${file}`);
    try {
      const facts = factsOf(fd, `${operation} of ${file}`);
      const buffer = mapFile(fd, facts, readonly, size ?? facts.size, `${operation} of ${file}`);
      return new MappedFile(file, readonly, facts.device, facts.inode, buffer);
    } finally {
      addon().close(fd);
    }
  }

  /** The path, as for other objects their name. */
  get name(): string {
    return this.path;
  }

  /** Bytes that are mapped; 0 once it is closed. */
  get size(): number {
    return this.all.length;
  }

  /** The file's bytes; empty once it is closed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.all;
  }

  /** The same as a buffer, for typed arrays and `DataView`; detached once it is closed. */
  get buffer(): ArrayBuffer {
    return this.all.buffer;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  /** Writes what was changed to the device, and waits for it. Nothing to do when it is readonly. @throws SystemError */
  flush(): void {
    this.requireOpen("flush()");
    if (this.readonly || this.size === 0) return;
    check(addon().sync(this.buffer, 0, this.size), "msync", `MappedFile ${this.path}: flush()`);
  }

  /**
   * Maps `size` bytes, growing the file when it has fewer: afterwards `bytes` and `buffer` are new ones, and the ones
   * before are empty. A file never gets shorter by it, because whoever else has it mapped would crash; a `size` below
   * the present one is refused. Killed inside it, the file has the new size or the old one.
   *
   * @throws UsageError for a size below the present one or, readonly, beyond the file's end
   * @throws NotFoundError when the file is no longer at its path; SystemError when the disk is full
   */
  resize(size: number): void {
    const operation = `MappedFile ${this.path}: resize()`;
    this.requireOpen("resize()");
    checkSize(size, operation);
    if (size < this.size)
      throw new UsageError(
        `${operation}: size is ${size}; allowed: ${this.size} and more, others may have the end mapped`,
      );
    const fd = openFile(this.path, this.readonly, operation);
    try {
      const facts = factsOf(fd, operation);
      this.requireSame(facts, operation);
      const grown = mapFile(fd, facts, this.readonly, size, operation);
      if (this.readonly) keepPrivate(this.all, new Uint8Array(grown));
      addon().detach(this.buffer);
      this.all = new Uint8Array(grown);
    } finally {
      addon().close(fd);
    }
  }

  /** Gives the mapping up; allowed twice. Its views become empty (length 0). What was written is in the file. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    addon().detach(this.buffer);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hands it over: the other process maps as many bytes of the same file in the same way, and this one stays. */
  [HANDLE](folder: string): Given {
    const label = `MappedFile ${this.path}`;
    if (this.isClosed) throw cannotGive(label, "it is closed");
    const link = makeMarker(folder, label);
    const { path, readonly, device, inode, size } = this;
    return {
      descriptor: { kind: "file", link, path, readonly, device, inode, size },
      commit: () => undefined,
      undo: () => removeLink(folder, link),
    };
  }

  /** @internal Takes one that was handed over. */
  static take(folder: string, { link, path, readonly, device, inode, size }: Descriptor): MappedFile {
    const taken = MappedFile.open(path as string, {
      readonly: readonly as boolean,
      ...(size !== 0 && { size: size as number }),
    });
    if (taken.device !== device || taken.inode !== inode) {
      taken.close();
      throw replaced(`MappedFile ${taken.path}: take`, taken.path);
    }
    removeLink(folder, link);
    return taken;
  }

  private requireOpen(operation: string): void {
    if (this.isClosed)
      throw new ClosedError(`MappedFile ${this.path}: ${operation} after close()`, { resource: this.path });
  }

  private requireSame({ device, inode }: FileFacts, operation: string): void {
    if (device !== this.device || inode !== this.inode) throw replaced(operation, this.path);
  }
}

function replaced(operation: string, path: string): NotFoundError {
  return new NotFoundError(`${operation}, and another file is at that path now`, { resource: path });
}

function openFile(path: string, readonly: boolean, operation: string): number {
  const access = readonly ? constants.O_RDONLY : constants.O_RDWR;
  const fd = addon().open(path, access | constants.O_NONBLOCK, 0); // a FIFO is refused, not waited for
  if (fd >= 0) return fd;
  if (fd === ENOENT) throw new NotFoundError(`${operation}, and there is no such file`, { resource: path });
  const errno = errnoName(fd);
  if (errno === "EISDIR")
    throw new UsageError(`${operation}: it is a folder; allowed: a regular file`, { resource: path });
  throw new SystemError(`${operation}: ${errno}`, { errno, syscall: "open", resource: path });
}

function mapFile(fd: number, facts: FileFacts, readonly: boolean, size: number, operation: string): ArrayBuffer {
  if ((facts.mode & constants.S_IFMT) !== constants.S_IFREG)
    throw new UsageError(`${operation}: it is not a regular file`);
  if (size > facts.size) {
    if (readonly)
      throw new UsageError(
        `${operation}: size is ${size}; allowed: up to ${facts.size}, the file's, because it is readonly`,
      );
    grow(fd, facts.size, size, operation);
  }
  if (size === 0) return new ArrayBuffer(0);
  checkSize(size, operation);
  return mapBlock(fd, readonly ? MAP_PRIVATE : MAP_SHARED, 0, size, operation);
}

/** What was written to private pages stays; every other page keeps showing the file. */
function keepPrivate(from: Uint8Array, to: Uint8Array): void {
  for (let at = 0; at < from.length; at += PAGE) {
    const page = from.subarray(at, at + PAGE);
    if (Buffer.compare(page, to.subarray(at, at + page.length)) !== 0) to.set(page, at);
  }
}

/** Grows with room reserved on the device. A file system that cannot reserve gets zeros, as posix_fallocate does it. */
function grow(fd: number, from: number, to: number, operation: string): void {
  const result = addon().allocate(fd, from, to - from);
  if (result >= 0) return;
  if (errnoName(result) !== "EOPNOTSUPP") throw cannotGrow(errnoName(result), from, to, operation);
  try {
    for (let at = from; at < to; ) at += writeSync(fd, new Uint8Array(Math.min(ZEROS, to - at)), 0, undefined, at);
  } catch (cause) {
    ftruncateSync(fd, from);
    throw cannotGrow((cause as NodeJS.ErrnoException).code ?? "EIO", from, to, operation);
  }
}

function cannotGrow(errno: string, from: number, to: number, operation: string): SystemError {
  const why = errno === errnoName(ENOSPC) ? "ENOSPC, the device is full" : errno;
  return new SystemError(`${operation}: ${why}: grow from ${from} to ${to} bytes`, { errno, syscall: "fallocate" });
}

registerKind("file", (folder, descriptor) => MappedFile.take(folder, descriptor));
