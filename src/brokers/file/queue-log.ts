import { join } from "node:path";
import { crc32 } from "node:zlib";
import { InterprocError, MismatchError, NotFoundError, SystemError } from "../../errors.js";
import type { FileDoor } from "./file-door.js";
import {
  FRAME_MAGIC,
  FRAMES_OFFSET,
  frameHead,
  LOG_VERSION,
  logHead,
  logMark,
  MAGIC,
  MARK_OFFSETS,
} from "./queue-log.layout.js";
import type { Entry, QueueState } from "./queue-state.js";
import { applyRecords } from "./record-reader.js";
import { RecordWriter } from "./record-writer.js";

const READ_BYTES = 1 << 20;
/** A log is written anew when it is longer than this and mostly made of messages that are gone. */
const LEAST_TO_COMPACT = 1 << 20;
/** A frame of a log that is written anew is not much longer. */
const MOST_FRAME = 16 << 20;

/** The mark that counts. */
interface Mark {
  readonly number: number;
  readonly synced: number;
  readonly isSuspect: boolean;
}

/*
 * The log of a durable queue
 *
 * Idea    Whatever happens to the queue is a record at the end of one file, and what the queue holds is what all records
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
export class QueueLog {
  private fd = -1;
  private inode = -1;
  private mark: Mark = { number: 0, synced: 0, isSuspect: false };
  /** Up to here the state has the log. */
  private end = FRAMES_OFFSET;
  private readonly path: string;

  constructor(
    private readonly folder: string,
    private readonly door: FileDoor,
    private readonly label: string,
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

  /**
   * Makes the state what the log says now; to be called by the writer only. Makes the log if it may and there is none.
   *
   * @throws NotFoundError; MismatchError when it is damaged, or no log of ours; SystemError
   */
  async refresh(state: QueueState, mayMake: boolean): Promise<void> {
    await this.guarded("reading", async () => {
      const found = this.door.identify(this.path);
      if (found === undefined) {
        if (!mayMake)
          throw new NotFoundError(`${this.label}: there is no queue any more; it was deleted`, {
            resource: this.folder,
          });
        state.clear();
        await this.writeAnew(state);
        return;
      }
      if (found.inode !== this.inode) {
        this.closeFile();
        this.fd = this.door.open(this.path, "r+");
        this.inode = found.inode;
        this.reset(state);
      }
      this.readHead();
      this.readFrames(state);
      if (this.mark.isSuspect) await this.writeAnew(state);
    });
  }

  /** Adds a frame and applies it; with `mustSync` it is on the disk when this resolves. @throws SystemError: it is not there */
  async append(records: RecordWriter, state: QueueState, mustSync: boolean): Promise<void> {
    await this.guarded("writing", async () => {
      const frame = frameOf(records, this.end);
      const { end } = this;
      try {
        this.writeAll(this.fd, frame, end);
      } catch (error) {
        this.cutBack(end, state);
        throw error;
      }
      if (mustSync) await this.confirm(end, end + frame.length, state);
      this.end = end + frame.length;
      applyRecords(frame.subarray(frameHead.bytes), end + frameHead.bytes, state);
    });
  }

  /** Writes the log anew if that is worth while. */
  async compact(state: QueueState): Promise<void> {
    if (this.end < LEAST_TO_COMPACT || this.end < 2 * (state.bytes + 64 * state.entries.size)) return;
    await this.guarded("writing anew", () => this.writeAnew(state));
  }

  /** The meta data and the body of a message. */
  read({ position, metaBytes, bodyBytes }: Entry): { meta: Buffer; body: Buffer } {
    const both = Buffer.allocUnsafeSlow(metaBytes + bodyBytes);
    const count = this.door.read(this.fd, both, position);
    if (count < both.length)
      throw this.damage(position, `the file ends after ${count} of a message's ${both.length} bytes`);
    return { meta: both.subarray(0, metaBytes), body: both.subarray(metaBytes) };
  }

  close(): void {
    this.closeFile();
  }

  private async confirm(begin: number, end: number, state: QueueState): Promise<void> {
    let isSynced = false;
    try {
      await this.door.sync(this.fd);
      isSynced = true;
      this.setMark({ ...this.mark, synced: end });
    } catch (error) {
      try {
        if (!isSynced) this.setMark({ ...this.mark, isSuspect: true });
      } finally {
        this.cutBack(begin, state);
      }
      throw error;
    }
  }

  private closeFile(): void {
    if (this.fd >= 0) this.door.close(this.fd);
    this.fd = -1;
    this.inode = -1;
  }

  private reset(state: QueueState): void {
    state.clear();
    this.end = FRAMES_OFFSET;
  }

  /** A frame is not to be there: cut it off, and forget what the state made of it. */
  private cutBack(end: number, state: QueueState): void {
    // picked messages stand in no line: only the log knows where they belong
    this.reset(state);
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
    if (count < 8 || word("magic0") !== MAGIC[0] || word("magic1") !== MAGIC[1])
      throw this.mismatch("it is no log of a queue");
    if (count < FRAMES_OFFSET) throw this.damage(count, "the file ends in its head");
    if (word("check") !== crc32(head.subarray(0, logHead.offset.check))) throw this.damage(0, "its head is not whole");
    if (word("version") !== LOG_VERSION)
      throw this.mismatch(`its format is version ${word("version")}; allowed: ${LOG_VERSION}`);
    const marks = MARK_OFFSETS.map((offset) => readMark(head.subarray(offset, offset + logMark.bytes)));
    const best = marks.reduce((a, b) => ((b?.number ?? -1) > (a?.number ?? -1) ? b : a));
    if (best === undefined) throw this.damage(MARK_OFFSETS[0], "both of its marks are not whole");
    this.mark = best;
  }

  private readFrames(state: QueueState): void {
    const size = this.door.size(this.fd);
    if (size < this.mark.synced)
      throw this.damage(size, `the file ends there, and ${this.mark.synced} bytes were synced`);
    if (size < this.end) this.reset(state);
    let buffer = Buffer.alloc(0);
    let start = this.end;
    while (this.end < size) {
      const need = (bytes: number): Buffer | undefined => {
        if (this.end + bytes > size) return undefined;
        const at = this.end - start;
        if (at + bytes <= buffer.length) return buffer.subarray(at, at + bytes);
        buffer = Buffer.alloc(Math.min(size - this.end, Math.max(bytes, READ_BYTES)));
        start = this.end;
        buffer = buffer.subarray(0, this.door.read(this.fd, buffer, start));
        return bytes <= buffer.length ? buffer.subarray(0, bytes) : undefined;
      };
      const head = need(frameHead.bytes);
      const length = head && headLength(head, this.end);
      const frame = length === undefined ? undefined : need(frameHead.bytes + length);
      const records = frame?.subarray(frameHead.bytes);
      if (records === undefined || crc32(records) !== frame?.readUInt32LE(frameHead.offset.check)) {
        if (this.end < this.mark.synced) throw this.damage(this.end, "what stands there is not whole");
        this.cutTail(size, length !== undefined && records === undefined);
        return;
      }
      try {
        applyRecords(records, this.end + frameHead.bytes, state);
      } catch (cause) {
        const damage = this.damage(this.end, `its records cannot be read: ${(cause as Error).message}`);
        this.closeFile();
        throw damage;
      }
      this.end += frameHead.bytes + records.length;
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
  private async writeAnew(state: QueueState): Promise<void> {
    const frames: Buffer[] = [];
    let end = FRAMES_OFFSET;
    let records = new RecordWriter();
    const finish = (): void => {
      const frame = frameOf(records, end);
      frames.push(frame);
      end += frame.length;
      records = new RecordWriter();
    };
    records.base(state.nextId, state.isShutDown);
    for (const entry of state.entries.values()) {
      const { deliveries, seat, rank } = entry;
      records.kept(deliveries, seat, rank, { ...entry, ...this.read(entry) });
      if (records.bytes > MOST_FRAME) finish();
    }
    finish();
    const head = Buffer.alloc(FRAMES_OFFSET);
    head.writeUInt32LE(MAGIC[0], logHead.offset.magic0);
    head.writeUInt32LE(MAGIC[1], logHead.offset.magic1);
    head.writeUInt32LE(LOG_VERSION, logHead.offset.version);
    head.writeUInt32LE(crc32(head.subarray(0, logHead.offset.check)), logHead.offset.check);
    const mark = { number: 1, synced: end, isSuspect: false };
    markBytes(mark).copy(head, MARK_OFFSETS[1]);
    const other = `${this.path}.new`;
    const fd = this.door.open(other, "w+");
    try {
      this.writeAll(fd, Buffer.concat([head, ...frames]), 0);
      await this.door.sync(fd);
      this.door.rename(other, this.path);
      await this.door.syncFolder(this.folder);
    } finally {
      this.door.close(fd);
    }
    this.closeFile();
    this.fd = this.door.open(this.path, "r+");
    this.inode = this.door.identify(this.path)?.inode ?? -1;
    this.mark = mark;
    this.reset(state);
    this.readFrames(state);
  }

  private setMark(mark: Mark): void {
    this.mark = { ...mark, number: mark.number + 1 };
    this.writeAll(this.fd, markBytes(this.mark), MARK_OFFSETS[this.mark.number % 2]);
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

function frameOf(records: RecordWriter, position: number): Buffer {
  const frame = records.finish(frameHead.bytes);
  frame.writeUInt32LE(FRAME_MAGIC, frameHead.offset.magic);
  frame.writeUInt32LE(records.bytes, frameHead.offset.length);
  frame.writeDoubleLE(position, frameHead.offset.position);
  frame.writeUInt32LE(crc32(frame.subarray(frameHead.bytes)), frameHead.offset.check);
  frame.writeUInt32LE(crc32(frame.subarray(0, frameHead.offset.headCheck)), frameHead.offset.headCheck);
  return frame;
}

/** How many bytes of records a frame's head promises; undefined when it is none, or stands elsewhere than it says. */
function headLength(head: Buffer, position: number): number | undefined {
  if (head.readUInt32LE(frameHead.offset.magic) !== FRAME_MAGIC) return undefined;
  if (head.readDoubleLE(frameHead.offset.position) !== position) return undefined;
  const check = crc32(head.subarray(0, frameHead.offset.headCheck));
  if (head.readUInt32LE(frameHead.offset.headCheck) !== check) return undefined;
  return head.readUInt32LE(frameHead.offset.length);
}

function markBytes({ number, synced, isSuspect }: Mark): Buffer {
  const bytes = Buffer.alloc(logMark.bytes);
  bytes.writeDoubleLE(number, logMark.offset.number);
  bytes.writeDoubleLE(synced, logMark.offset.synced);
  bytes.writeUInt32LE(isSuspect ? 1 : 0, logMark.offset.suspect);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, logMark.offset.check)), logMark.offset.check);
  return bytes;
}

function readMark(bytes: Buffer): Mark | undefined {
  if (bytes.readUInt32LE(logMark.offset.check) !== crc32(bytes.subarray(0, logMark.offset.check))) return undefined;
  return {
    number: bytes.readDoubleLE(logMark.offset.number),
    synced: bytes.readDoubleLE(logMark.offset.synced),
    isSuspect: bytes.readUInt32LE(logMark.offset.suspect) === 1,
  };
}
