import type { LOG_MAGICS } from "./file-log.layout.js";
import type { FrameRecords } from "./frame-records.js";

/** Where a message's meta data, and behind them its body, stand in a log. */
export interface Stored {
  readonly position: number;
  readonly metaBytes: number;
  readonly bodyBytes: number;
}

/** Reads a message's bytes. */
export type ReadStored = (stored: Stored) => { readonly meta: Buffer; readonly body: Buffer };

/**
 * What the records of a log come to. Each process that has the log open keeps one, by applying the same records in the same
 * order; the bytes of messages stay in the file.
 */
export interface LogState<R extends FrameRecords = FrameRecords> {
  /** Whose log it is. */
  readonly noun: keyof typeof LOG_MAGICS;
  /** A longer log is written anew when less than half of it is needed. */
  readonly leastToRewrite: number;
  /** About as long as a log that has nothing but what is needed. */
  readonly neededBytes: number;
  /** As before the first record. */
  clear(): void;
  /** Applies the records of one whole frame, which begin at a position of the file. @throws RangeError when they are none */
  apply(records: Buffer, position: number): void;
  newRecords(): R;
  /** The records of a log that is written anew, a frame at a time. */
  rewritten(read: ReadStored): Iterable<R>;
}
