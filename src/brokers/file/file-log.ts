import { join } from "node:path";
import { crc32 } from "node:zlib";
import { InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import type { FileDoor } from "./file-door.js";
import {
  FRAMES_OFFSET,
  frameHead,
  LOG_MAGIC,
  LOG_MAGICS,
  LOG_VERSION,
  logHead,
  MARK_OFFSETS,
} from "./file-log.layout.js";
import { FrameReader } from "./frame-reader.js";
import type { FrameRecords } from "./frame-records.js";
import { LogMark } from "./log-mark.js";
import type { LogState, ReadStored } from "./log-state.js";

const NO_MARK = new LogMark(0, 0, false);

/** Where whoever reads the log by himself begins. */
export interface LogPlace {
  readonly inode: number;
  readonly position: number;
}

/*
 * The log of a durable queue or topic
 *
 * Idea    Whatever happens to it is a record at the end of one file, and what it holds is what all records
 *         come to. One process at a time writes (see FileLocks); it first reads what the others have added. All that many
 *         calls want is one frame, one append and one sync: the more of them there are at once, the less each costs.
 * States  A frame is whole (its sums hold) or not. Up to the byte that the newest mark names, the log is on the disk and was
 *         whole. Behind it a frame that is not whole is an append that was cut short: nobody was told that it is there.
 * Order   append, sync, mark, and only then is anything confirmed. A log that is written anew is synced before it gets the name.
 * Death   Killed in the append: the frame is not whole, or is, and then counts; nobody was told either way. Killed before
 *         the mark: the same. Killed in writing anew: the old log still has its name.
 * Failure A failed or short write is cut off again. A failed sync is never repeated, for the kernel may have dropped what it
 *         could not write: the frame is cut off, the mark says "suspect", and the log is written anew before anything else.
 *         What is not whole before the mark, or a log that ends before it, is damage: an error, and nothing is touched.
 *         What is cut off behind it and is more than the beginning of a frame is kept in a file beside the log.
 * Limits  A frame is less than 4 GiB, a log less than 2^53 bytes. Power loss: as good as the disk's word that it has synced.
 * Source  Write-ahead logs with group commit; PostgreSQL's lesson about fsync (2018): a second one does not make it good.
 */
export class FileLog<R extends FrameRecords> {
  private fd = -1;
  private inode = -1;
  private mark = NO_MARK;
  /** Up to here the state has the log. */
  private end = FRAMES_OFFSET;
  private readonly path: string;

  constructor(
    private readonly folder: string,
    private readonly door: FileDoor,
    private readonly label: string,
    private readonly state: LogState<R>,
  ) {
    this.path = join(folder, "log");
  }

  /** Whether others may have added something: to be asked without the lock. */
  get hasNews(): boolean {
    try {
      const found = this.door.identify(this.path);
      return found?.inode !== this.inode || found.bytes !== this.end;
    } catch {
      return true;
    }
  }

  /** The end of it, as the writer knows it. */
  get place(): LogPlace {
    return { inode: this.inode, position: this.end };
  }

  newRecords(): R {
    return this.state.newRecords();
  }

  /**
   * Makes the state what the log says now; to be called by the writer only. Makes the log if it may and there is none.
   *
   * @throws NotFoundError; MismatchError when it is damaged, or no log of ours; SystemError
   */
  async refresh(mayMake: boolean): Promise<void> {
    await this.guarded("reading", async () => {
      const found = this.door.identify(this.path);
      if (found === undefined) {
        if (!mayMake)
          throw new NotFoundError(`${this.label}: there is no ${this.state.noun} any more; it was deleted`, {
            resource: this.folder,
          });
        this.state.clear();
        await this.writeAnew();
        return;
      }
      if (found.inode !== this.inode) {
        this.closeFile();
        this.fd = this.door.open(this.path, "r+");
        this.inode = found.inode;
        this.reset();
      }
      this.readHead();
      this.readFrames();
      if (this.mark.isSuspect) await this.writeAnew();
    });
  }

  /** Adds a frame and applies it; with `mustSync` it is on the disk when this resolves. @throws SystemError: it is not there */
  async append(records: R, mustSync: boolean): Promise<void> {
    await this.guarded("writing", async () => {
      const { end } = this;
      const frame = records.frameAt(end);
      try {
        this.writeAll(this.fd, frame, end);
      } catch (error) {
        this.cutBack(end);
        throw error;
      }
      if (mustSync) await this.confirm(end, end + frame.length);
      this.end = end + frame.length;
      const head = frame.length - records.bytes;
      this.state.apply(frame.subarray(head), end + head);
    });
  }

  /** Writes the log anew if that is worth while. */
  async compact(): Promise<void> {
    if (this.end < this.state.leastToRewrite || this.end < 2 * this.state.neededBytes) return;
    await this.guarded("writing anew", () => this.writeAnew());
  }

  /** The meta data and the body of a message. */
  readonly read: ReadStored = ({ position, metaBytes, bodyBytes }) => {
    const both = Buffer.allocUnsafeSlow(metaBytes + bodyBytes);
    const count = this.door.read(this.fd, both, position);
    if (count < both.length)
      throw this.damage(position, `the file ends after ${count} of a message's ${both.length} bytes`);
    return { meta: both.subarray(0, metaBytes), body: both.subarray(metaBytes) };
  };

  close(): void {
    this.closeFile();
  }

  private async confirm(begin: number, end: number): Promise<void> {
    let isSynced = false;
    try {
      await this.door.sync(this.fd);
      isSynced = true;
      this.setMark(end, this.mark.isSuspect);
    } catch (error) {
      try {
        if (!isSynced) this.setMark(this.mark.synced, true);
      } finally {
        this.cutBack(begin);
      }
      throw error;
    }
  }

  private closeFile(): void {
    if (this.fd >= 0) this.door.close(this.fd);
    this.fd = -1;
    this.inode = -1;
  }

  private reset(): void {
    this.state.clear();
    this.end = FRAMES_OFFSET;
  }

  /** A frame is not to be there: cut it off, and forget what the state made of it. */
  private cutBack(end: number): void {
    // picked messages stand in no line: only the log knows where they belong
    this.reset();
    try {
      this.door.truncate(this.fd, end);
    } finally {
      this.closeFile();
    }
  }

  private readHead(): void {
    const head = Buffer.alloc(FRAMES_OFFSET);
    const count = this.door.read(this.fd, head, 0);
    const word = (name: keyof typeof logHead.offset): number => head.readUInt32LE(logHead.offset[name]);
    const { noun } = this.state;
    const isLog = count >= 8 && word("magic1") === LOG_MAGIC;
    if (!isLog || word("magic0") !== LOG_MAGICS[noun]) {
      const other = isLog && Object.entries(LOG_MAGICS).find(([, magic]) => magic === word("magic0"))?.[0];
      throw this.mismatch(`it is no log of a ${noun}${other ? `, but of a ${other}` : ""}`);
    }
    if (count < FRAMES_OFFSET) throw this.damage(count, "the file ends in its head");
    if (word("check") !== crc32(head.subarray(0, logHead.offset.check))) throw this.damage(0, "its head is not whole");
    if (word("version") !== LOG_VERSION)
      throw this.mismatch(`its format is version ${word("version")}; allowed: ${LOG_VERSION}`);
    const mark = LogMark.in(head);
    if (mark === undefined) throw this.damage(MARK_OFFSETS[0], "both of its marks are not whole");
    this.mark = mark;
  }

  private readFrames(): void {
    const { synced } = this.mark;
    const size = this.door.stat(this.fd).bytes;
    if (size < synced) throw this.damage(size, `the file ends there, and ${synced} bytes were synced`);
    if (size < this.end) this.reset();
    const reader = new FrameReader(this.door, this.fd, this.end, size);
    while (!reader.isAtEnd) {
      const records = reader.records();
      if (records === undefined) {
        if (this.end < synced) throw this.damage(this.end, "what stands there is not whole");
        this.cutTail(size, reader.isCutShort);
        return;
      }
      try {
        this.state.apply(records, reader.recordsPosition);
      } catch (cause) {
        const damage = this.damage(this.end, `its records cannot be read: ${(cause as Error).message}`);
        this.closeFile();
        throw damage;
      }
      reader.pass();
      this.end = reader.position;
    }
  }

  /** Cuts off an append that was cut short; anything else there is kept in a file of its own first. */
  private cutTail(size: number, isBegun: boolean): void {
    const tail = Buffer.alloc(size - this.end);
    this.door.read(this.fd, tail, this.end);
    if (!isBegun && tail.length >= frameHead.bytes && tail.some((byte) => byte !== 0)) {
      const kept = this.door.open(`${this.path}.cut-${this.end}-${Date.now()}`, "w");
      try {
        this.writeAll(kept, tail, 0);
      } finally {
        this.door.close(kept);
      }
    }
    this.door.truncate(this.fd, this.end);
  }

  /** What the state holds, as a new file that then takes the log's name. */
  private async writeAnew(): Promise<void> {
    const other = `${this.path}.new`;
    const fd = this.door.open(other, "w+");
    let end = FRAMES_OFFSET;
    let mark = NO_MARK;
    try {
      for (const records of this.state.rewritten(this.read)) {
        const frame = records.frameAt(end);
        this.writeAll(fd, frame, end);
        end += frame.length;
      }
      const head = Buffer.alloc(FRAMES_OFFSET);
      head.writeUInt32LE(LOG_MAGICS[this.state.noun], logHead.offset.magic0);
      head.writeUInt32LE(LOG_MAGIC, logHead.offset.magic1);
      head.writeUInt32LE(LOG_VERSION, logHead.offset.version);
      head.writeUInt32LE(crc32(head.subarray(0, logHead.offset.check)), logHead.offset.check);
      mark = new LogMark(1, end, false);
      mark.bytes.copy(head, mark.position);
      this.writeAll(fd, head, 0);
      await this.door.sync(fd);
      this.door.rename(other, this.path);
      await this.door.syncFolder(this.folder);
    } finally {
      this.door.close(fd);
    }
    this.closeFile();
    this.fd = this.door.open(this.path, "r+");
    this.inode = this.door.stat(this.fd).inode;
    this.mark = mark;
    this.reset();
    this.readFrames();
  }

  private setMark(synced: number, isSuspect: boolean): void {
    this.mark = new LogMark(this.mark.number + 1, synced, isSuspect);
    this.writeAll(this.fd, this.mark.bytes, this.mark.position);
  }

  private writeAll(fd: number, bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = this.door.write(fd, bytes.subarray(done), position + done);
      if (count <= 0)
        throw new SystemError(`${this.label}: nothing more can be written`, { errno: "ENOSPC", syscall: "write" });
      done += count;
    }
  }

  private async guarded(what: string, body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      if (error instanceof InterprocError) throw error;
      const { code, syscall, message } = error as NodeJS.ErrnoException;
      throw new SystemError(`${this.label}: ${what} ${this.path}: ${message}`, {
        ...{ errno: code, syscall, resource: this.folder, cause: error },
      });
    }
  }

  private damage(position: number, why: string): MismatchError {
    return this.mismatch(`it is damaged at byte ${position}: ${why}`);
  }

  private mismatch(why: string): MismatchError {
    return new MismatchError(`${this.label}: ${this.path}: ${why}; nothing was changed`, { resource: this.folder });
  }
}
