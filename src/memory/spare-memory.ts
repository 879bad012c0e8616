import { freshBytes } from "./copy-of.js";

/** Shorter memory is as well made anew. */
const LEAST_BYTES = 64 * 1024;
/** Lengths are rounded up to multiples of that, so that what served one message serves the next, which is a little longer. */
const STEP_BYTES = 64 * 1024;
/** So many bytes are kept by a thread at most. */
const MOST_BYTES = 4 * 1024 * 1024;

const kept: Uint8Array[] = [];
let keptBytes = 0;

/**
 * Memory for messages on their way that nobody else gets to see, used again and again. V8 counts memory outside its heap against a small
 * limit, and marks the whole heap each time that some 20 MB of it were dropped: at a megabyte a message that cost more than all copies.
 */
export const spareMemory = {
  /** Memory of that length, with anything in it. */
  take(length: number): Uint8Array {
    if (length < LEAST_BYTES) return freshBytes(length);
    const at = kept.findIndex((one) => one.length >= length);
    if (at < 0) return freshBytes(Math.ceil(length / STEP_BYTES) * STEP_BYTES).subarray(0, length);
    const [memory] = kept.splice(at, 1);
    keptBytes -= memory.length;
    return memory.subarray(0, length);
  },

  /** Gives memory back of which nobody has a view any more; it has a buffer of its own. */
  give(bytes: Uint8Array): void {
    if (bytes.length < LEAST_BYTES) return;
    const { buffer } = bytes;
    const { byteLength } = buffer;
    if (keptBytes + byteLength > MOST_BYTES) return;
    kept.push(new Uint8Array(buffer));
    keptBytes += byteLength;
  },
};
