import { CollisionGuard } from "../collision-guard.js";

/** Smaller collections cannot be slow. */
const FEWEST = 256;

interface Watch {
  guard: CollisionGuard;
  /** The collection is looked at anew, with more buckets, from this size on. */
  until: number;
}

/** Watches the numbers that become keys of the Maps and Sets of one pickle, which may grow little by little. */
export class KeyGuard {
  private watches: Map<object, Watch> | undefined;

  clear(): void {
    this.watches = undefined;
  }

  /** True when the key, with those before, would make the collection slow. */
  collides(collection: Map<unknown, unknown> | Set<unknown>, key: unknown): boolean {
    if (collection.size < FEWEST || (typeof key !== "number" && typeof key !== "bigint")) return false;
    this.watches ??= new Map();
    const watch = this.watches.get(collection);
    if (watch !== undefined && collection.size < watch.until) return watch.guard.collides(key);
    const guard = new CollisionGuard(collection.size * 2);
    this.watches.set(collection, { guard, until: collection.size * 2 });
    for (const present of collection.keys()) if (guard.collides(present)) return true;
    return guard.collides(key);
  }
}
