/*
 * Python frames: what multiprocessing.connection writes and reads.
 *
 * Idea    A message is its length as a signed 32-bit number, most significant byte first, and its bytes; a length of -1
 *         announces one of 64 bits, unsigned, which Python uses beyond 2^31 - 1 bytes.
 * Limits  Any other negative length is a ProtocolError (Python returns an empty message for it); one above `maxMessage`
 *         too, before anything is allocated for it.
 * Source  Connection._send_bytes and _recv_bytes of CPython.
 */
import { ProtocolError } from "../errors.js";
import { ByteQueue } from "./byte-queue.js";
import type { FrameReader, Framing } from "./framing.js";

const SHORT = 4;
const LONG = 12;
const LONGEST_SHORT = 2 ** 31 - 1;

class PythonReader implements FrameReader {
  private readonly bytes = new ByteQueue();

  constructor(public maxMessage: number) {}

  get kept(): number {
    return this.bytes.length;
  }

  push(chunk: Uint8Array): void {
    this.bytes.push(chunk);
  }

  next(): Uint8Array | undefined {
    const { bytes, maxMessage } = this;
    if (bytes.length < SHORT) return undefined;
    let header = SHORT;
    let length = this.word(0) | 0;
    if (length < -1)
      throw new ProtocolError(`a frame's length is ${length}; allowed: 0 or more, or -1 for the long form`);
    if (length === -1) {
      if (bytes.length < LONG) return undefined;
      header = LONG;
      length = this.word(SHORT) * 2 ** 32 + this.word(2 * SHORT);
    }
    if (length > maxMessage)
      throw new ProtocolError(`a message of ${length} bytes comes; at most ${maxMessage} (maxMessage)`);
    if (bytes.length < header + length) return undefined;
    bytes.drop(header);
    return bytes.take(length);
  }

  last(): undefined {
    return undefined;
  }

  private word(at: number): number {
    const { bytes } = this;
    return ((bytes.at(at) << 24) | (bytes.at(at + 1) << 16) | (bytes.at(at + 2) << 8) | bytes.at(at + 3)) >>> 0;
  }
}

/** Python's frames. A message that has begun cannot be voided: giving it up ends the connection. */
export const pythonFrames: Framing = {
  name: "python",
  frame: (payload) => {
    const isLong = payload.length > LONGEST_SHORT;
    const header = isLong ? LONG : SHORT;
    const bytes = new Uint8Array(header + payload.length);
    const view = new DataView(bytes.buffer);
    if (isLong) {
      view.setInt32(0, -1);
      view.setBigUint64(SHORT, BigInt(payload.length));
    } else view.setInt32(0, payload.length);
    bytes.set(payload, header);
    return bytes;
  },
  reader: (maxMessage) => new PythonReader(maxMessage),
};
