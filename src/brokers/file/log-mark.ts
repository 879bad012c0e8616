import { crc32 } from "node:zlib";
import { logMark, MARK_OFFSETS } from "./file-log.layout.js";

/** Up to where a log is known to be on the disk. */
export class LogMark {
  constructor(
    readonly number: number,
    readonly synced: number,
    /** A sync has failed since. */
    readonly isSuspect: boolean,
  ) {}

  /** The one that counts, of a log's first bytes; undefined when neither is whole. */
  static in(head: Buffer): LogMark | undefined {
    const marks = MARK_OFFSETS.map((offset) => LogMark.read(head.subarray(offset, offset + logMark.bytes)));
    return marks.reduce((a, b) => ((b?.number ?? -1) > (a?.number ?? -1) ? b : a));
  }

  /** Where it stands in the file. */
  get position(): number {
    return MARK_OFFSETS[this.number % 2];
  }

  get bytes(): Buffer {
    const bytes = Buffer.alloc(logMark.bytes);
    bytes.writeDoubleLE(this.number, logMark.offset.number);
    bytes.writeDoubleLE(this.synced, logMark.offset.synced);
    bytes.writeUInt32LE(this.isSuspect ? 1 : 0, logMark.offset.suspect);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, logMark.offset.check)), logMark.offset.check);
    return bytes;
  }

  private static read(bytes: Buffer): LogMark | undefined {
    if (bytes.length < logMark.bytes) return undefined;
    if (bytes.readUInt32LE(logMark.offset.check) !== crc32(bytes.subarray(0, logMark.offset.check))) return undefined;
    return new LogMark(
      bytes.readDoubleLE(logMark.offset.number),
      bytes.readDoubleLE(logMark.offset.synced),
      bytes.readUInt32LE(logMark.offset.suspect) === 1,
    );
  }
}
