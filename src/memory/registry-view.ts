import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { addon } from "../native/addon.js";
import { REGISTRY_FILE } from "./directory.js";
import { generationOf, ownerWord, SLOTS, slotOf } from "./owner.js";
import {
  LOCK_BASE,
  REGISTRY_BYTES,
  REGISTRY_MAGIC,
  REGISTRY_VERSION,
  registryHeader,
  registrySlot,
  SLOT_STRIDE,
  SLOTS_OFFSET,
} from "./registry.layout.js";

/** A thread as the registry knows it. */
export interface ThreadRecord {
  readonly owner: number;
  readonly isAlive: boolean;
  /** As the process itself sees it. */
  readonly pid: number;
  /** 0 is the main thread. */
  readonly thread: number;
  readonly name: string;
  /** The task that it says it runs; empty when it says none. */
  readonly task: string;
  /** What its parker word says (see parker.layout.ts). */
  readonly parker: number;
  readonly wakes: number;
  /** Monotonic seconds since boot. */
  readonly attachedAt: number;
  readonly blockedMicroseconds: number;
}

/**
 * The registry as an onlooker reads it: by copies, without a slot, a mapping or a lock of its own. Whether a thread
 * lives is asked of the kernel, which takes nothing.
 */
export class RegistryView implements Disposable {
  private bytes = Buffer.alloc(0);
  private readonly alive = new Map<number, boolean>();

  private constructor(
    private readonly fd: number,
    private readonly probe: number,
  ) {}

  /** Nothing when there is no registry, or one that this version does not read. */
  static open(directory: string): RegistryView | undefined {
    const path = join(directory, REGISTRY_FILE);
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
    const probe = fstatSync(fd).isFile() ? addon().open(path, constants.O_RDONLY | constants.O_NOFOLLOW, 0) : -1;
    const view = new RegistryView(fd, probe);
    if (view.read()) return view;
    view[Symbol.dispose]();
    return undefined;
  }

  /** Copies the registry as it is now; false when it is none that this version reads. */
  read(): boolean {
    this.alive.clear();
    const bytes = Buffer.alloc(REGISTRY_BYTES);
    const { offset } = registryHeader;
    if (this.probe < 0 || readSync(this.fd, bytes, 0, REGISTRY_BYTES, 0) < REGISTRY_BYTES) return false;
    this.bytes = bytes;
    return (
      bytes.readUInt32LE(offset.magic) === REGISTRY_MAGIC &&
      bytes.readUInt32LE(offset.version) === REGISTRY_VERSION &&
      bytes.readUInt32LE(offset.slots) === SLOTS
    );
  }

  /** Every thread that is attached, or was killed and not swept yet. */
  threads(): ThreadRecord[] {
    const found: ThreadRecord[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const generation = this.word(slot, registrySlot.offset.occupied);
      if (generation !== 0) found.push(this.thread(ownerWord(slot, generation) >>> 0));
    }
    return found;
  }

  /** As {@link Registry.isAlive}, asked once for each thread and copy. */
  isAlive(owner: number): boolean {
    const known = this.alive.get(owner >>> 0);
    if (known !== undefined) return known;
    const slot = slotOf(owner);
    const isOccupied =
      generationOf(owner) !== 0 && this.word(slot, registrySlot.offset.occupied) === generationOf(owner);
    const isAlive = isOccupied && addon().locked(this.probe, LOCK_BASE + slot) === 1;
    this.alive.set(owner >>> 0, isAlive);
    return isAlive;
  }

  /** What a thread's parker word says now, not when the registry was copied. */
  parkerNow(owner: number): number {
    const word = Buffer.alloc(4);
    readSync(this.fd, word, 0, 4, slotOffset(slotOf(owner)) + registrySlot.offset.parker);
    return word.readUInt32LE(0);
  }

  private thread(owner: number): ThreadRecord {
    const slot = slotOf(owner);
    const at = slotOffset(slot);
    return {
      owner,
      isAlive: this.isAlive(owner),
      pid: this.word(slot, registrySlot.offset.pid),
      thread: this.word(slot, registrySlot.offset.thread),
      name: this.text(at + registrySlot.offset.name, registrySlot.offset.task - registrySlot.offset.name),
      task: this.text(at + registrySlot.offset.task, registrySlot.bytes - registrySlot.offset.task),
      parker: this.word(slot, registrySlot.offset.parker),
      wakes: this.word(slot, registrySlot.offset.wakes),
      attachedAt: this.bytes.readDoubleLE(at + registrySlot.offset.attachedAt),
      blockedMicroseconds: this.bytes.readDoubleLE(at + registrySlot.offset.blockedMicroseconds),
    };
  }

  private text(from: number, length: number): string {
    const text = this.bytes.subarray(from, from + length);
    const end = text.indexOf(0);
    return text.subarray(0, end < 0 ? length : end).toString();
  }

  private word(slot: number, offset: number): number {
    return this.bytes.readUInt32LE(slotOffset(slot) + offset);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
    if (this.probe >= 0) addon().close(this.probe);
  }
}

const slotOffset = (slot: number): number => SLOTS_OFFSET + slot * SLOT_STRIDE;
