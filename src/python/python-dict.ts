import { isRaised } from "./manager-reply.js";
import type { PythonProxy } from "./python-proxy.js";

/**
 * A dict in a Python manager, by the names of a Map. Each call is one round trip; values are copies, so a change inside of
 * one has to be set again.
 */
export class PythonDict<K = unknown, V = unknown> implements AsyncDisposable {
  constructor(readonly proxy: PythonProxy) {}

  /** Undefined when there is none. */
  get(key: K): Promise<V | undefined> {
    return this.proxy.call<V>("__getitem__", key).catch((error) => {
      if (isRaised(error, "KeyError")) return undefined;
      throw error;
    });
  }

  has(key: K): Promise<boolean> {
    return this.proxy.call("__contains__", key);
  }

  async set(key: K, value: V): Promise<void> {
    await this.proxy.call("__setitem__", key, value);
  }

  /** Several at once. */
  async assign(entries: Iterable<readonly [K, V]>): Promise<void> {
    await this.proxy.call("update", new Map(entries));
  }

  /** Whether it was there. */
  async delete(key: K): Promise<boolean> {
    try {
      await this.proxy.call("__delitem__", key);
      return true;
    } catch (error) {
      if (isRaised(error, "KeyError")) return false;
      throw error;
    }
  }

  /** Takes the value out; undefined when there is none. */
  take(key: K): Promise<V | undefined> {
    return this.proxy.call<V>("pop", key).catch((error) => {
      if (isRaised(error, "KeyError")) return undefined;
      throw error;
    });
  }

  /** The value that is there, or else `value`, which then is. */
  getOrInsert(key: K, value: V): Promise<V> {
    return this.proxy.call("setdefault", key, value);
  }

  size(): Promise<number> {
    return this.proxy.call("__len__");
  }

  keys(): Promise<K[]> {
    return this.proxy.call("keys");
  }

  values(): Promise<V[]> {
    return this.proxy.call("values");
  }

  entries(): Promise<[K, V][]> {
    return this.proxy.call("items");
  }

  /** All of it as it is now. */
  async copy(): Promise<Map<K, V>> {
    return new Map(await this.entries());
  }

  async clear(): Promise<void> {
    await this.proxy.call("clear");
  }

  /** Gives the reference up. */
  close(): Promise<void> {
    return this.proxy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
