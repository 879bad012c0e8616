import type { OpenQueueOptions } from "../brokers/broker.js";
import type { CallCodecName } from "./call-codec.js";

/** What both sides of calls by url say. */
export interface CallsByUrlOptions {
  /** What messages are: `"structured"` (default), or `"json"` for programs in other languages. A server answers as it was asked. */
  codec?: CallCodecName;
  /** How the queue of the calls is opened: all sides must say the same. */
  queue?: Pick<OpenQueueOptions, "capacity" | "maxItems" | "maxDeliveries" | "deadLetter" | "mustExist">;
  /** Ends the opening. */
  signal?: AbortSignal;
}

/** How `remoteAt` calls. */
export interface RemoteAtOptions extends CallsByUrlOptions {
  /** Milliseconds within which each call must be answered, 30,000 by default; Infinity waits for ever. */
  timeout?: number;
}

/** How `exposeAt` serves. */
export interface ExposeAtOptions extends CallsByUrlOptions {
  /** Calls that this server has at once, 32 by default; the others are left to other servers. */
  maxServed?: number;
  /**
   * What becomes of a call that another server may have begun, and not finished because it died: `"run"` (default) runs it, so that
   * a method may run twice; `"refuse"` lets it fail with an AbandonedError, so that none does.
   */
  redelivered?: "run" | "refuse";
}

/** The greatest time to live that a message can have. */
export const LONGEST_MS = 2 ** 31 - 1;
