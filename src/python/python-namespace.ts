import { isRaised } from "./manager-reply.js";
import type { PythonProxy } from "./python-proxy.js";

/** A Namespace in a Python manager, or any object whose attributes it exposes. */
export class PythonNamespace implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  /** An attribute; undefined when there is none. */
  get<V = unknown>(name: string): Promise<V | undefined> {
    return this.proxy.call<V>("__getattribute__", name).catch((error) => {
      if (isRaised(error, "AttributeError")) return undefined;
      throw error;
    });
  }

  async set(name: string, value: unknown): Promise<void> {
    await this.proxy.call("__setattr__", name, value);
  }

  /** Whether it was there. */
  async delete(name: string): Promise<boolean> {
    try {
      await this.proxy.call("__delattr__", name);
      return true;
    } catch (error) {
      if (isRaised(error, "AttributeError")) return false;
      throw error;
    }
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
