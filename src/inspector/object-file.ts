import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { attachmentEntry, kindName, OBJECT_MAGIC, OBJECT_VERSION, objectHeader } from "../memory/object.layout.js";
import { isOwner } from "../memory/owner.js";

const MOST_ATTACHED = 65_536;
/** So much is read at once: all that is wanted of most objects. */
const PREFIX_BYTES = 16_384;
/** No part of an object that is read has more. */
const MOST_BYTES = 16 * 2 ** 20;

/** The file is not what its header says. */
export class Damaged extends Error {}

/** One entry of the attachments table. */
export interface Entry {
  readonly index: number;
  readonly owner: number;
  readonly waitsFor: number;
  readonly sleeps: number;
  readonly blockedMicroseconds: number;
  /** Its bit in the bitmap of those that wait. */
  readonly isWaiting: boolean;
}

/**
 * An object's file, read by copies: nothing is mapped, so that a file that is cut off meanwhile is an error and no signal,
 * and nothing that stands in it is believed before it was held against the file's size.
 */
export class ObjectFile implements Disposable {
  readonly header: Buffer;
  private readonly prefix: Buffer;

  private constructor(
    private readonly fd: number,
    readonly fileBytes: number,
    readonly links: number,
  ) {
    const prefix = Buffer.alloc(Math.min(fileBytes, PREFIX_BYTES));
    this.prefix = prefix.subarray(0, readSync(fd, prefix, 0, prefix.length, 0));
    this.header = this.bytes(0, objectHeader.bytes);
  }

  /**
   * The file at a path that is known to be a regular one: a FIFO is not even to be opened.
   *
   * @throws Damaged when it is no object's file; the system's error when it is gone
   */
  static open(path: string): ObjectFile {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = fstatSync(fd);
      const { size, uid, nlink } = found;
      if (!found.isFile()) throw new Damaged("it is not a regular file");
      if (uid !== (process.getuid?.() ?? uid)) throw new Damaged(`it belongs to uid ${uid}`);
      const file = new ObjectFile(fd, size, nlink);
      file.check();
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  get kind(): string {
    return kindName(this.word("kind"));
  }

  get detail(): number {
    return this.word("detail");
  }

  get maxAttached(): number {
    return this.word("maxAttached");
  }

  get bodyOffset(): number {
    return this.word("bodyOffset");
  }

  get dataOffset(): number {
    return this.word("dataOffset");
  }

  /** Bytes behind the control words. */
  get dataBytes(): number {
    return this.fileBytes - this.dataOffset;
  }

  get isNamed(): boolean {
    return this.word("named") === 1;
  }

  get persists(): boolean {
    return this.word("persist") === 1;
  }

  get id(): string {
    return [this.word("idHigh"), this.word("idLow")].map((half) => half.toString(16).padStart(8, "0")).join("");
  }

  get createdAt(): number {
    return finite(this.header.readDoubleLE(objectHeader.offset.createdAt));
  }

  get size(): number {
    return finite(this.header.readDoubleLE(objectHeader.offset.size));
  }

  /** Entries that are somebody's, or were. */
  entries(): Entry[] {
    const { maxAttached } = this;
    const table = this.bytes(objectHeader.bytes, maxAttached * attachmentEntry.bytes);
    const bits = this.bytes(this.word("waitingOffset"), Math.ceil(maxAttached / 32) * 4);
    const found: Entry[] = [];
    for (let index = 0; index < maxAttached; index++) {
      const at = index * attachmentEntry.bytes;
      const owner = table.readUInt32LE(at + attachmentEntry.offset.owner);
      if (!isOwner(owner)) continue;
      found.push({
        index,
        owner,
        waitsFor: table.readUInt32LE(at + attachmentEntry.offset.waitsFor),
        sleeps: table.readUInt32LE(at + attachmentEntry.offset.sleeps),
        blockedMicroseconds: finite(table.readDoubleLE(at + attachmentEntry.offset.blockedMicroseconds)),
        isWaiting: (bits[index >>> 3] & (1 << (index & 7))) !== 0,
      });
    }
    return found;
  }

  /** The owner word, or what stands in its place, of any entry. */
  ownerAt(index: number): number {
    return this.bytes(objectHeader.bytes + index * attachmentEntry.bytes, 4).readUInt32LE(0);
  }

  /** The first 32 bits of the bitmap of those that wait. */
  waitingWord(): number {
    return this.bytes(this.word("waitingOffset"), 4).readUInt32LE(0);
  }

  /** A copy of part of the body. @throws Damaged when the file ends before */
  body(from: number, length: number): Buffer {
    if (this.bodyOffset + from + length > this.dataOffset) throw new Damaged("its body is too short for its kind");
    return this.bytes(this.bodyOffset + from, length);
  }

  /** A copy of part of its data. @throws Damaged when the file ends before */
  data(from: number, length: number): Buffer {
    return this.bytes(this.dataOffset + from, length);
  }

  /** As `body`, read from the file now, and not when it was opened. */
  freshBody(from: number, length: number): Buffer {
    if (this.bodyOffset + from + length > this.dataOffset) throw new Damaged("its body is too short for its kind");
    return this.fresh(this.bodyOffset + from, length);
  }

  /** A copy of part of the file as it is now. @throws Damaged when the file ends before */
  fresh(from: number, length: number): Buffer {
    if (!(from >= 0) || from + length > this.fileBytes || length > MOST_BYTES)
      throw new Damaged(`it has ${this.fileBytes} bytes, and ${from + length} were to be read`);
    const copy = Buffer.alloc(length);
    if (readSync(this.fd, copy, 0, length, from) < length) throw new Damaged("it was cut off");
    return copy;
  }

  private word(name: keyof typeof objectHeader.offset): number {
    return this.header.readUInt32LE(objectHeader.offset[name]);
  }

  private bytes(from: number, length: number): Buffer {
    if (from + length <= this.prefix.length) return this.prefix.subarray(from, from + length);
    return this.fresh(from, length);
  }

  private check(): void {
    if (this.word("magic") !== OBJECT_MAGIC || this.word("version") !== OBJECT_VERSION)
      throw new Damaged(`its magic is 0x${this.word("magic").toString(16)}, its version ${this.word("version")}`);
    const { maxAttached, dataOffset } = this;
    if (maxAttached < 1 || maxAttached > MOST_ATTACHED) throw new Damaged(`its maxAttached is ${maxAttached}`);
    const waitingOffset = objectHeader.bytes + maxAttached * attachmentEntry.bytes;
    const bodyOffset = Math.ceil((waitingOffset + Math.ceil(maxAttached / 32) * 4) / 64) * 64;
    const isSound =
      this.word("attachmentsOffset") === objectHeader.bytes &&
      this.word("waitingOffset") === waitingOffset &&
      this.bodyOffset === bodyOffset &&
      dataOffset >= bodyOffset &&
      dataOffset <= this.fileBytes;
    if (!isSound) throw new Damaged("its header contradicts itself or the file's size");
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** What a damaged file has in place of a number becomes 0, which JSON has. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
