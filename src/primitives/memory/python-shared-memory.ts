import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { join } from "node:path";
import { ClosedError, ExistsError, MismatchError, NotFoundError, SystemError, UsageError } from "../../errors.js";
import { checkName, outOfMemory } from "../../memory/directory.js";
import { registry } from "../../memory/this-thread.js";
import { addon, check, EEXIST, ENOENT, ENOSPC, errnoName, MAP_SHARED } from "../../native/addon.js";
import { removeLink } from "../flight.js";
import { cannotGive, type Descriptor, type Given } from "../handle.js";
import { makeMarker } from "../marker.js";
import { sweepOnce } from "../sweep.js";
import { factsOf, mapBlock, reserve } from "./block-mapping.js";
import type { MemoryBlock } from "./memory-block.js";
import { addRecord, dropRecord, PYTHON_FOLDER, unlinkBlock } from "./python-records.js";

/** A name of Python's: `/name`, as it is for `shm_open`, and `name` are the same. */
export function checkPythonName(name: unknown, operation: string): string {
  return checkName(typeof name === "string" && name.startsWith("/") ? name.slice(1) : name, operation);
}

/**
 * A block as Python's `multiprocessing.shared_memory` has it: the file /dev/shm/<name>, of exactly its size, without a
 * header. It is made whole before it has its name (its memory reserved, mode 0600).
 */
export class PythonMemory implements MemoryBlock {
  private isClosed = false;

  private constructor(
    readonly name: string,
    private readonly inode: number,
    private mapped: ArrayBuffer,
  ) {}

  /** @param fill writes what is to be in it before anybody finds it */
  static create(name: string, size: number, persist: boolean, fill?: (buffer: ArrayBuffer) => void): PythonMemory {
    const label = labelOf(name);
    const home = registry();
    sweepOnce();
    const fd = addon().tmpfile(PYTHON_FOLDER, size);
    if (fd === ENOSPC) throw outOfMemory(PYTHON_FOLDER, size, `${label}: create`);
    check(fd, "open", `${label}: create in ${PYTHON_FOLDER}`);
    try {
      const buffer = mapBlock(fd, MAP_SHARED, 0, size, `${label}: map`);
      fill?.(buffer);
      const { inode } = factsOf(fd, `${label}: create`);
      if (!persist) addRecord(home, inode, name);
      const linked = addon().link(fd, join(PYTHON_FOLDER, name));
      if (linked < 0 && !persist) dropRecord(home, inode, name);
      if (linked === EEXIST)
        throw new ExistsError(`${label}: create, and the name is taken in ${PYTHON_FOLDER}`, { resource: name });
      check(linked, "linkat", `${label}: create`);
      return new PythonMemory(name, inode, buffer);
    } finally {
      addon().close(fd);
    }
  }

  /** Makes one under a name of Python's kind. */
  static createAnonymous(size: number, persist: boolean, fill?: (buffer: ArrayBuffer) => void): PythonMemory {
    for (;;) {
      try {
        return PythonMemory.create(`psm_${randomBytes(4).toString("hex")}`, size, persist, fill);
      } catch (error) {
        if (!(error instanceof ExistsError)) throw error;
      }
    }
  }

  /** @param least how many bytes it must have */
  static open(name: string, least = 1): PythonMemory {
    const label = labelOf(name);
    registry();
    sweepOnce();
    const fd = openFile(name, `${label}: open`);
    try {
      const { size, inode, uid, mode } = factsOf(fd, `${label}: open`);
      const mismatch = (what: string): MismatchError =>
        new MismatchError(`${label}: open, and ${join(PYTHON_FOLDER, name)} ${what}`, { resource: name });
      if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw mismatch("is not a regular file");
      const self = process.getuid?.() ?? uid;
      if (uid !== self) throw mismatch(`belongs to uid ${uid}, not to ${self}`);
      if (size === 0) throw mismatch("has no bytes (its maker has not given it a size yet)");
      if (size < least) throw mismatch(`has ${size} bytes, less than ${least}`);
      // Python reserves nothing: in a full /dev/shm the first touch of a page would be a SIGBUS
      reserve(fd, 0, size, PYTHON_FOLDER, `${label}: open`);
      return new PythonMemory(name, inode, mapBlock(fd, MAP_SHARED, 0, size, `${label}: map`));
    } finally {
      addon().close(fd);
    }
  }

  /** Takes one that was handed over. */
  static take(folder: string, { link, name, inode }: Descriptor): PythonMemory {
    const block = PythonMemory.open(checkPythonName(name, "SharedMemory: take"));
    if (block.inode !== inode) {
      block.close();
      throw new NotFoundError(`${labelOf(block.name)}: take, and it was unlinked`, { resource: block.name });
    }
    removeLink(folder, link);
    return block;
  }

  get closed(): boolean {
    return this.isClosed;
  }

  get buffer(): ArrayBuffer {
    return this.mapped;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    addon().detach(this.mapped);
  }

  unlink(): void {
    const gone = !unlinkBlock(this.name, this.inode);
    dropRecord(registry(), this.inode, this.name);
    if (gone)
      throw new NotFoundError(`${labelOf(this.name)}: unlink(), and it has no name any more`, { resource: this.name });
  }

  resize(size: number): void {
    const operation = `${labelOf(this.name)}: resize()`;
    if (this.isClosed) throw new ClosedError(`${operation} after close()`, { resource: this.name });
    if (size < this.mapped.byteLength)
      throw new UsageError(
        `${operation}: size is ${size}; allowed: ${this.mapped.byteLength} and more, sizes only grow`,
      );
    const fd = openFile(this.name, operation);
    try {
      const before = factsOf(fd, operation);
      if (before.inode !== this.inode)
        throw new NotFoundError(`${operation}, and it was unlinked`, { resource: this.name });
      reserve(fd, before.size, size, PYTHON_FOLDER, operation);
      const grown = mapBlock(fd, MAP_SHARED, 0, factsOf(fd, operation).size, operation);
      addon().detach(this.mapped);
      this.mapped = grown;
    } finally {
      addon().close(fd);
    }
  }

  give(folder: string): Given {
    const label = labelOf(this.name);
    if (this.isClosed) throw cannotGive(label, "it is closed");
    const link = makeMarker(folder, label);
    return {
      descriptor: { kind: "python-memory", link, name: this.name, inode: this.inode },
      commit: () => undefined,
      undo: () => removeLink(folder, link),
    };
  }
}

const labelOf = (name: string): string => `SharedMemory ${JSON.stringify(name)} (python)`;

function openFile(name: string, operation: string): number {
  const fd = addon().open(join(PYTHON_FOLDER, name), constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0);
  if (fd >= 0) return fd;
  if (fd === ENOENT)
    throw new NotFoundError(`${operation}, and there is none of that name in ${PYTHON_FOLDER}`, { resource: name });
  const errno = errnoName(fd);
  if (errno === "EISDIR" || errno === "ELOOP" || errno === "ENXIO")
    throw new MismatchError(`${operation}, and ${join(PYTHON_FOLDER, name)} is not a regular file`, { resource: name });
  throw new SystemError(`${operation}: ${errno}`, { errno, syscall: "open", resource: name });
}
