import { crc32 } from "node:zlib";
import type { FileDoor } from "./file-door.js";
import { FRAME_MAGIC, frameHead } from "./file-log.layout.js";

const READ_BYTES = 1 << 20;

/** Reads the frames of a log one after the other, the file a piece at a time. */
export class FrameReader {
  /** What stands at the position begins as a frame does; the file has not all of it. */
  isCutShort = false;
  private piece = Buffer.alloc(0);
  private start: number;

  constructor(
    private readonly door: FileDoor,
    private readonly fd: number,
    /** Where the next frame begins. */
    public position: number,
    /** Nothing behind this byte is read. */
    private readonly limit: number,
  ) {
    this.start = position;
  }

  get isAtEnd(): boolean {
    return this.position >= this.limit;
  }

  /** Where the records of the next frame begin. */
  get recordsPosition(): number {
    return this.position + frameHead.bytes;
  }

  /** The first bytes of the next frame's records, not checked; undefined when no frame stands there. */
  peek(bytes: number): Buffer | undefined {
    const length = this.length();
    return length === undefined ? undefined : this.ahead(frameHead.bytes, Math.min(bytes, length));
  }

  /** The records of the next frame, to be followed by `pass()`; undefined when what stands there is not whole. */
  records(): Buffer | undefined {
    const length = this.length();
    const records = length === undefined ? undefined : this.ahead(frameHead.bytes, length);
    this.isCutShort = length !== undefined && records === undefined;
    const check = this.ahead(0, frameHead.bytes)?.readUInt32LE(frameHead.offset.check);
    return records !== undefined && crc32(records) === check ? records : undefined;
  }

  /** Goes on behind the next frame. */
  pass(): void {
    this.position += frameHead.bytes + (this.length() ?? 0);
  }

  /** How many bytes of records the next frame's head promises; undefined when it is none, or stands elsewhere than it says. */
  private length(): number | undefined {
    const head = this.ahead(0, frameHead.bytes);
    if (head === undefined || head.readUInt32LE(frameHead.offset.magic) !== FRAME_MAGIC) return undefined;
    if (head.readDoubleLE(frameHead.offset.position) !== this.position) return undefined;
    const check = crc32(head.subarray(0, frameHead.offset.headCheck));
    if (head.readUInt32LE(frameHead.offset.headCheck) !== check) return undefined;
    return head.readUInt32LE(frameHead.offset.length);
  }

  /** Bytes from so far behind the position on; undefined when the file has not all of them. */
  private ahead(offset: number, bytes: number): Buffer | undefined {
    if (this.position + offset + bytes > this.limit) return undefined;
    const at = this.position - this.start;
    if (at + offset + bytes > this.piece.length) {
      const wanted = Math.min(this.limit - this.position, Math.max(offset + bytes, READ_BYTES));
      const piece = Buffer.alloc(wanted);
      this.piece = piece.subarray(0, this.door.read(this.fd, piece, this.position));
      this.start = this.position;
      return offset + bytes <= this.piece.length ? this.piece.subarray(offset, offset + bytes) : undefined;
    }
    return this.piece.subarray(at + offset, at + offset + bytes);
  }
}
