import assert from "node:assert/strict";
import { Bytes } from "#src/memory/bytes.js";
import { Words } from "#src/memory/words.js";
import { blocksFor } from "#src/rings/block-chains.js";
import { BLOCK, FREE } from "#src/rings/item-store.layout.js";
import { keyFrom, type MapKey, mapKeyOf } from "#src/rings/map-key.js";
import { ABSENT, DISTURBED, MapReader } from "#src/rings/map-reader.js";
import { MapRows } from "#src/rings/map-rows.js";
import { MapStore } from "#src/rings/map-store.js";
import { mapEntry, mapHead, mapTableBytes } from "#src/rings/map-store.layout.js";
import type { AccessGate } from "./access-gate.js";
import { SeededRandom } from "./seeded-random.js";
import { StoppingBytes } from "./stopping-bytes.js";
import { StoppingWords } from "./stopping-words.js";

const HEAD = 4;
const ROWS = HEAD + mapHead.bytes / 4;
const noise = new SeededRandom(3).bytes(1 << 16);

/** Plain accesses pass the gate too: who is alone in the store makes most of its changes by them. */
class PlainToo extends StoppingWords {
  constructor(
    array: Int32Array,
    private readonly watched: AccessGate,
  ) {
    super(array, watched);
  }

  override peek(index: number): number {
    this.watched.pass("load", index, 0);
    return super.peek(index);
  }

  override poke(index: number, value: number): void {
    this.watched.pass("store", index, value);
    super.poke(index, value);
  }
}

/** What a key's value number `version` looks like. */
export const contentOf = (version: number, length: number): Uint8Array => {
  const from = (version * 331) % (noise.length - length - 4);
  const value = noise.slice(from, from + length + 4);
  new DataView(value.buffer).setUint32(0, version, true);
  return value;
};
export const versionOf = (value: Uint8Array): number => new DataView(value.slice().buffer).getUint32(0, true);

/** The memory of one map, and the parties that use it. */
export class MapMemory {
  readonly control: Int32Array;
  private readonly array: Uint8Array;
  readonly rows: MapRows;

  constructor(
    readonly blocks: number,
    start: { version?: number; clock?: number; sequence?: number } = {},
  ) {
    this.control = new Int32Array(ROWS + mapTableBytes(blocks) / 4);
    this.array = new Uint8Array(blocks * BLOCK);
    this.control[HEAD + mapHead.word.free] = blocks;
    this.control[HEAD + mapHead.word.version] = start.version ?? 0;
    this.control[HEAD + mapHead.word.clock] = start.clock ?? 0;
    this.rows = new MapRows(this.place());
    for (let block = 0; block < blocks && start.sequence; block++)
      this.control[this.rows.at(block, mapEntry.word.sequence)] = start.sequence;
  }

  place(gate?: AccessGate) {
    const words = gate ? new PlainToo(this.control, gate) : new Words(this.control);
    const bytes = gate ? new StoppingBytes(this.array, gate, 0, this.array.length) : new Bytes(this.array);
    return { words, head: HEAD, rows: ROWS, blocks: this.blocks, bytes };
  }

  store(gate?: AccessGate): MapStore {
    const place = this.place(gate);
    return new MapStore(new MapRows(place), place);
  }

  reader(gate?: AccessGate): MapReader {
    const place = this.place(gate);
    return new MapReader(new MapRows(place), place);
  }

  /** Everything that can be found, by key, and that the books are in order. */
  settled(): Map<string | number, Uint8Array> {
    const found = new Map<string | number, Uint8Array>();
    const reader = this.reader();
    let blocks = 0;
    let entries = 0;
    for (let bucket = 0; bucket < this.rows.buckets; bucket++)
      for (const copy of reader.bucketOf(bucket) ?? assert.fail(`bucket ${bucket} cannot be read`)) {
        const key = keyFrom(copy.keyWord, copy.key);
        assert.ok(!found.has(key), `key ${key} is there twice`);
        found.set(key, copy.value);
        blocks += blocksFor(copy.key.length + copy.value.length);
        entries++;
      }
    let free = 0;
    for (let block = 0; block < this.blocks; block++) if (this.control[this.rows.links + block] === FREE) free++;
    assert.deepEqual(
      [this.control[HEAD + mapHead.word.free], free, this.control[HEAD + mapHead.word.entries]],
      [this.blocks - blocks, this.blocks - blocks, entries],
      "blocks that are free by the count, by their words, and entries",
    );
    return found;
  }
}

export const key = (name: string | number): MapKey => mapKeyOf(name) as MapKey;

export function put(store: MapStore, name: string | number, value: Uint8Array): boolean {
  const size = key(name).bytes.length + value.length;
  const found = store.find(key(name));
  if (!store.makeRoom(size, Number.POSITIVE_INFINITY)) return false;
  const still = found && store.find(key(name));
  store.put({ key: key(name), value, length: value.length, format: 1, expires: 0 }, still);
  return true;
}

export function remove(store: MapStore, name: string | number): boolean {
  const found = store.find(key(name));
  if (found) store.remove(found);
  return found !== undefined;
}

/** A look that is repeated as long as others disturb it, so often at most. */
export function look(reader: MapReader, name: string | number, most = 1): Uint8Array | undefined | "disturbed" {
  let entry = reader.look(key(name));
  for (let tries = 1; entry === DISTURBED && tries < most; tries++) entry = reader.look(key(name));
  if (entry === DISTURBED) return "disturbed";
  return entry === ABSENT ? undefined : reader.copy.slice(reader.keyLength, reader.length);
}
