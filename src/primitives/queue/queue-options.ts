import type { WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import type { SharedObjectOptions } from "../shared-object.js";
import type { Queue } from "./queue.js";

/** How much a queue holds, and what becomes of messages that nobody acknowledges. */
export interface QueueOptions extends SharedObjectOptions {
  /**
   * Bytes for messages: 4,096 to 1 GiB, rounded up to whole blocks of 128; default 256 KiB. A message takes whole blocks;
   * one longer than a quarter of it gets memory of its own.
   */
  capacity?: number;
  /** Messages that may be ready at once; default: as many as there is memory for. */
  maxItems?: number;
  /** How often a message is handed out; one that nobody has acknowledged by then is a dead letter. Default: no limit. */
  maxDeliveries?: number;
  /** Where dead letters go; without one they are dropped. */
  deadLetter?: Queue<unknown>;
}

/** How a message is put. */
export interface PutOptions extends WaitOptions {
  /** For a {@link PriorityQueue}: smaller goes first, and first come first served among equals. Default 0. */
  priority?: number;
}

/** How many messages are taken at once at most. @throws UsageError */
export function checkMany(max: number, label: string): void {
  if (max !== Number.POSITIVE_INFINITY && !(Number.isInteger(max) && max >= 1))
    throw new UsageError(`${label}: getMany() of ${String(max)} messages; allowed: 1 or more`);
}
