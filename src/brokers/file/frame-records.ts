import { crc32 } from "node:zlib";
import { FRAME_MAGIC, frameHead } from "./file-log.layout.js";

/** Gathers the records of one frame; what records there are is said by those that extend it. */
export class FrameRecords {
  private readonly parts: Uint8Array[] = [];
  bytes = 0;

  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  /** The whole frame as it stands at a position of a log. */
  frameAt(position: number): Buffer {
    const frame = Buffer.concat([Buffer.alloc(frameHead.bytes), ...this.parts], frameHead.bytes + this.bytes);
    frame.writeUInt32LE(FRAME_MAGIC, frameHead.offset.magic);
    frame.writeUInt32LE(this.bytes, frameHead.offset.length);
    frame.writeDoubleLE(position, frameHead.offset.position);
    frame.writeUInt32LE(crc32(frame.subarray(frameHead.bytes)), frameHead.offset.check);
    frame.writeUInt32LE(crc32(frame.subarray(0, frameHead.offset.headCheck)), frameHead.offset.headCheck);
    return frame;
  }

  /** Begins a record: room for its kind, which is written, and so many bytes, all of which its kind writes. */
  protected record(kind: number, bytes: number): Buffer {
    const head = Buffer.allocUnsafe(1 + bytes);
    head[0] = kind;
    this.add(head);
    return head;
  }

  protected add(...parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      this.parts.push(part);
      this.bytes += part.length;
    }
  }

  /** A count, and the numbers of so many messages. */
  protected static writeIds(record: Buffer, at: number, ids: readonly number[]): void {
    record.writeUInt32LE(ids.length, at);
    ids.forEach((id, index) => {
      record.writeDoubleLE(id, at + 4 + 8 * index);
    });
  }
}
