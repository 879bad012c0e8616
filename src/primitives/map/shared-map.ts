import { SystemError, UsageError } from "../../errors.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import { keyFrom, type MapKey, mapKeyOf } from "../../rings/map-key.js";
import { MOST_KEY_BYTES } from "../../rings/map-store.layout.js";
import { registerKind } from "../handle.js";
import { isPlace } from "../is-place.js";
import { labelOf, type Place, SharedObject, takeObject } from "../shared-object.js";
import { machineNow } from "./machine-now.js";
import { MapCore, type Token } from "./map-core.js";
import { examineMap, makeMap, openMap, openOrMakeMap } from "./map-making.js";
import { checkTtl, type EntryOptions, type SharedMapOptions } from "./map-options.js";
import { decodeValue, withEncoded } from "./map-value.js";

/** What a map's memory is used for. */
export interface SharedMapStats {
  /** Entries that there are, those included whose time is over and that nobody has met since. */
  readonly entries: number;
  /** Bytes of the capacity that entries take. */
  readonly used: number;
  readonly capacity: number;
  /** Entries that were removed for want of room, and because their time was over, since the map was made. */
  readonly evicted: number;
  readonly expired: number;
}

/**
 * A map from strings and numbers to values, in memory that all its processes share: a cache and counters without a server.
 *
 * Its size is fixed. When there is no room, what was used least recently goes (of many entries: the least recent of a
 * sample, as in Redis), or with `eviction: "none"` a new entry is refused. Entries may have a time to live. Nothing waits, so
 * everything is synchronous. Reading takes no lock; changes are made one at a time, each in about a microsecond and as a
 * whole: everybody sees the old value or the new one.
 *
 * A process that is killed, at whatever instruction, leaves the map in order, and what `set` returned for stays. One that is
 * stopped in the microsecond of a change holds up other changes until it goes on; reading goes on.
 *
 * Values are copies, as in messages; shared objects cannot be among them. `1` and `"1"` are different keys. The ideas are
 * memcached's; Python has a `Manager().dict()` for it, with a process and a round trip for each access.
 *
 * @example
 * const hits = new SharedMap<string, number>();
 * hits.add("/index");
 * hits.add("/index");
 * console.log(hits.get("/index")); // 2
 */
export class SharedMap<K extends string | number = string, V = unknown> extends SharedObject {
  private readonly core: MapCore;

  /** Makes a map that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Omit<SharedMapOptions, "persist">);
  /** @internal */
  constructor(place: Place);
  constructor(from: SharedMapOptions | Place = {}) {
    super(
      isPlace(from, "SharedMap") ? from : makeMap(undefined, from),
      labelOf("SharedMap", "holding" in from ? from.holding.segment.name : ""),
    );
    this.core = MapCore.of(this.holding);
  }

  /** Makes a map under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<K extends string | number = string, V = unknown>(
    name: string,
    options: SharedMapOptions = {},
  ): SharedMap<K, V> {
    return new SharedMap<K, V>(makeMap(name, options));
  }

  /** Opens the map of that name. @throws NotFoundError, MismatchError */
  static open<K extends string | number = string, V = unknown>(name: string): SharedMap<K, V> {
    return new SharedMap<K, V>(openMap(name));
  }

  /** Opens the map of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate<K extends string | number = string, V = unknown>(
    name: string,
    options: SharedMapOptions = {},
  ): SharedMap<K, V> {
    return new SharedMap<K, V>(openOrMakeMap(name, options));
  }

  /** How many entries there are; those whose time is over are removed first. */
  get size(): number {
    const core = this.open("size");
    return core.inside(() => {
      core.store.expire(machineNow());
      return core.store.entries;
    });
  }

  /** Bytes for keys and values. */
  get capacity(): number {
    return this.open("capacity").capacity;
  }

  get stats(): SharedMapStats {
    const core = this.open("stats");
    const { store, capacity } = core;
    return core.inside(() => ({
      entries: store.entries,
      used: capacity - store.free * BLOCK,
      capacity,
      evicted: store.evicted,
      expired: store.expired,
    }));
  }

  /** The value of a key, or undefined. @throws CodecError for a value that cannot be decoded here; ClosedError, UsageError */
  get(key: K): V | undefined {
    const core = this.open("get()");
    return core.look(this.keyOf(key, "get()"), machineNow) ? (this.read(core) as V) : undefined;
  }

  /** Whether there is an entry; that counts as a use. */
  has(key: K): boolean {
    return this.open("has()").look(this.keyOf(key, "has()"), machineNow);
  }

  /**
   * Puts a value in a key's place.
   *
   * @throws CodecError for a value that cannot be sent, also for one with shared objects in it
   * @throws UsageError for one that takes more than half of the capacity, and for a key that is too long
   * @throws SystemError (ENOSPC) when the map is full and may remove nothing: then the old value is still there
   */
  set(key: K, value: V, options?: EntryOptions): this {
    const core = this.open("set()");
    const mapKey = this.keyOf(key, "set()");
    const now = machineNow();
    withEncoded(value, this.expiryOf(options, now), this.label, (one) => {
      if (core.put(mapKey, one, now) === "full") throw this.full("set()", value);
    });
    return this;
  }

  /** Removes an entry; false when there was none. */
  delete(key: K): boolean {
    return this.open("delete()").remove(this.keyOf(key, "delete()"), machineNow()) === "done";
  }

  /**
   * Changes a value as a whole: `fn` gets it (undefined where there is none) and gives the new one (undefined: none). When others
   * changed it meanwhile, `fn` runs again with what is there then. Gives the new value.
   *
   * @throws as `set`; what `fn` throws, and then nothing was changed
   */
  update(key: K, fn: (old: V | undefined) => V | undefined, options?: EntryOptions): V | undefined {
    const mapKey = this.keyOf(key, "update()");
    for (;;) {
      const core = this.open("update()");
      const token = this.tokenOf(core, mapKey);
      const value = fn(token ? (this.read(core) as V) : undefined);
      const now = machineNow();
      if (value === undefined) {
        if (core.remove(mapKey, now, { token }) !== "changed") return undefined;
        continue;
      }
      const put = withEncoded(value, this.expiryOf(options, now), this.label, (one) =>
        core.put(mapKey, one, now, { token }),
      );
      if (put === "full") throw this.full("update()", value);
      if (put === "done") return value;
    }
  }

  /**
   * Adds to a number and gives the old one, 0 when there was none, as one step. It keeps its time to live unless `ttl` is given;
   * one that begins has the map's. With a bigint the value is a bigint.
   *
   * @throws UsageError when the value is something else
   * @throws SystemError as `set`
   */
  add<N extends number | bigint = number>(key: K, delta: N = 1 as N, options?: EntryOptions): N {
    const core = this.open("add()");
    const mapKey = this.keyOf(key, "add()");
    if (typeof delta !== "number" && typeof delta !== "bigint")
      throw new UsageError(`${this.label}: add() of ${String(delta)}; allowed: a number or a bigint`);
    const now = machineNow();
    const fresh = this.expiryOf(options, now);
    return core.inside(() => {
      const { living } = core.living(mapKey, now);
      const bytes = living && core.store.valueOf(living.entry);
      const old =
        living && bytes ? decodeValue(bytes, 0, bytes.length, core.store.formatOf(living.entry)) : zeroOf(delta);
      if (typeof old !== typeof delta)
        throw new UsageError(
          `${this.label}: add() of a ${typeof delta} to a ${typeof old}; allowed: the same kind of number`,
        );
      const keeps = living && options?.ttl === undefined;
      const expires = keeps ? core.store.expiresOf(living.entry) : fresh;
      const sum = typeof old === "bigint" ? old + (delta as bigint) : (old as number) + (delta as number);
      const isIn = withEncoded(sum, expires, this.label, (one) => core.putInside(mapKey, one, now));
      if (!isIn) throw this.full("add()", sum);
      return old as N;
    });
  }

  /** The value of a key, or else this one, which is then everybody's: of many at once one is first. */
  getOrInsert(key: K, value: V, options?: EntryOptions): V {
    return this.getOrInsertComputed(key, () => value, options);
  }

  /** The same, with a function that is called only when there is no value. It may be called in vain: another one was first. */
  getOrInsertComputed(key: K, fn: (key: K) => V, options?: EntryOptions): V {
    const mapKey = this.keyOf(key, "getOrInsert()");
    const found = this.tokenOf(this.open("getOrInsert()"), mapKey);
    if (found) return this.read(this.core) as V;
    const value = fn(key);
    for (;;) {
      const core = this.open("getOrInsert()");
      const now = machineNow();
      const expires = this.expiryOf(options, now);
      const put = withEncoded(value, expires, this.label, (one) => core.put(mapKey, one, now, { token: undefined }));
      if (put === "full") throw this.full("getOrInsert()", value);
      if (put === "done") return value;
      if (core.look(mapKey, machineNow)) return this.read(core) as V;
    }
  }

  /** Removes all entries. */
  clear(): void {
    const core = this.open("clear()");
    core.inside(() => core.store.clear());
  }

  /**
   * Keys and values, in no order. What is there all the time comes exactly once, with a value that it had meanwhile; what is
   * set or removed meanwhile may come or not. It is no use of the entries.
   */
  *entries(): Generator<[K, V], void, undefined> {
    const now = machineNow();
    for (const { keyWord, key, value, format, expires } of this.open("entries()").walk()) {
      if (expires > 0 && expires <= now) continue;
      yield [keyFrom(keyWord, key) as K, decodeValue(value, 0, value.length, format) as V];
      if (this.closed) throw this.closedError("entries()");
    }
  }

  *keys(): Generator<K, void, undefined> {
    const now = machineNow();
    for (const { keyWord, key, expires } of this.open("keys()").walk())
      if (expires === 0 || expires > now) yield keyFrom(keyWord, key) as K;
  }

  *values(): Generator<V, void, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[K, V], void, undefined> {
    return this.entries();
  }

  protected override detach(): void {
    // a look ends before anybody could close
  }

  /** What the reader has found. */
  private read({ reader }: MapCore): unknown {
    return decodeValue(reader.copy, reader.keyLength, reader.length, reader.format);
  }

  private tokenOf(core: MapCore, key: MapKey): Token | undefined {
    return core.look(key, machineNow) ? core.token : undefined;
  }

  private open(operation: string): MapCore {
    if (this.closed || !this.holding.isAttached) throw this.closedError(operation);
    return this.core;
  }

  private keyOf(key: K, operation: string): MapKey {
    if (typeof key !== "string" && !(typeof key === "number" && !Number.isNaN(key)))
      throw new UsageError(`${this.label}: ${operation} of key ${String(key)}; allowed: strings and numbers`);
    const made = mapKeyOf(key);
    if (made) return made;
    throw new UsageError(
      `${this.label}: ${operation} of a key of ${String(key).length} characters; allowed: ${MOST_KEY_BYTES} bytes, two for each character beyond Latin-1`,
    );
  }

  private expiryOf(options: EntryOptions | undefined, now: number): number {
    const ttl = options?.ttl;
    if (ttl === undefined) return this.core.ttl === 0 ? 0 : now + this.core.ttl;
    checkTtl(ttl, this.label);
    return ttl === Number.POSITIVE_INFINITY ? 0 : now + ttl;
  }

  private full(operation: string, value: unknown): SystemError {
    return new SystemError(
      `${this.label}: ${operation}, and the map is full; it was made with eviction: "none", a capacity of ${this.core.capacity} bytes and ` +
        `${this.core.maxEntries} entries at most: delete something, or make a larger one`,
      { errno: "ENOSPC", resource: this.name || undefined, undelivered: value },
    );
  }
}

const zeroOf = (delta: number | bigint): number | bigint => (typeof delta === "bigint" ? 0n : 0);

registerKind("map", (folder, descriptor) => new SharedMap(takeObject("map", folder, descriptor, examineMap)));
