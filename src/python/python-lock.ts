import type { WaitOptions } from "../deadline.js";
import { inPieces } from "./in-pieces.js";
import type { PythonProxy } from "./python-proxy.js";

/**
 * A Lock in a Python manager. Python does not know who holds it: anybody can release it, and if its holder is killed it stays
 * locked. An RLock is for `proxy.onOneThread()` instead.
 */
export class PythonLock implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  /** Waits until it is free, and takes it. @throws TimeoutError, and what `call` of a proxy throws */
  async acquire(options: WaitOptions = {}): Promise<void> {
    await inPieces("acquire() of a Python lock", options, async (seconds) =>
      (await this.proxy.call<boolean>("acquire", true, seconds)) ? {} : undefined,
    );
  }

  /** False when somebody has it. */
  tryAcquire(): Promise<boolean> {
    return this.proxy.call("acquire", false);
  }

  /** @throws RemoteError (`RuntimeError`) when it is not locked */
  async release(): Promise<void> {
    await this.proxy.call("release");
  }

  /** Runs a function while the lock is held. */
  async withLock<R>(work: () => R | Promise<R>, options?: WaitOptions): Promise<R> {
    await this.acquire(options);
    try {
      return await work();
    } finally {
      await this.release();
    }
  }

  /** Gives the reference up; a lock that is held stays held. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
