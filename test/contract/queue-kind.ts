import { test } from "node:test";
import type { WaitOptions } from "interproc";
import { watchdog } from "./connection-kind.js";

/** A message that was taken, as every backend gives it. */
export interface TakenMessage {
  readonly value: unknown;
  readonly redelivered: boolean;
  ack(): void | Promise<void>;
  nack(options?: { requeue?: boolean }): void | Promise<void>;
}

/** The promise forms, which every backend has. */
export interface AnyQueue {
  put(value: unknown, options?: WaitOptions): Promise<void>;
  putMany(values: Iterable<unknown>): Promise<void>;
  get(options?: WaitOptions): Promise<unknown>;
  getMany(max?: number, options?: WaitOptions): Promise<unknown[]>;
  messages(options?: WaitOptions): AsyncGenerator<TakenMessage>;
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
  size(): Promise<number>;
  unacked(): Promise<number>;
  join(options?: WaitOptions): Promise<void>;
  shutdown(options?: { immediate?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** What a queue is made with; what a backend lacks of it is not asked of it. */
export interface QueueWishes {
  readonly maxItems?: number;
  readonly maxDeliveries?: number;
  /** With a queue for dead letters. */
  readonly letters?: boolean;
}

/** One queue, as two users of it have it, and its dead letters. */
export interface Made {
  readonly queue: AnyQueue;
  readonly other: AnyQueue;
  readonly letters?: AnyQueue;
}

/** A backend. */
export interface QueueBackend {
  readonly name: string;
  /** What it can do beyond what every queue can. */
  readonly capabilities: ReadonlySet<
    "maxItems" | "maxDeliveries" | "deadLetter" | "shutdown" | "join" | "size" | "unacked" | "front"
  >;
  /** Fewer messages where each costs a sync or a way to a server and back. */
  readonly many?: number;
  make(wishes?: QueueWishes): Promise<Made>;
}

/** Makes one sentence about a fresh queue a test. */
export function queueSentences(
  backend: QueueBackend,
): (title: string, body: (made: Made) => Promise<void>, wishes?: QueueWishes) => void {
  return (title, body, wishes) => {
    test(title, watchdog, async () => {
      const made = await backend.make(wishes);
      try {
        await body(made);
      } finally {
        for (const one of [made.other, made.queue, made.letters]) await one?.close();
      }
    });
  };
}
