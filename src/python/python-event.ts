import type { WaitOptions } from "../deadline.js";
import { inPieces } from "./in-pieces.js";
import type { PythonProxy } from "./python-proxy.js";

/** An Event in a Python manager. */
export class PythonEvent implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  async set(): Promise<void> {
    await this.proxy.call("set");
  }

  async clear(): Promise<void> {
    await this.proxy.call("clear");
  }

  isSet(): Promise<boolean> {
    return this.proxy.call("is_set");
  }

  /** Waits until it is set. @throws TimeoutError, and what `call` of a proxy throws */
  async wait(options: WaitOptions = {}): Promise<void> {
    await inPieces("wait() of a Python event", options, async (seconds) =>
      (await this.proxy.call<boolean>("wait", seconds)) ? {} : undefined,
    );
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
