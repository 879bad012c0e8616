import { PythonSlice } from "../codec/pickle/python-slice.js";
import { isRaised } from "./manager-reply.js";
import type { PythonProxy } from "./python-proxy.js";

/** A list in a Python manager. An index below 0 counts from the end. Each call is one round trip. */
export class PythonList<V = unknown> implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  /** Undefined when there is none. */
  get(index: number): Promise<V | undefined> {
    return this.proxy.call<V>("__getitem__", index).catch((error) => {
      if (isRaised(error, "IndexError")) return undefined;
      throw error;
    });
  }

  /** @throws RemoteError (`IndexError`) when there is no such element */
  async set(index: number, value: V): Promise<void> {
    await this.proxy.call("__setitem__", index, value);
  }

  async push(...values: V[]): Promise<void> {
    await this.proxy.call("extend", values);
  }

  async insert(index: number, value: V): Promise<void> {
    await this.proxy.call("insert", index, value);
  }

  /** Takes one out, the last by default; undefined when there is none. */
  take(index = -1): Promise<V | undefined> {
    return this.proxy.call<V>("pop", index).catch((error) => {
      if (isRaised(error, "IndexError")) return undefined;
      throw error;
    });
  }

  /** Where the first equal one stands; -1 if none does. */
  indexOf(value: V): Promise<number> {
    return this.proxy.call<number>("index", value).catch((error) => {
      if (isRaised(error, "ValueError")) return -1;
      throw error;
    });
  }

  size(): Promise<number> {
    return this.proxy.call("__len__");
  }

  /** A part of it, as Python's `[start:end]`. */
  slice(start: number | null = null, end: number | null = null): Promise<V[]> {
    return this.proxy.call("__getitem__", new PythonSlice(start, end, null));
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
