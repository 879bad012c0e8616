import { isDeepStrictEqual } from "node:util";
import { type Cell, checkKey, type Key, replaced } from "./cell.js";
import type { Managed } from "./managed-reference.js";

/** A Map that a manager serves. Keys are strings, numbers, bigints, booleans, null or undefined; any value can stand in it. */
export class ServedDict<K extends Key, V> {
  private readonly cells = new Map<K, Cell<V>>();

  constructor(init: Iterable<readonly [K, V]> = []) {
    this.assign(init);
  }

  get(key: K): V | undefined {
    return this.cells.get(key)?.value;
  }

  has(key: K): boolean {
    return this.cells.has(key);
  }

  set(key: K, value: V): void {
    this.cells.set(checkKey(key), { value });
  }

  /** Several at once. */
  assign(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of entries) this.set(key, value);
  }

  /** Whether it was there. */
  delete(key: K): boolean {
    return this.cells.delete(key);
  }

  /** Takes the value out. */
  take(key: K): V | undefined {
    const value = this.get(key);
    this.cells.delete(key);
    return value;
  }

  /** The value that is there, or else `value`, which then is. */
  getOrInsert(key: K, value: V): V {
    const cell = this.cells.get(key);
    if (cell) return cell.value;
    this.set(key, value);
    return value;
  }

  /** Sets it if it is, deeply, what is expected (undefined: also when it is not there); whether it was. */
  compareAndSet(key: K, expected: V | undefined, value: V): boolean {
    if (!isDeepStrictEqual(this.get(key), expected)) return false;
    this.set(key, value);
    return true;
  }

  /** Sets what `change`, which runs in the caller's process, makes of the value; again, if somebody else sets it meanwhile. */
  update(key: K, change: (value: V | undefined) => V | Promise<V>): Promise<V> {
    checkKey(key);
    return replaced(
      () => this.cells.get(key),
      (cell) => void this.cells.set(key, cell),
      change,
    );
  }

  size(): number {
    return this.cells.size;
  }

  clear(): void {
    this.cells.clear();
  }

  /** All of it as it is now. */
  copy(): Map<K, V> {
    return new Map([...this.cells].map(([key, { value }]) => [key, value]));
  }

  *keys(): Generator<K> {
    yield* this.cells.keys();
  }

  *values(): Generator<V> {
    for (const { value } of this.cells.values()) yield value;
  }

  *entries(): Generator<[K, V]> {
    for (const [key, { value }] of this.cells) yield [key, value];
  }
}

/** A reference to a dict that a manager serves; the same in every process that has one. */
export type ManagedDict<K extends Key, V> = Managed<ServedDict<K, V>>;
