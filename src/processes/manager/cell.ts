import { UsageError } from "../../errors.js";

/** What can be a key, or be found in a set: what is equal when it is the same. */
export type Key = string | number | bigint | boolean | null | undefined;

/** Where a value stands. Each that is set has a cell of its own: the cell tells whether it was replaced. */
export interface Cell<V> {
  readonly value: V;
}

/** @throws UsageError for an object, of which each message brings another copy */
export function checkKey<K>(key: K): K {
  if (typeof key !== "object" || key === null) return key;
  throw new UsageError("a managed key is an object, and every message brings a copy of its own; allowed: plain values");
}

/** Replaces a value by what `change` makes of it, again and again until nobody else has replaced it meanwhile. */
export async function replaced<V, Old = V | undefined>(
  now: () => Cell<V> | undefined,
  set: (cell: Cell<V>) => void,
  change: (value: Old) => V | Promise<V>,
): Promise<V> {
  for (;;) {
    const cell = now();
    const value = await change(cell?.value as Old);
    if (now() !== cell) continue;
    set({ value });
    return value;
  }
}
