import { ByteQueue } from "./byte-queue.js";
import type { Framing } from "./framing.js";

/** No frames: what comes is given as it comes, in pieces that need not be those that were sent. */
export const rawFrames: Framing = {
  name: "raw",
  frame: (payload) => payload.slice(),
  reader: (maxMessage) => {
    const bytes = new ByteQueue();
    const take = (): Uint8Array | undefined =>
      bytes.length > 0 ? bytes.take(Math.min(bytes.length, maxMessage)) : undefined;
    return {
      push: (chunk) => bytes.push(chunk),
      next: take,
      last: take,
      get kept() {
        return bytes.length;
      },
    };
  },
};
