/*
 * Registry: who is alive. One file per directory with a slot for every attached thread of every process.
 *
 * Idea    A thread that attaches takes a slot by the kernel's lock on the slot's own byte (an open-file-description
 *         lock on an open file of its own). The kernel gives the lock back when the thread's process dies, in whatever
 *         way, so the byte is the truth about life: right for zombies, reused pids, other pid namespaces, stopped
 *         processes. A generation per slot tells this holder from the ones before. Both together are the owner word
 *         that stands in every object wherever somebody holds something.
 * States  occupied 0                       vacant
 *         occupied generation, byte locked the thread of that generation lives
 *         occupied generation, byte free   it was killed; whoever sees it sweeps what it left and sets occupied 0
 * Order   lock, then generation, then occupied; and back: occupied, then the lock. Alive is whose generation stands in
 *         occupied while the byte is locked, so that nobody who takes or cleans a slot makes its last holder look alive.
 * Death   Killed at any point: the byte is free. A parker FIFO may be left, and is removed by the sweep or by the
 *         slot's next holder.
 * Gate    Every thread holds the read lock on one more byte. Whoever leaves gives it back and tries for the write lock:
 *         who gets that is alone, and when nothing else is in the directory the file is removed. Of two that leave at
 *         once, the one that gives the read lock back last gets it, or finds the other one removing. Who comes checks,
 *         after taking the read lock, that the file still has its name.
 * Limits  4,096 threads a directory, 2^20 - 1 generations a slot; slots are handed out round and round.
 * Source  SQLite's dead-man byte, iceoryx2's process state files, LMDB's reader table; none of them survives all of
 *         the above (see docs/decisions/0002-liveness.md).
 */
import { constants, rmSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { MismatchError, SystemError } from "../errors.js";
import { type Addon, addon, check, EEXIST, ENOENT, ENOSPC, failed, MAP_SHARED } from "../native/addon.js";
import { makeFolders, openDirectory, outOfMemory, PARKERS, REGISTRY_FILE, removeIfEmpty } from "./directory.js";
import { generationOf, LAST_GENERATION, ownerWord, SLOTS, slotOf } from "./owner.js";
import {
  GATE_BYTE,
  LOCK_BASE,
  REGISTRY_BYTES,
  REGISTRY_MAGIC,
  REGISTRY_VERSION,
  registryHeader,
  registrySlot,
  SLOT_STRIDE,
  SLOTS_OFFSET,
} from "./registry.layout.js";
import { Words } from "./words.js";

/** Monotonic seconds since boot, as they stand in headers: ages are told by it, never moments. */
export const monotonicSeconds = (): number => Number(process.hrtime.bigint() / 1000n) / 1e6;

const slotWord = (slot: number): number => (SLOTS_OFFSET + slot * SLOT_STRIDE) / 4;

/** This thread's place in the registry. There is one per thread (and per copy of the package), made on first use. */
export class Registry {
  readonly buffer: ArrayBuffer;
  readonly words: Words;
  /** This thread's owner word. */
  readonly self: number;
  /** This thread's FIFO: a byte in it wakes its event loop, and its hang-up tells that the thread is gone. */
  readonly fifo: number;
  /** The bytes of this thread's slot that name its task. */
  private readonly task: Uint8Array;
  private readonly native: Addon;
  private left = false;

  private constructor(
    readonly directory: string,
    private readonly fd: number,
    buffer: ArrayBuffer,
  ) {
    this.native = addon();
    this.buffer = buffer;
    this.words = new Words(new Int32Array(buffer));
    this.self = this.claim();
    const slot = SLOTS_OFFSET + slotOf(this.self) * SLOT_STRIDE;
    this.task = new Uint8Array(buffer, slot + registrySlot.offset.task, registrySlot.bytes - registrySlot.offset.task);
    try {
      this.fifo = this.openFifo();
    } catch (error) {
      this.vacate();
      throw error;
    }
  }

  static attach(): Registry {
    const native = addon();
    for (;;) {
      const directory = openDirectory();
      const fd = openFile(native, directory);
      if (fd === ENOENT) continue; // the folder was just removed by its last user
      let buffer: ArrayBuffer | number = 0;
      try {
        if (enterGate(native, fd, directory)) {
          makeFolders(directory);
          buffer = native.map(fd, MAP_SHARED, -1, 0, REGISTRY_BYTES);
          if (typeof buffer === "number") throw failed(buffer, "mmap", `the registry in ${directory}`);
          checkHeader(new Int32Array(buffer), directory);
          return new Registry(directory, fd, buffer);
        }
      } catch (error) {
        native.close(fd);
        if (typeof buffer !== "number") native.detach(buffer);
        throw error;
      }
      native.close(fd); // its last holder is just removing it
    }
  }

  /** Is the thread behind this owner word still there? A stopped one is; a zombie is not. */
  isAlive(owner: number): boolean {
    if (owner === this.self) return !this.left;
    const slot = slotOf(owner);
    const generation = generationOf(owner);
    if (generation === 0 || this.words.load(slotWord(slot) + registrySlot.word.occupied) !== generation) return false;
    return this.isLocked(slot);
  }

  /** The word index of a thread's parker, or -1 when its slot has passed to another. */
  parkerOf(owner: number): number {
    const word = slotWord(slotOf(owner));
    if ((this.words.load(word + registrySlot.word.generation) & LAST_GENERATION) !== generationOf(owner)) return -1;
    return word + registrySlot.word.parker;
  }

  /** The word index of what the watcher thread notes of deaths that this thread watches for. */
  get lastDeathWord(): number {
    return slotWord(slotOf(this.self)) + registrySlot.word.lastDeath;
  }

  /** What the process behind an owner calls its pid; for display and for `peer` only. */
  pidOf(owner: number): number | undefined {
    if (this.parkerOf(owner) < 0) return undefined;
    return this.words.load(slotWord(slotOf(owner)) + registrySlot.word.pid) || undefined;
  }

  fifoPath(owner: number): string {
    return join(this.directory, PARKERS, `${slotOf(owner)}.${generationOf(owner)}`);
  }

  /** Tells onlookers which task this thread runs: a text made by {@link taskText}, or nothing. */
  tellTask(text: Uint8Array | undefined): void {
    if (text === undefined) this.task[0] = 0;
    else this.task.set(text);
  }

  /** Adds to this thread's count of wakes and of time asleep. */
  countSleep(blockedMicroseconds: number): void {
    const word = slotWord(slotOf(this.self));
    this.words.add(word + registrySlot.word.wakes, 1);
    const at = SLOTS_OFFSET + slotOf(this.self) * SLOT_STRIDE + registrySlot.offset.blockedMicroseconds;
    const total = new Float64Array(this.buffer, at, 1);
    total[0] += blockedMicroseconds;
  }

  /** Owner words of threads that were killed and whose leavings nobody swept yet. */
  killed(): number[] {
    const killed: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const generation = this.words.load(slotWord(slot) + registrySlot.word.occupied);
      if (generation === 0 || slot === slotOf(this.self)) continue;
      if (!this.isLocked(slot)) killed.push(ownerWord(slot, generation));
    }
    return killed;
  }

  /** What a killed thread left was removed; its slot is free for others. */
  clean(owner: number): void {
    const occupied = slotWord(slotOf(owner)) + registrySlot.word.occupied;
    this.words.compareExchange(occupied, generationOf(owner), 0);
  }

  /** Gives the slot back; the last to leave an otherwise empty directory takes the registry with it. */
  leave(): void {
    if (this.left) return;
    this.left = true;
    this.vacate();
    this.native.unlock(this.fd, GATE_BYTE);
    if (this.native.lock(this.fd, GATE_BYTE, 0) === 1 && hasName(this.native, this.fd)) removeIfEmpty(this.directory);
    this.native.unlock(this.fd, GATE_BYTE); // the mapping keeps the open file, and so its locks, beyond the close
    this.native.close(this.fd);
  }

  private vacate(): void {
    const slot = slotOf(this.self);
    rmSync(this.fifoPath(this.self), { force: true });
    this.words.store(slotWord(slot) + registrySlot.word.occupied, 0);
    this.native.unlock(this.fd, LOCK_BASE + slot);
  }

  private isLocked(slot: number): boolean {
    return check(this.native.locked(this.fd, LOCK_BASE + slot), "fcntl", "looking whether a thread is alive") === 1;
  }

  private claim(): number {
    const first = this.words.add(registryHeader.word.cursor, 1) >>> 0;
    // slots of killed threads only when no other is left: what those left is looked for by their mark
    for (const spared of [true, false])
      for (let i = 0; i < SLOTS; i++) {
        const owner = this.tryClaim((first + i) % SLOTS, spared);
        if (owner !== undefined) return owner;
      }
    throw new SystemError(
      `${this.directory} has its ${SLOTS.toLocaleString("en")} threads attached; one more is not possible`,
      { errno: "EAGAIN", syscall: "fcntl", resource: this.directory },
    );
  }

  private tryClaim(slot: number, sparesKilled: boolean): number | undefined {
    const { words, native } = this;
    const word = slotWord(slot);
    const holder = words.load(word + registrySlot.word.occupied);
    if (holder !== 0) {
      if (sparesKilled || this.isLocked(slot)) return undefined;
      this.clean(ownerWord(slot, holder));
    }
    if (check(native.lock(this.fd, LOCK_BASE + slot, 0), "fcntl", "attaching this thread") !== 1) return undefined;
    if (words.load(word + registrySlot.word.occupied) !== 0) {
      native.unlock(this.fd, LOCK_BASE + slot);
      return undefined;
    }
    const generation = (words.load(word + registrySlot.word.generation) % LAST_GENERATION) + 1;
    words.store(word + registrySlot.word.generation, generation);
    words.store(word + registrySlot.word.parker, 0);
    words.store(word + registrySlot.word.lastDeath, 0);
    words.store(word + registrySlot.word.pid, process.pid);
    words.store(word + registrySlot.word.thread, threadId);
    words.store(word + registrySlot.word.wakes, 0);
    this.describe(slot);
    words.store(word + registrySlot.word.occupied, generation);
    return ownerWord(slot, generation);
  }

  private describe(slot: number): void {
    const at = SLOTS_OFFSET + slot * SLOT_STRIDE;
    const length = registrySlot.bytes - registrySlot.offset.name;
    const texts = Buffer.from(this.buffer, at + registrySlot.offset.name, length).fill(0);
    texts.write(process.title, 0, registrySlot.offset.task - registrySlot.offset.name - 1);
    new Float64Array(this.buffer, at + registrySlot.offset.attachedAt, 2).set([monotonicSeconds(), 0]);
  }

  private openFifo(): number {
    const path = this.fifoPath(this.self);
    rmSync(path, { force: true });
    check(this.native.mkfifo(path, 0o600), "mkfifo", `the parker ${path}`);
    return check(this.native.open(path, constants.O_RDWR | constants.O_NONBLOCK, 0), "open", `the parker ${path}`);
  }
}

function openFile(native: Addon, directory: string): number {
  const path = join(directory, REGISTRY_FILE);
  for (;;) {
    const found = native.open(path, constants.O_RDWR | constants.O_NOFOLLOW, 0);
    if (found >= 0) return found;
    if (found !== ENOENT) check(found, "open", `the registry ${path}`);
    const fd = native.tmpfile(directory, REGISTRY_BYTES);
    if (fd === ENOSPC) throw outOfMemory(directory, REGISTRY_BYTES, "the registry");
    if (fd === ENOENT) return ENOENT;
    check(fd, "open", `a file without a name in ${directory}`);
    writeHeader(native, fd);
    const linked = native.link(fd, path);
    native.close(fd); // its locks would be this descriptor's; the file is opened again under its name
    if (linked === ENOENT) return ENOENT;
    if (linked !== EEXIST) check(linked, "linkat", `the registry ${path}`);
  }
}

function writeHeader(native: Addon, fd: number): void {
  const buffer = native.map(fd, MAP_SHARED, -1, 0, REGISTRY_BYTES);
  if (typeof buffer === "number") {
    native.close(fd);
    throw failed(buffer, "mmap", "the registry");
  }
  const words = new Int32Array(buffer);
  words[registryHeader.word.version] = REGISTRY_VERSION;
  words[registryHeader.word.slots] = SLOTS;
  words[registryHeader.word.magic] = REGISTRY_MAGIC;
  native.detach(buffer);
}

function checkHeader(words: Int32Array, directory: string): void {
  const magic = words[registryHeader.word.magic];
  const version = words[registryHeader.word.version];
  if (magic !== REGISTRY_MAGIC || version !== REGISTRY_VERSION || words[registryHeader.word.slots] !== SLOTS)
    throw new MismatchError(
      `the registry in ${directory} has magic 0x${(magic >>> 0).toString(16)} and version ${version}; ` +
        `this version of interproc reads magic 0x${REGISTRY_MAGIC.toString(16)} and version ${REGISTRY_VERSION}`,
      { resource: directory },
    );
}

/** False when the file lost its name meanwhile (its last holder is just removing it): then another one is looked for. */
function enterGate(native: Addon, fd: number, directory: string): boolean {
  if (check(native.lock(fd, GATE_BYTE, 1), "fcntl", "the registry's gate") !== 1 || !hasName(native, fd)) return false;
  const { size } = factsOf(native, fd);
  if (size < REGISTRY_BYTES)
    throw new MismatchError(`the registry in ${directory} has ${size} bytes; ${REGISTRY_BYTES} were expected`, {
      resource: directory,
    });
  return true;
}

const hasName = (native: Addon, fd: number): boolean => factsOf(native, fd).links > 0;

function factsOf(native: Addon, fd: number): { size: number; links: number } {
  const out = new Float64Array(6);
  check(native.stat(fd, out.buffer), "statx", "the registry");
  return { size: out[0], links: out[1] };
}
