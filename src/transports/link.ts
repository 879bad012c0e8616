/** A message, or a part of one, as it goes out. A string is a control word of a WebSocket; streams have none. */
export type Frame = Uint8Array | string;

/** Messages that go out together. They are the caller's own as soon as they have been added. */
export interface Outgoing {
  readonly bytes: number;
  /** Takes a message. @throws UsageError for bytes that cannot be one */
  add(message: Uint8Array): void;
  /** As they go out, for a write that begins now. */
  frames(): readonly Frame[];
  /** The system has them all: their memory is free for others. */
  leave(): void;
  /** As they go out later: in no more memory than they need. */
  keep(): readonly Frame[];
}

/** What a link tells whoever receives from it. */
export interface LinkReceiver {
  message(bytes: Uint8Array): void;
  /** Several were there at once, and these were the last of them. */
  settled(): void;
  /** Nothing more comes: the peer has closed or died. */
  ended(): void;
  /** What came is no message: the link cannot be used any more. */
  failed(error: Error): void;
  /** Nothing more can be sent. */
  broken(): void;
}

/** Carries whole messages, both ways, in order: a pair of streams with a framing, or a WebSocket. */
export interface Link {
  /** For messages that go at once, if the system takes them; or that wait until others have gone. */
  outgoing(isNext: boolean): Outgoing;
  /** A message in parts, which count only once `commit` has followed. Without it, a message that has begun cannot be voided. */
  readonly parts?: {
    readonly begin?: Frame;
    part(bytes: Uint8Array): Frame;
    readonly commit: Frame;
    readonly cancel: Frame;
  };
  /**
   * Hands frames to the system: true when it has taken them all already; else `done` is called once it has. One write is
   * under way at a time.
   */
  write(frames: readonly Frame[], done: (error?: Error | null) => void): boolean;
  /** What comes goes there from now on; each message in memory of its own, if `isOwn`. */
  start(receiver: LinkReceiver, isOwn: boolean): void;
  pause(): void;
  resume(): void;
  /** Somebody waits for a message, or nobody does any more. */
  awaited?(isAwaited: boolean): void;
  /** Bytes that came and are no message yet. */
  readonly kept: number;
  /** Sends the end of file, behind what was written; receiving goes on. @throws UsageError where that cannot be said */
  end(): void;
  /** Ends both ways: behind what was written, or at once when a message was cut. */
  close(isWhole: boolean): void;
  ref(): void;
  unref(): void;
}
