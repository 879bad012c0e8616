import { ByteQueue } from "./byte-queue.js";
import type { FrameReader, Framing } from "./framing.js";

/** No frames: what comes is given as it comes, in pieces that need not be those that were sent. */
export const rawFrames: Framing = {
  name: "raw",
  room: (length) => length,
  put: (message, target, at) => {
    target.set(message, at);
    return at + message.length;
  },
  reader: (maxMessage) => {
    const bytes = new ByteQueue();
    const reader: FrameReader = {
      maxMessage,
      bytes,
      next: (isOwn) => {
        const length = Math.min(bytes.length, reader.maxMessage);
        return length > 0 ? bytes.cut(length, isOwn) : undefined;
      },
      last: () => reader.next(true),
      get kept() {
        return bytes.length;
      },
    };
    return reader;
  },
};
