/*
 * Shared map: keys and values for all processes that have it, without a server.
 *
 * Idea    A map store (map-store.ts) that is changed under a guard (guard.ts), in entries of a microsecond that never wait
 *         for anything else, and read without (map-reader.ts). So reads go on whatever becomes of a writer, and scale with
 *         the processes.
 * States  of a look: map-reader.ts       of an entry: map-store.ts; one whose time is over is absent for everybody at once,
 *         and is removed by whoever changes the map next and needs to know
 * Order   see there: publishes and observes are the store's and the reader's.
 * Death   Inside the guard: the next one to enter repairs the store. A value is there whole, or not at all; what was there
 *         before it still is, until the very store that puts the new one in its place.
 * Limits  A reader that others disturb again and again looks inside the guard. Whoever is stopped (SIGSTOP) inside the
 *         guard holds up those who change the map until it goes on or is killed, and nobody who reads.
 * Source  memcached's and Redis's promises; the essays of map-store.ts and map-reader.ts say whose the algorithms are.
 */
import { ProtocolError, UsageError } from "../../errors.js";
import { Bytes } from "../../memory/bytes.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import type { MapKey } from "../../rings/map-key.js";
import { ABSENT, DISTURBED, type EntryCopy, MapReader } from "../../rings/map-reader.js";
import { MapRows } from "../../rings/map-rows.js";
import { type Found, MapStore } from "../../rings/map-store.js";
import { Guard } from "../../sync/guard.js";
import type { Holding } from "../holding.js";
import { mapBody, mapPlan } from "./map.layout.js";

/** So often a disturbed reader looks again before it goes inside. */
const TRIES = 8;

/** A value on its way into the map. */
export interface Value {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly format: number;
  /** When its time is over; 0: never. */
  readonly expires: number;
}

/** Which entry a value was read from: it never names another one. */
export interface Token {
  readonly entry: number;
  readonly sequence: number;
}

export class MapCore {
  readonly reader: MapReader;
  readonly store: MapStore;
  readonly rows: MapRows;
  readonly maxEntries: number;
  readonly evicts: boolean;
  /** Milliseconds that an entry lives when nobody says; 0: for ever. */
  readonly ttl: number;
  readonly capacity: number;
  private readonly guard: Guard;
  private found = -1;

  /** This thread's one for all its handles of a map. */
  static of(holding: Holding): MapCore {
    return holding.part(0, () => new MapCore(holding));
  }

  private constructor(holding: Holding) {
    const { segment, words } = holding;
    const data = segment.data as ArrayBuffer;
    const blocks = data.byteLength / BLOCK;
    const body = segment.bodyOffset / 4;
    const plan = mapPlan(blocks);
    const bytes = new Bytes(new Uint8Array(data));
    const place = { words, head: body + plan.store, rows: body + plan.rows, blocks, bytes };
    this.rows = new MapRows(place);
    this.reader = new MapReader(this.rows, place);
    this.store = new MapStore(this.rows, place);
    this.capacity = data.byteLength;
    this.maxEntries = words.load(body + mapBody.word.maxEntries) >>> 0 || Number.POSITIVE_INFINITY;
    this.evicts = words.load(body + mapBody.word.evicts) !== 0;
    this.ttl = this.rows.number(body + mapBody.word.ttl);
    const repair = (): void => this.store.repair();
    this.guard = new Guard(holding, body + plan.guard, repair, () => undefined);
  }

  /** Looks a key up: then its entry is in `reader`. False: it is absent. */
  look(key: MapKey, now: () => number): boolean {
    const { reader } = this;
    let entry = reader.look(key);
    for (let tries = 1; entry === DISTURBED && tries < TRIES; tries++) entry = reader.look(key);
    if (entry === DISTURBED) entry = this.inside(() => reader.look(key));
    if (entry === DISTURBED) throw this.broken();
    if (entry === ABSENT || (reader.expires > 0 && reader.expires <= now())) return false;
    reader.touch(entry);
    this.found = entry;
    return true;
  }

  /** Names the entry that was looked up last. */
  get token(): Token {
    return { entry: this.found, sequence: this.reader.sequence };
  }

  /**
   * Puts a value if the key's entry is still that of `seen` (undefined: none), or whatever is there. "changed": it is
   * another one. "full": there is no room, and nothing may be removed for it.
   */
  put(key: MapKey, value: Value, now: number, seen?: { token: Token | undefined }): "done" | "changed" | "full" {
    return this.inside(() => {
      const found = this.living(key, now);
      if (seen && !this.isSame(found.living, seen.token)) return "changed";
      return this.putInside(key, value, now) ? "done" : "full";
    });
  }

  /** Makes an entry inside the guard. */
  putInside(key: MapKey, { bytes, length, format, expires }: Value, now: number): boolean {
    const { store } = this;
    const size = key.bytes.length + length;
    this.checkSize(size);
    const mostBefore = (): number => this.maxEntries - (store.find(key) ? 0 : 1);
    if (!store.hasRoom(size, mostBefore())) {
      store.expire(now);
      if (!store.hasRoom(size, mostBefore()) && !(this.evicts && store.makeRoom(size, mostBefore()))) return false;
    }
    store.put({ key, value: bytes, length, format, expires }, store.find(key));
    return true;
  }

  remove(key: MapKey, now: number, seen?: { token: Token | undefined }): "done" | "absent" | "changed" {
    return this.inside(() => {
      const { any, living } = this.living(key, now);
      if (seen && !this.isSame(living, seen.token)) return "changed";
      if (any) this.store.remove(any);
      return living ? "done" : "absent";
    });
  }

  /** The key's entry, and whether its time is not over. For inside the guard. */
  living(key: MapKey, now: number): { any: Found | undefined; living: Found | undefined } {
    const any = this.store.find(key);
    if (!any) return { any, living: undefined };
    const expires = this.store.expiresOf(any.entry);
    return { any, living: expires > 0 && expires <= now ? undefined : any };
  }

  private isSame(found: Found | undefined, token: Token | undefined): boolean {
    if (!found || !token) return !found && !token;
    return found.entry === token.entry && this.store.sequenceOf(found.entry) === token.sequence;
  }

  /** The largest entry is half of the memory: it is made while the one that it replaces is still there. */
  private checkSize(size: number): void {
    const most = this.capacity / 2;
    if (size > most)
      throw new UsageError(
        `an entry of ${size.toLocaleString("en")} bytes; at most ${most.toLocaleString("en")}, half of the map's capacity`,
      );
  }

  /** Runs a few steps alone. */
  inside<T>(steps: () => T): T {
    return this.guard.with(steps);
  }

  /** Every entry, bucket by bucket, as each bucket is when it is its turn. */
  *walk(): Generator<EntryCopy, void, undefined> {
    for (let bucket = 0; bucket < this.rows.buckets; bucket++) {
      let found = this.reader.bucketOf(bucket);
      for (let tries = 1; !found && tries < TRIES; tries++) found = this.reader.bucketOf(bucket);
      found ??= this.inside(() => this.reader.bucketOf(bucket));
      if (!found) throw this.broken();
      yield* found;
    }
  }

  private broken(): ProtocolError {
    return new ProtocolError("a map's words contradict each other, and nobody is changing them");
  }
}
