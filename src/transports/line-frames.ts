import { ProtocolError, UsageError } from "../errors.js";
import { ByteQueue } from "./byte-queue.js";
import type { FrameReader, Framing } from "./framing.js";

const NEWLINE = 10;

class LineReader implements FrameReader {
  readonly bytes = new ByteQueue();
  /** So many bytes have no newline among them. */
  private looked = 0;

  constructor(public maxMessage: number) {}

  get kept(): number {
    return this.bytes.length;
  }

  next(isOwn: boolean): Uint8Array | undefined {
    const { bytes } = this;
    const end = bytes.indexOf(NEWLINE, this.looked);
    if ((end < 0 ? bytes.length : end) > this.maxMessage)
      throw new ProtocolError(`a line of more than ${this.maxMessage} bytes (maxMessage) comes`);
    if (end < 0) {
      this.looked = bytes.length;
      return undefined;
    }
    this.looked = 0;
    const line = bytes.cut(end, isOwn);
    bytes.drop(1);
    return line;
  }

  /** Many programs write no newline after their last line. */
  last(): Uint8Array | undefined {
    return this.bytes.length > 0 ? this.bytes.take(this.bytes.length) : undefined;
  }
}

/** A message is a line: what stands before a newline, which it cannot have inside. What ends without one is a last line. */
export const lineFrames: Framing = {
  name: "lines",
  room: (length) => length + 1,
  put: (message, target, at) => {
    const found = message.indexOf(NEWLINE);
    if (found >= 0)
      throw new UsageError(`send of a line with a newline in it (byte ${found}); allowed: one line a message`);
    target.set(message, at);
    target[at + message.length] = NEWLINE;
    return at + message.length + 1;
  },
  reader: (maxMessage) => new LineReader(maxMessage),
};
