import type { WaitOptions } from "../deadline.js";
import { UsageError } from "../errors.js";
import { PendingCall } from "../pending-call.js";

/** What Python's `queue.Queue` is made of: an interproc Queue, or any object with these. */
export interface QueueLike<T = unknown> {
  put(value: T, options?: WaitOptions): Promise<unknown>;
  get(options?: WaitOptions): Promise<T>;
  readonly size: number | (() => number | Promise<number>);
}

interface Putting<T> {
  readonly value: T;
  readonly call: PendingCall<void>;
}

/**
 * A queue in this process's memory, in order, for `serveManager`: Python's programs see it as a `queue.Queue`. A `get` from
 * there that waits while its process is killed takes nothing away.
 *
 * @example
 * const jobs = new ServedQueue<{ path: string }>({ maxItems: 100 });
 * await using server = await serveManager("unix:/tmp/jobs.sock", { jobs }, { authkey: "secret" });
 * await jobs.put({ path: "a.txt" });
 */
export class ServedQueue<T = unknown> implements QueueLike<T> {
  readonly maxItems: number;
  private readonly items: T[] = [];
  private readonly getting: PendingCall<T>[] = [];
  private readonly putting: Putting<T>[] = [];

  constructor({ maxItems = Number.POSITIVE_INFINITY }: { maxItems?: number } = {}) {
    if (maxItems !== Number.POSITIVE_INFINITY && !(Number.isInteger(maxItems) && maxItems >= 1))
      throw new UsageError(`new ServedQueue(): maxItems is ${String(maxItems)}; allowed: 1 or more`);
    this.maxItems = maxItems;
  }

  get size(): number {
    return this.items.length;
  }

  /** Waits for room. @throws TimeoutError */
  async put(value: T, options: WaitOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    if (this.tryPut(value)) return;
    const call = new PendingCall<void>("put() of a queue that is served", options, () => {
      this.putting.splice(this.putting.indexOf(entry), 1);
    });
    const entry = { value, call };
    this.putting.push(entry);
    return call.promise;
  }

  /** Waits for an item. @throws TimeoutError */
  async get(options: WaitOptions = {}): Promise<T> {
    options.signal?.throwIfAborted();
    if (this.items.length > 0) return this.tryGet() as T;
    const call: PendingCall<T> = new PendingCall<T>("get() of a queue that is served", options, () => {
      this.getting.splice(this.getting.indexOf(call), 1);
    });
    this.getting.push(call);
    return call.promise;
  }

  /** False when there is no room. */
  tryPut(value: T): boolean {
    const waiting = this.getting.shift();
    if (waiting) {
      waiting.resolve(value);
      return true;
    }
    if (this.items.length >= this.maxItems) return false;
    this.items.push(value);
    return true;
  }

  /** Undefined when there is nothing. */
  tryGet(): T | undefined {
    const value = this.items.shift();
    const next = this.putting.shift();
    if (next) {
      this.items.push(next.value);
      next.call.resolve();
    }
    return value;
  }

  /** Puts an item back in front that did not reach who took it. */
  putBack(value: T): void {
    const waiting = this.getting.shift();
    if (waiting) waiting.resolve(value);
    else this.items.unshift(value);
  }
}
