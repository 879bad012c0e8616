import { UsageError } from "../../errors.js";
import type { SharedObjectOptions } from "../shared-object.js";

/** How large a map is, how long entries live, and what makes room. */
export interface SharedMapOptions extends SharedObjectOptions {
  /**
   * Bytes for keys and values: 4,096 to 1 GiB, rounded up to whole blocks of 128; default 4 MiB. An entry takes whole blocks;
   * its words and those of its bucket take about 48 bytes more for each block.
   */
  capacity?: number;
  /** Entries at most; default: as many as there is memory for. */
  maxEntries?: number;
  /** Milliseconds that an entry lives when `set` does not say; default: for ever. */
  ttl?: number;
  /** `"lru"` (default): what was used least recently makes room. `"none"`: a full map refuses what is new. */
  eviction?: "lru" | "none";
}

/** How an entry is made. */
export interface EntryOptions {
  /** Milliseconds that it lives from now on; default the map's. Infinity: for ever. */
  ttl?: number;
}

/** @throws UsageError */
export function checkTtl(ttl: number | undefined, label: string): void {
  if (ttl !== undefined && !(typeof ttl === "number" && ttl > 0))
    throw new UsageError(`${label}: ttl is ${String(ttl)}; allowed: milliseconds, more than 0`);
}
