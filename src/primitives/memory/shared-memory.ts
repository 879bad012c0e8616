import { checkIndex } from "../../buffers.js";
import { HANDLE } from "../../codec.js";
import { ClosedError, ExistsError, NotFoundError, UsageError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import { type Given, type Handing, registerKind } from "../handle.js";
import {
  createObject,
  openObject,
  openOrCreateObject,
  type SharedObjectOptions,
  takeObject,
} from "../shared-object.js";
import { checkSize } from "./block-mapping.js";
import { bytesOf, checkKind, type ElementKind, type ElementView, viewOf } from "./element-kinds.js";
import type { MemoryBlock } from "./memory-block.js";
import { OwnMemory } from "./own-memory.js";
import { PYTHON_FOLDER } from "./python-records.js";
import { checkPythonName, PythonMemory } from "./python-shared-memory.js";

/** How large a block is, how long it lives, and whether it is one of Python's kind. */
export interface SharedMemoryOptions extends SharedObjectOptions {
  /** Bytes, 1 or more, exactly as many as the block will have. */
  size: number;
  /**
   * `true`: a block as Python's `multiprocessing.shared_memory` makes it, see {@link SharedMemory}. Default `false`.
   */
  python?: boolean;
}

/** Where a block of that name is looked for. */
export interface OpenSharedMemoryOptions {
  /** `true`: only Python's blocks are looked at; `false`: only ours; left out: first ours, then Python's. */
  python?: boolean;
}

/** Which part of a block is shown. */
export interface ViewOptions {
  /** First byte, a multiple of an element's bytes; default 0. */
  offset?: number;
  /** How many elements; default up to the end. */
  length?: number;
}

/**
 * A block of memory that several processes see at once: bytes, no more. What is written is seen by the others at some
 * time and in some order; put a `SharedValue`, a pipe or `Atomics` on `buffer` beside it to say when it is complete.
 * All memory is reserved when the block is made: a full machine is an error then, not a crash later.
 *
 * It goes when the last process that holds it closes it or dies, unless it was made with `persist: true`.
 *
 * With `python: true` it is the file /dev/shm/<name> of exactly that size, without a header, and each side opens what
 * the other made. There is no place in it for who holds it: it lives until `unlink()`, or until the thread that made
 * it ended, in whatever way (`persist: true`: until `unlink()` only). Our end never removes what others made. A
 * Python program that has only opened a block removes its name when it ends, unless it opened it with `track=False`
 * (3.13 and newer) or called `resource_tracker.unregister`; the block stays for whoever holds it.
 *
 * Misuse that no library can catch: another program that makes the file shorter (reading behind its end is a SIGBUS),
 * and `close()` while an asynchronous native call of Node's (zlib, fs, crypto) works on the bytes (Node crashes).
 *
 * @example
 * const block = SharedMemory.create("frame", { size: 1920 * 1080 * 4 });
 * block.bytes.fill(255);
 * block.close();
 */
export class SharedMemory implements Disposable, Handing {
  private readonly block: MemoryBlock;
  private all: Uint8Array<ArrayBuffer>;

  /**
   * Makes a block that others get by being handed it; with `python: true` under a name of Python's kind (`psm_…`).
   *
   * @throws UsageError for a size that is not 1 or more; SystemError when the memory is not there
   */
  constructor(options: Omit<SharedMemoryOptions, "persist">);
  /** @internal */
  constructor(block: MemoryBlock);
  constructor(from: SharedMemoryOptions | MemoryBlock) {
    this.block = typeof from === "object" && "give" in from ? from : makeAnonymous(from);
    this.all = new Uint8Array(this.block.buffer);
  }

  /** Makes a block under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, options: SharedMemoryOptions): SharedMemory {
    const operation = "SharedMemory.create()";
    const size = checkSize(options?.size, operation);
    if (isPython(options, operation)) {
      const pythonName = checkPythonName(name, operation);
      return new SharedMemory(PythonMemory.create(pythonName, size, options.persist ?? false));
    }
    checkName(name, operation);
    return new SharedMemory(new OwnMemory(createObject(OwnMemory.spec(size), name, options, operation)));
  }

  /**
   * Opens the block of that name, ours or else Python's.
   *
   * @throws NotFoundError when there is none
   * @throws MismatchError when what has that name is no block of memory
   */
  static open(name: string, options: OpenSharedMemoryOptions = {}): SharedMemory {
    const operation = "SharedMemory.open()";
    if (isPython(options, operation)) return new SharedMemory(PythonMemory.open(checkPythonName(name, operation)));
    checkName(name, operation);
    try {
      return new SharedMemory(new OwnMemory(openObject("memory", name, (segment) => OwnMemory.examine(segment))));
    } catch (error) {
      if (!(error instanceof NotFoundError) || options.python === false) throw error;
      return new SharedMemory(openElsewhere(name, error));
    }
  }

  /**
   * Opens the block of that name, or makes it.
   *
   * @throws MismatchError when it has fewer bytes; UsageError, SystemError
   */
  static openOrCreate(name: string, options: SharedMemoryOptions): SharedMemory {
    const operation = "SharedMemory.openOrCreate()";
    const size = checkSize(options?.size, operation);
    if (isPython(options, operation)) {
      const pythonName = checkPythonName(name, operation);
      return new SharedMemory(openOrCreatePython(pythonName, size, options.persist ?? false));
    }
    checkName(name, operation);
    const examine = (segment: Parameters<typeof OwnMemory.examine>[0]): string | undefined =>
      OwnMemory.examine(segment, size);
    return new SharedMemory(new OwnMemory(openOrCreateObject(OwnMemory.spec(size), name, options, examine, operation)));
  }

  /** The name it was made with; empty when it is anonymous. */
  get name(): string {
    return this.block.name;
  }

  /** Bytes; 0 once this handle is closed. */
  get size(): number {
    return this.all.length;
  }

  /** All of its bytes; empty once this handle is closed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.all;
  }

  /** The same as a buffer, for typed arrays and `DataView`; detached once this handle is closed. */
  get buffer(): ArrayBuffer {
    return this.block.buffer;
  }

  /**
   * Some of its bytes as numbers, without a copy: a typed array of `length` elements from byte `offset` on, by default
   * of as many as there are. numpy's array over the same block, of the dtype that goes with the kind (`f64` float64,
   * `u8` uint8, `bool` bool …), is the same memory. Like `bytes` it is empty after `close()` and `resize()`.
   *
   * @throws UsageError for a kind that there is not, an offset that is no multiple of an element's bytes, and for more
   * than there is; ClosedError
   */
  view<K extends ElementKind>(kind: K, { offset = 0, length }: ViewOptions = {}): ElementView<K> {
    const operation = `SharedMemory ${JSON.stringify(this.name)}: view()`;
    if (this.closed) throw new ClosedError(`${operation} after close()`, { resource: this.name || undefined });
    const each = bytesOf(checkKind(kind, operation));
    checkIndex(offset, this.size, "offset", operation);
    if (offset % each !== 0)
      throw new UsageError(
        `${operation}: offset is ${offset}; allowed: multiples of ${each}, the bytes of each ${kind}`,
      );
    const most = Math.floor((this.size - offset) / each);
    if (length !== undefined) checkIndex(length, most, "length", operation);
    return viewOf(kind, this.buffer, offset, length ?? most);
  }

  get closed(): boolean {
    return this.block.closed;
  }

  /**
   * Makes it larger, or shows what somebody else has made of it: afterwards `size` is at least that, and `bytes` and
   * `buffer` are new ones; the ones before are empty. Other handles keep the size they have until they do the same. The
   * new bytes are 0. Killed inside it, the block has the new size or the old one.
   *
   * @throws UsageError for a size below the present one: sizes only grow
   * @throws SystemError when the memory is not there; NotFoundError when it lost its name (`python: true`)
   */
  resize(size: number): void {
    this.block.resize(checkSize(size, `SharedMemory ${JSON.stringify(this.name)}: resize()`));
    this.all = new Uint8Array(this.block.buffer);
  }

  /**
   * Gives this handle up; allowed twice. Its views become empty (length 0). Other handles of the block stay as they
   * are.
   */
  close(): void {
    this.block.close();
  }

  /**
   * Takes the name away: nobody finds it any more, holders keep it, and it goes with the last of them. Also allowed
   * after `close()`.
   *
   * @throws NotFoundError when it has no name, or not any more
   */
  unlink(): void {
    this.block.unlink();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hands it over: the other process gets the same block, and this handle stays. */
  [HANDLE](folder: string): Given {
    return this.block.give(folder);
  }
}

function makeAnonymous(options: SharedMemoryOptions): MemoryBlock {
  const operation = "new SharedMemory()";
  const size = checkSize(options?.size, operation);
  if (!isPython(options, operation))
    return new OwnMemory(createObject(OwnMemory.spec(size), undefined, options, operation));
  return PythonMemory.createAnonymous(size, false);
}

function openElsewhere(name: string, notFound: NotFoundError): PythonMemory {
  try {
    return PythonMemory.open(name);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(`${notFound.message}, nor is there a block of Python's in ${PYTHON_FOLDER}`, {
      resource: name,
    });
  }
}

function openOrCreatePython(name: string, size: number, persist: boolean): PythonMemory {
  for (;;) {
    try {
      return PythonMemory.open(name, size);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
    try {
      return PythonMemory.create(name, size, persist);
    } catch (error) {
      if (!(error instanceof ExistsError)) throw error;
    }
  }
}

function isPython(options: { python?: boolean; maxAttached?: number }, operation: string): boolean {
  const { python, maxAttached } = options;
  if (python !== undefined && typeof python !== "boolean")
    throw new UsageError(`${operation}: python is ${String(python)}; allowed: true or false`);
  if (python && maxAttached !== undefined)
    throw new UsageError(`${operation}: maxAttached with python: true, whose blocks do not know who holds them`);
  return python === true;
}

registerKind(
  "memory",
  (folder, descriptor) =>
    new SharedMemory(new OwnMemory(takeObject("memory", folder, descriptor, (segment) => OwnMemory.examine(segment)))),
);
registerKind("python-memory", (folder, descriptor) => new SharedMemory(PythonMemory.take(folder, descriptor)));
