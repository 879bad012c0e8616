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
      push: (chunk) => bytes.push(chunk),
      next: () => (bytes.length > 0 ? bytes.take(Math.min(bytes.length, reader.maxMessage)) : undefined),
      last: () => reader.next(),
      get kept() {
        return bytes.length;
      },
    };
    return reader;
  },
};
