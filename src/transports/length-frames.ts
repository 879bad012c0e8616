/*
 * Length frames: a message is its length in 4 bytes, most significant first, and its bytes.
 *
 * Idea    That is the frame of Python's multiprocessing.connection for messages below 2 GiB, and what most programs that
 *         prefix a length write. A message that may still be given up on its way goes in parts, whose lengths have the
 *         highest bit set; it counts once a length of 0 with that bit follows, and is void when all 32 bits are set.
 * Death   A message whose sender ends inside it, or before the commit, was never there: the reader gets the end of file.
 * Limits  A length above `maxMessage` is a ProtocolError before anything is allocated for it. Memory grows only with what
 *         has really come.
 * Source  Python's AsyncConnection._send_bytes; the continuation of WebSocket frames.
 */
import { ProtocolError } from "../errors.js";
import { ByteQueue } from "./byte-queue.js";
import type { FrameReader, Framing } from "./framing.js";

const HEADER = 4;
/** Longer messages are gathered in one piece while they come. */
const LONG = 16 * 1024;
const PART = 2 ** 31;
const COMMIT = PART;
const CANCEL = 2 ** 32 - 1;

function put(word: number, payload: Uint8Array, target: Uint8Array, at: number): number {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
  target.set(payload, at + HEADER);
  return at + HEADER + payload.length;
}

function withHeader(word: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + payload.length);
  put(word, payload, bytes, 0);
  return bytes;
}

class LengthReader implements FrameReader {
  readonly bytes = new ByteQueue();
  private readonly parts = new ByteQueue();
  /** The length of the message of which the header was taken, or -1. */
  private begun = -1;

  constructor(
    public maxMessage: number,
    private readonly takesParts: boolean,
  ) {}

  get kept(): number {
    return this.bytes.length + this.parts.length;
  }

  next(isOwn: boolean): Uint8Array | undefined {
    const { bytes, parts } = this;
    if (this.begun >= 0) return this.rest(isOwn);
    while (bytes.length >= HEADER) {
      const word = bytes.word(0);
      if (word < PART) {
        this.check(word);
        if (parts.length > 0) throw new ProtocolError("a message came inside another one that came in parts");
        if (bytes.length >= HEADER + word) return bytes.cut(word, isOwn, HEADER);
        if (word < LONG) return undefined;
        bytes.drop(HEADER);
        this.begun = word;
        return this.rest(isOwn);
      }
      if (!this.takesParts) throw new ProtocolError(`a frame's length is ${word - 2 ** 32}; allowed: 0 or more`);
      if (word === CANCEL) {
        bytes.drop(HEADER);
        parts.drop(parts.length);
        continue;
      }
      const length = word - PART;
      this.check(length + parts.length);
      if (bytes.length < HEADER + length) return undefined;
      bytes.drop(HEADER);
      if (word === COMMIT) return parts.take(parts.length);
      parts.push(bytes.cut(length, true));
    }
    return undefined;
  }

  last(): undefined {
    return undefined;
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

  private check(length: number): void {
    if (length > this.maxMessage)
      throw new ProtocolError(`a message of ${length} bytes comes; at most ${this.maxMessage} (maxMessage)`);
  }
}

/** `withParts`: for peers that are interproc's own; other programs get each message in one frame. */
export function lengthFrames(withParts: boolean): Framing {
  const empty = new Uint8Array(0);
  return {
    name: "length",
    room: (length) => HEADER + length,
    put: (message, target, at) => put(message.length, message, target, at),
    reader: (maxMessage) => new LengthReader(maxMessage, withParts),
    ...(withParts && {
      parts: {
        part: (bytes: Uint8Array) => withHeader(PART + bytes.length, bytes),
        commit: withHeader(COMMIT, empty),
        cancel: withHeader(CANCEL, empty),
      },
    }),
  };
}
