import type { ByteQueue } from "./byte-queue.js";

/** Cuts what comes out of a stream into messages. */
export interface FrameReader {
  /** What came and was not taken yet. */
  readonly bytes: ByteQueue;
  /** The next message, undefined until more has come; unless it is to be the caller's own, perhaps a part of what was pushed. @throws ProtocolError */
  next(isOwn: boolean): Uint8Array | undefined;
  /** The stream has ended: what is left and counts as a message. */
  last(): Uint8Array | undefined;
  /** No longer message is taken; may change between two. */
  maxMessage: number;
  /** Bytes that are kept and are no message yet. */
  readonly kept: number;
}

/** How messages stand in a stream of bytes. */
export interface Framing {
  readonly name: string;
  /** How many bytes a message of so many takes as it goes out. */
  room(length: number): number;
  /** Writes a message as it goes out, from a byte of the target on; gives where it ends. @throws UsageError for bytes that cannot be a message */
  put(message: Uint8Array, target: Uint8Array, at: number): number;
  /** A message in parts, which count only once `commit` has followed. Without it, a message that has begun cannot be voided. */
  readonly parts?: { part(bytes: Uint8Array): Uint8Array; readonly commit: Uint8Array; readonly cancel: Uint8Array };
  reader(maxMessage: number): FrameReader;
}
