import type { PythonProxy } from "./python-proxy.js";

/** A Value in a Python manager. Reading and then setting it is no one step: another process may set it in between. */
export class PythonValue<V = unknown> implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  get(): Promise<V> {
    return this.proxy.call("get");
  }

  async set(value: V): Promise<void> {
    await this.proxy.call("set", value);
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
