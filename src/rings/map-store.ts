/*
 * Map store: keys and values of any length in blocks of shared memory. Never waits.
 *
 * Idea    A hash table whose buckets lead to chains of entries; an entry is a row of words and a chain of blocks with its key
 *         and value. Whoever changes it is alone (guard.ts), but readers are not shut out (map-reader.ts): an entry never
 *         changes while it can be reached. A new value is a new entry, and one store of one link puts it in the old
 *         one's place.
 * States  of a row: free (sequence odd, or 0) -> being made (odd) -> whole (even) -> in the map -> removed (odd) = free
 * Order   bytes and words, then sequence even   publishes: entry
 *         entry, then the link that leads to it   publishes: link
 *         the link away from it, then its sequence odd and `version` (by a read-modify-write, before which no later write
 *         of its blocks can come), and only then its blocks are free   publishes: removal
 * Death   In the middle of a change: each link is one store, so what the buckets lead to is whole, and is the truth. `repair`
 *         works all else out from it: what cannot be reached is removed, what belongs to nobody is free. It can be killed
 *         and begun again.
 * Limits  Making an entry needs room beside the one that it replaces. Which entry was used least recently is looked for among
 *         all when there are few, and in a sample otherwise, as Redis does. Sequences are modulo 2^32: a reader that
 *         is put aside for two thousand million entries of one row could take one for the other. Everything read from the
 *         words is checked before it is used as an index.
 * Source  Copy on write with a single store as commit (LMDB's pages in small); CLOCK's and Redis's approximations of LRU.
 */
import { ProtocolError } from "../errors.js";
import type { Bytes } from "../memory/bytes.js";
import type { Words } from "../memory/words.js";
import { BlockChains, blocksFor } from "./block-chains.js";
import { BLOCK } from "./item-store.layout.js";
import type { MapKey } from "./map-key.js";
import type { MapPlace, MapRows } from "./map-rows.js";
import { mapEntry, mapHead } from "./map-store.layout.js";

const { word } = mapEntry;
const { word: head } = mapHead;
/** Up to so many entries all are looked at for the one to be evicted; of more, so many. */
const FEW = 64;
const SAMPLE = 16;

/** Where a key's entry is: its number, and the word that leads to it. */
export interface Found {
  readonly entry: number;
  readonly link: number;
}

/** What a new entry is made of. */
export interface NewEntry {
  readonly key: MapKey;
  readonly value: Uint8Array;
  readonly length: number;
  readonly format: number;
  readonly expires: number;
}

export class MapStore {
  private readonly words: Words;
  private readonly chains: BlockChains;
  readonly bytes: Bytes;

  constructor(
    private readonly rows: MapRows,
    place: MapPlace,
  ) {
    this.words = place.words;
    this.bytes = place.bytes;
    this.chains = new BlockChains({
      words: place.words,
      links: rows.links,
      free: rows.headWord(head.free),
      cursor: rows.headWord(head.cursor),
      blocks: rows.blocks,
      bytes: place.bytes,
    });
  }

  /** Entries that there are, those included whose time is over. */
  get entries(): number {
    return this.words.peek(this.rows.headWord(head.entries));
  }

  get free(): number {
    return this.words.peek(this.rows.headWord(head.free));
  }

  get evicted(): number {
    return this.words.peek(this.rows.headWord(head.evicted)) >>> 0;
  }

  get expired(): number {
    return this.words.peek(this.rows.headWord(head.expired)) >>> 0;
  }

  /** Where the key's entry is; undefined when there is none. */
  find(key: MapKey): Found | undefined {
    const { rows, words } = this;
    let link = rows.bucket(key.hash);
    for (let steps = 0; ; steps++) {
      const next = words.peek(link);
      if (next === 0) return undefined;
      const entry = this.checked(next - 1, steps);
      if (rows.peek(entry, word.hash) === key.hash && rows.peek(entry, word.key) === key.word && this.isKey(entry, key))
        return { entry, link };
      link = rows.at(entry, word.next);
    }
  }

  sequenceOf(entry: number): number {
    return this.rows.peek(entry, word.sequence);
  }

  formatOf(entry: number): number {
    return this.rows.peek(entry, word.format);
  }

  expiresOf(entry: number): number {
    return this.rows.number(this.rows.at(entry, word.expires));
  }

  /** A copy of an entry's value. */
  valueOf(entry: number): Uint8Array {
    const length = this.lengthOf(entry);
    const whole = new Uint8Array(length);
    this.chains.read(entry, length, whole, 0);
    return whole.subarray(this.rows.peek(entry, word.key) & 0xff_ffff);
  }

  /** Makes an entry, in the place of `old` if there is one. There must be room for it. */
  put({ key, value, length, format, expires }: NewEntry, old: Found | undefined): void {
    const { rows, words } = this;
    const keyLength = key.bytes.length;
    const whole = joined(key.bytes, value, length);
    const entry = this.chains.allocate(keyLength + length);
    const sequence = rows.peek(entry, word.sequence) | 1;
    words.store(rows.at(entry, word.sequence), sequence);
    this.chains.write(entry, whole, 0, keyLength + length);
    rows.poke(entry, word.hash, key.hash);
    rows.poke(entry, word.key, key.word);
    rows.poke(entry, word.length, keyLength + length);
    rows.poke(entry, word.format, format);
    rows.setNumber(rows.at(entry, word.expires), expires);
    const clock = (words.peek(rows.headWord(head.clock)) + 2) & ~1;
    words.poke(rows.headWord(head.clock), clock);
    rows.poke(entry, word.used, clock);
    if (expires > 0) this.expectExpiry(expires);
    const link = old ? old.link : rows.bucket(key.hash);
    const behind = old ? rows.at(old.entry, word.next) : link;
    words.store(rows.at(entry, word.next), words.peek(behind));
    words.store(rows.at(entry, word.sequence), nextEven(sequence)); // publishes: entry
    words.store(link, entry + 1); // publishes: link
    this.add(head.entries, 1);
    if (old) this.retire(old.entry);
  }

  /** Takes an entry out of the map. */
  remove({ entry, link }: Found): void {
    const { rows, words } = this;
    words.store(link, words.peek(rows.at(entry, word.next))); // publishes: link
    this.retire(entry);
  }

  /** Makes room for so many bytes by removing what is used least recently; false: there is nothing more to remove. */
  makeRoom(bytes: number, mostEntries: number): boolean {
    while (this.free < blocksFor(bytes) || this.entries > mostEntries) {
      const victim = this.leastUsed();
      if (victim === undefined) return false;
      this.remove(victim);
      this.add(head.evicted, 1);
    }
    return true;
  }

  hasRoom(bytes: number, mostEntries: number): boolean {
    return this.free >= blocksFor(bytes) && this.entries <= mostEntries;
  }

  /** Removes entries whose time is over, if there may be any. */
  expire(now: number): void {
    const { rows } = this;
    const first = rows.number(rows.headWord(head.firstExpiry));
    if (first === 0 || now < first) return;
    let next = 0;
    for (const found of this.all()) {
      const expires = this.expiresOf(found.entry);
      if (expires === 0) continue;
      if (expires > now) next = next === 0 ? expires : Math.min(next, expires);
      else {
        this.remove(found);
        this.add(head.expired, 1);
      }
    }
    rows.setNumber(rows.headWord(head.firstExpiry), next);
  }

  /** An entry was met whose time is over. */
  countExpired(): void {
    this.add(head.expired, 1);
  }

  /** Removes all entries. */
  clear(): void {
    for (const found of this.all()) this.remove(found);
    this.rows.setNumber(this.rows.headWord(head.firstExpiry), 0);
  }

  /** Works everything out anew from what the buckets lead to: somebody died in the middle of a change. */
  repair(): void {
    const { rows, words } = this;
    const used = new Uint8Array(rows.blocks);
    const isEntry = new Uint8Array(rows.blocks);
    let entries = 0;
    let firstExpiry = 0;
    for (const { entry } of this.all()) {
      // observes: link
      this.chains.mark(entry, this.lengthOf(entry), used);
      isEntry[entry] = 1;
      entries++;
      const expires = this.expiresOf(entry);
      if (expires > 0) firstExpiry = firstExpiry === 0 ? expires : Math.min(firstExpiry, expires);
    }
    for (let block = 0; block < rows.blocks; block++) {
      const sequence = rows.peek(block, word.sequence);
      if (isEntry[block] === 0 && sequence !== 0 && (sequence & 1) === 0)
        words.store(rows.at(block, word.sequence), sequence | 1);
    }
    this.add(head.version, 1, true); // publishes: removal
    this.chains.freeOthers(used);
    words.poke(rows.headWord(head.entries), entries);
    rows.setNumber(rows.headWord(head.firstExpiry), firstExpiry);
  }

  /** Nobody finds the entry any more: its row and its blocks may become another's. */
  private retire(entry: number): void {
    const { rows, words } = this;
    const length = this.lengthOf(entry);
    words.store(rows.at(entry, word.sequence), rows.peek(entry, word.sequence) | 1);
    this.add(head.version, 1, true); // publishes: removal
    this.chains.free(entry, length);
    this.add(head.entries, -1);
  }

  /** Every entry, each while it may be removed. */
  private *all(): Generator<Found> {
    const { rows, words } = this;
    for (let bucket = 0; bucket < rows.buckets; bucket++) {
      let link = rows.bucket(bucket);
      for (let steps = 0; ; steps++) {
        const next = words.peek(link);
        if (next === 0) break;
        const entry = this.checked(next - 1, steps);
        const found = { entry, link };
        yield found;
        if (words.peek(link) === next) link = rows.at(entry, word.next); // else it was removed
      }
    }
  }

  /** The entry that was used least recently, among all of few and in a sample of many. */
  private leastUsed(): Found | undefined {
    const { rows, words } = this;
    const most = this.entries <= FEW ? FEW : SAMPLE;
    const clock = words.peek(rows.headWord(head.clock));
    let best = -1;
    let bestAge = -1;
    let block = (words.peek(rows.headWord(head.hand)) >>> 0) % rows.blocks;
    for (let looked = 0, found = 0; looked < rows.blocks && found < most; looked++) {
      const sequence = rows.peek(block, word.sequence);
      if (sequence !== 0 && (sequence & 1) === 0) {
        found++;
        const age = (clock + 1 - rows.peek(block, word.used)) >>> 0;
        if (age > bestAge) {
          best = block;
          bestAge = age;
        }
      }
      if (++block === rows.blocks) block = 0;
    }
    words.poke(rows.headWord(head.hand), block);
    return best < 0 ? undefined : { entry: best, link: this.linkTo(best) };
  }

  /** The word that leads to an entry. */
  private linkTo(entry: number): number {
    const { rows, words } = this;
    let link = rows.bucket(rows.peek(entry, word.hash));
    for (let steps = 0; ; steps++) {
      const next = words.peek(link);
      if (next === entry + 1) return link;
      link = rows.at(this.checked(next - 1, steps), word.next);
    }
  }

  private expectExpiry(expires: number): void {
    const at = this.rows.headWord(head.firstExpiry);
    const first = this.rows.number(at);
    if (first === 0 || expires < first) this.rows.setNumber(at, expires);
  }

  private isKey(entry: number, { bytes }: MapKey): boolean {
    const found = new Uint8Array(bytes.length);
    this.chains.read(entry, bytes.length, found, 0);
    return found.every((byte, at) => byte === bytes[at]);
  }

  private lengthOf(entry: number): number {
    const length = this.rows.peek(entry, word.length);
    if (!(length >= 0 && length <= this.rows.blocks * BLOCK))
      throw new ProtocolError(`an entry says that it has ${length} bytes; at most ${this.rows.blocks * BLOCK}`);
    return length;
  }

  /** An entry's number, unless there is no such row, or the chain has no end: then the memory is broken. */
  private checked(entry: number, steps: number): number {
    if (entry >= 0 && entry < this.rows.blocks && steps < this.rows.blocks) return entry;
    throw new ProtocolError(`a map's chain leads to entry ${entry} of ${this.rows.blocks}, after ${steps} others`);
  }

  private add(which: number, by: number, isSeen = false): void {
    const at = this.rows.headWord(which as typeof head.version);
    if (isSeen)
      this.words.add(at, by); // and no later plain write comes before it: removed blocks are written again
    else this.words.poke(at, this.words.peek(at) + by);
  }
}

/** The first even number behind an odd one, which is not 0: that is a row that was never used. */
function nextEven(odd: number): number {
  const even = (odd + 1) | 0;
  return even === 0 ? 2 : even;
}

let spare = new Uint8Array(4096);

function joined(key: Uint8Array, value: Uint8Array, length: number): Uint8Array {
  if (spare.length < key.length + length) spare = new Uint8Array((key.length + length) * 2);
  spare.set(key);
  spare.set(length === value.length ? value : value.subarray(0, length), key.length);
  return spare;
}
