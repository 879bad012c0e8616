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
/** Longer messages are gathered in one piece while they come. */
const GATHERED = 16 * 1024;
const LONGEST_SHORT = 2 ** 31 - 1;

class PythonReader implements FrameReader {
  readonly bytes = new ByteQueue();
  /** The length of the message of which the header was taken, or -1. */
  private begun = -1;

  constructor(public maxMessage: number) {}

  get kept(): number {
    return this.bytes.length;
  }

  next(isOwn: boolean): Uint8Array | undefined {
    const { bytes, maxMessage } = this;
    if (this.begun >= 0) return this.rest(isOwn);
    if (bytes.length < SHORT) return undefined;
    let header = SHORT;
    let length = bytes.word(0) | 0;
    if (length < -1)
      throw new ProtocolError(`a frame's length is ${length}; allowed: 0 or more, or -1 for the long form`);
    if (length === -1) {
      if (bytes.length < LONG) return undefined;
      header = LONG;
      length = bytes.word(SHORT) * 2 ** 32 + bytes.word(2 * SHORT);
    }
    if (length > maxMessage)
      throw new ProtocolError(`a message of ${length} bytes comes; at most ${maxMessage} (maxMessage)`);
    if (bytes.length >= header + length) return bytes.cut(length, isOwn, header);
    if (length < GATHERED) return undefined;
    bytes.drop(header);
    this.begun = length;
    return this.rest(isOwn);
  }

  private rest(isOwn: boolean): Uint8Array | undefined {
    const { begun, bytes } = this;
    if (bytes.length < begun) {
      bytes.gather(begun);
      return undefined;
    }
    this.begun = -1;
    return bytes.cut(begun, isOwn);
  }

  last(): undefined {
    return undefined;
  }
}

/** Python's frames. A message that has begun cannot be voided: giving it up ends the connection. */
export const pythonFrames: Framing = {
  name: "python",
  room: (length) => (length > LONGEST_SHORT ? LONG : SHORT) + length,
  put: (message, target, at) => {
    const { length } = message;
    const isLong = length > LONGEST_SHORT;
    const header = isLong ? LONG : SHORT;
    const view = new DataView(target.buffer, target.byteOffset + at, header);
    if (isLong) {
      view.setInt32(0, -1);
      view.setBigUint64(SHORT, BigInt(length));
    } else view.setInt32(0, length);
    target.set(message, at + header);
    return at + header + length;
  },
  reader: (maxMessage) => new PythonReader(maxMessage),
};
