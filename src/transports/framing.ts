/** Cuts what comes out of a stream into messages. */
export interface FrameReader {
  /** Takes in what came next. */
  push(chunk: Uint8Array): void;
  /** The next message, the caller's own; undefined until more has come. @throws ProtocolError */
  next(): Uint8Array | undefined;
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
  /** A message as it goes out; a copy. @throws UsageError for bytes that cannot be a message */
  frame(payload: Uint8Array): Uint8Array;
  /** A message in parts, which count only once `commit` has followed. Without it, a message that has begun cannot be voided. */
  readonly parts?: { part(bytes: Uint8Array): Uint8Array; readonly commit: Uint8Array; readonly cancel: Uint8Array };
  reader(maxMessage: number): FrameReader;
}
