import type { WaitOptions } from "../deadline.js";
import { inPieces } from "./in-pieces.js";
import { isRaised } from "./manager-reply.js";
import type { PythonProxy } from "./python-proxy.js";

/**
 * A queue in a Python manager: `queue.Queue` and what has its methods. `put` and `get` wait in the manager, in pieces, so that
 * a signal or a timeout here loses no item. If this process is killed while it waits, the manager may still hand it one
 * item, which is lost.
 */
export class PythonQueue<T = unknown> implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  /** Waits for room. @throws TimeoutError, and what `call` of a proxy throws */
  async put(value: T, options: WaitOptions = {}): Promise<void> {
    await this.wait("put() of a Python queue", "Full", options, (seconds) =>
      this.proxy.call("put", value, true, seconds),
    );
  }

  /** Waits for an item. @throws TimeoutError, and what `call` of a proxy throws */
  get(options: WaitOptions = {}): Promise<T> {
    return this.wait("get() of a Python queue", "Empty", options, (seconds) =>
      this.proxy.call<T>("get", true, seconds),
    );
  }

  /** False when there is no room. */
  async tryPut(value: T): Promise<boolean> {
    try {
      await this.proxy.call("put", value, false);
      return true;
    } catch (error) {
      if (isRaised(error, "Full")) return false;
      throw error;
    }
  }

  /** Undefined when there is nothing. */
  tryGet(): Promise<T | undefined> {
    return this.proxy.call<T>("get", false).catch((error) => {
      if (isRaised(error, "Empty")) return undefined;
      throw error;
    });
  }

  size(): Promise<number> {
    return this.proxy.call("qsize");
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async wait<R>(
    operation: string,
    failure: string,
    options: WaitOptions,
    attempt: (seconds: number) => Promise<R>,
  ): Promise<R> {
    const { value } = await inPieces(operation, options, async (seconds) => {
      try {
        return { value: await attempt(seconds) };
      } catch (error) {
        if (isRaised(error, failure)) return undefined;
        throw error;
      }
    });
    return value;
  }
}
