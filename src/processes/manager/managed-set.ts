import { checkKey, type Key } from "./cell.js";
import type { Managed } from "./managed-reference.js";

/** A Set that a manager serves, of strings, numbers, bigints, booleans, null and undefined. */
export class ServedSet<V extends Key> {
  private readonly members = new Set<V>();

  constructor(init: Iterable<V> = []) {
    for (const value of init) this.add(value);
  }

  /** Whether it is new. */
  add(value: V): boolean {
    const { size } = this.members;
    return this.members.add(checkKey(value)).size > size;
  }

  has(value: V): boolean {
    return this.members.has(value);
  }

  /** Whether it was there. */
  delete(value: V): boolean {
    return this.members.delete(value);
  }

  size(): number {
    return this.members.size;
  }

  clear(): void {
    this.members.clear();
  }

  /** All of it as it is now. */
  copy(): Set<V> {
    return new Set(this.members);
  }

  *values(): Generator<V> {
    yield* this.members;
  }
}

/** A reference to a set that a manager serves; the same in every process that has one. */
export type ManagedSet<V extends Key> = Managed<ServedSet<V>>;
