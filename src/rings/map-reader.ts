/*
 * Map reader: looks an entry up in a map's store that others change meanwhile. Takes no lock, never waits.
 *
 * Idea    Entries never change while they can be read (map-store.ts), so a reader copies one and then looks whether it was
 *         the same one all the time. It writes nothing but the entry's `used`, and that only when it would change.
 * States  found | absent | disturbed: others changed too much meanwhile; after some tries it is for the caller to look
 *         inside the guard
 * Order   reader: bucket, entry's sequence, its words and bytes, fence, sequence again   observes: entry
 *         writer: bytes and words, sequence even, then the link that leads to it        (publishes: entry, link)
 *         An entry whose sequence was even and the same before and after was whole. That it was in the map too follows from
 *         a second look at what led to it: the bucket itself still leads there, or `version` says that no entry was removed
 *         since, so that every link on the way led where it should. Absent is only what was not found while `version` stood
 *         still   observes: removal
 * Death   Of the reader: nothing. Of a writer, at any moment: the entries that can be reached are whole.
 * Limits  Every number that is read is checked before it is used; a walk has at most as many steps as there are blocks.
 * Source  Sequence locks (Linux); the immutable nodes and validated walks of optimistic hash tables (MICA, MemC3).
 */
import type { Bytes } from "../memory/bytes.js";
import { fence } from "../memory/fence.js";
import type { Words } from "../memory/words.js";
import { BLOCK } from "./item-store.layout.js";
import type { MapKey } from "./map-key.js";
import type { MapPlace, MapRows } from "./map-rows.js";
import { mapEntry, mapHead } from "./map-store.layout.js";

const { word } = mapEntry;

/** What a look gave. */
export const ABSENT = -1;
export const DISTURBED = -2;

/** An entry as a walk found it. */
export interface EntryCopy {
  readonly keyWord: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly format: number;
  readonly expires: number;
}

export class MapReader {
  private readonly words: Words;
  private readonly bytes: Bytes;
  private readonly version: number;
  private readonly clock: number;
  /** Key and value of the entry that was found last, in the first bytes. */
  copy = new Uint8Array(4096);
  /** Of the entry that was found last. */
  keyWord = 0;
  keyLength = 0;
  length = 0;
  format = 0;
  expires = 0;
  /** Its sequence: with its number, it names the entry for all time. */
  sequence = 0;

  constructor(
    private readonly rows: MapRows,
    place: MapPlace,
  ) {
    this.words = place.words;
    this.bytes = place.bytes;
    this.version = rows.headWord(mapHead.word.version);
    this.clock = rows.headWord(mapHead.word.clock);
  }

  /** Copies the key's entry; gives its number, ABSENT or DISTURBED. */
  look(key: MapKey): number {
    const { rows, words } = this;
    const version = words.load(this.version); // observes: removal
    const bucket = rows.bucket(key.hash);
    const first = words.load(bucket); // observes: link
    let link = first;
    for (let steps = 0; link !== 0; steps++) {
      const entry = link - 1;
      if (!(entry >= 0 && entry < rows.blocks) || steps > rows.blocks) return DISTURBED;
      const sequence = rows.sequence(entry); // observes: entry
      if ((sequence & 1) !== 0) return DISTURBED;
      if (rows.peek(entry, word.hash) === key.hash && rows.peek(entry, word.key) === key.word) {
        if (!this.take(entry, sequence)) return DISTURBED;
        if (this.isKey(key)) {
          const isThere = steps === 0 ? words.load(bucket) === first : words.load(this.version) === version;
          return isThere ? entry : DISTURBED;
        }
      }
      link = words.load(rows.at(entry, word.next)); // observes: link
    }
    return words.load(this.version) === version ? ABSENT : DISTURBED;
  }

  /** Copies of all entries of a bucket; undefined: disturbed. */
  bucketOf(hash: number): EntryCopy[] | undefined {
    const { rows, words } = this;
    const version = words.load(this.version); // observes: removal
    const found: EntryCopy[] = [];
    for (let link = words.load(rows.bucket(hash)); link !== 0; ) {
      const entry = link - 1; // observes: link
      if (!(entry >= 0 && entry < rows.blocks) || found.length > rows.blocks) return undefined;
      const sequence = rows.sequence(entry); // observes: entry
      if ((sequence & 1) !== 0 || !this.take(entry, sequence)) return undefined;
      const { keyWord, format, expires } = this;
      const bytes = this.copy.slice(0, this.length);
      found.push({
        keyWord,
        format,
        expires,
        key: bytes.subarray(0, this.keyLength),
        value: bytes.subarray(this.keyLength),
      });
      link = words.load(rows.at(entry, word.next)); // observes: link
    }
    return words.load(this.version) === version ? found : undefined;
  }

  /** The entry was used just now. */
  touch(entry: number): void {
    const now = this.words.peek(this.clock) | 1;
    const used = this.rows.at(entry, word.used);
    if (this.words.peek(used) !== now) this.words.poke(used, now);
  }

  /** Copies an entry; false when it was not the same one all the time. */
  private take(entry: number, sequence: number): boolean {
    const { rows } = this;
    const length = rows.peek(entry, word.length);
    const keyWord = rows.peek(entry, word.key);
    const keyLength = keyWord & 0xff_ffff;
    if (!(length >= 0 && length <= rows.blocks * BLOCK && keyLength <= length)) return false;
    this.keyWord = keyWord;
    this.keyLength = keyLength;
    this.length = length;
    this.format = rows.peek(entry, word.format);
    this.expires = rows.number(rows.at(entry, word.expires));
    this.sequence = sequence;
    if (this.copy.length < length) this.copy = new Uint8Array(Math.max(length, this.copy.length * 2));
    if (!this.copyChain(entry, length)) return false;
    fence();
    return rows.sequence(entry) === sequence;
  }

  private copyChain(first: number, length: number): boolean {
    const { rows, words, bytes, copy } = this;
    if (length <= BLOCK) {
      bytes.copyOut(first * BLOCK, first * BLOCK + length, copy, 0);
      return true;
    }
    let block = first;
    for (let at = 0; at < length; ) {
      const start = block;
      let run = BLOCK;
      let next = words.peek(rows.links + block);
      while (at + run < length && next === block + 2) {
        block++;
        run += BLOCK;
        next = words.peek(rows.links + block);
      }
      const part = Math.min(run, length - at);
      if ((start + 1) * BLOCK + part - BLOCK > rows.blocks * BLOCK) return false;
      bytes.copyOut(start * BLOCK, start * BLOCK + part, copy, at);
      at += part;
      if (at >= length) return true;
      block = next - 1;
      if (!(block >= 0 && block < rows.blocks)) return false;
    }
    return true;
  }

  private isKey({ bytes }: MapKey): boolean {
    const { copy } = this;
    for (let at = 0; at < bytes.length; at++) if (copy[at] !== bytes[at]) return false;
    return true;
  }
}
