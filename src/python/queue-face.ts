import { TimeoutError } from "../errors.js";
import { boundArguments } from "./call-arguments.js";
import type { Face, FaceCall } from "./face.js";
import { raise } from "./raise.js";
import { type QueueLike, ServedQueue } from "./served-queue.js";

/** A queue with the methods of `queue.Queue`. */
export class QueueFace implements Face {
  readonly exposed = ["empty", "full", "get", "get_nowait", "put", "put_nowait", "qsize"];

  constructor(private readonly queue: QueueLike) {}

  /** Whether a value is one: `put` and `get`, and a size. */
  static isQueue(value: object): value is QueueLike {
    const { put, get, size } = value as Partial<QueueLike>;
    const isSized = typeof size === "number" || typeof size === "function";
    return typeof put === "function" && typeof get === "function" && isSized && !(value instanceof Map);
  }

  value(): never {
    throw raise("TypeError", "a queue cannot be copied");
  }

  async call(call: FaceCall): Promise<unknown> {
    const { queue } = this;
    switch (call.method) {
      case "qsize":
        return this.size();
      case "empty":
        return (await this.size()) === 0;
      case "full":
        return queue instanceof ServedQueue && queue.size >= queue.maxItems;
      case "put":
      case "put_nowait": {
        const names = call.method === "put" ? ["item", "block", "timeout"] : ["item"];
        const [item, block = call.method === "put", timeout] = boundArguments(call, names, 1);
        return this.wait("Full", call.signal, block, timeout, (options) => queue.put(item, options).then(() => null));
      }
      default: {
        const names = call.method === "get" ? ["block", "timeout"] : [];
        const [block = call.method === "get", timeout] = boundArguments(call, names);
        return this.wait("Empty", call.signal, block, timeout, (options) => queue.get(options));
      }
    }
  }

  takeBack(method: string, item: unknown): void {
    if (method.startsWith("get") && this.queue instanceof ServedQueue) this.queue.putBack(item);
  }

  private async size(): Promise<number> {
    const { size } = this.queue;
    return typeof size === "function" ? size.call(this.queue) : size;
  }

  private async wait(
    failure: string,
    signal: AbortSignal,
    block: unknown,
    timeout: unknown,
    attempt: (options: { signal: AbortSignal; timeout?: number }) => Promise<unknown>,
  ): Promise<unknown> {
    if (timeout !== undefined && timeout !== null && !(Number(timeout) >= 0))
      throw raise("ValueError", "'timeout' must be a non-negative number");
    const milliseconds = block ? (timeout === undefined || timeout === null ? undefined : Number(timeout) * 1000) : 0;
    try {
      return await attempt({ signal, ...(milliseconds !== undefined && { timeout: milliseconds }) });
    } catch (error) {
      if (error instanceof TimeoutError) throw raise(failure);
      throw error;
    }
  }
}
