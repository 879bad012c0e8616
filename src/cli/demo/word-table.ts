/** A table's words and their counts as three typed arrays, for a message. */
export interface PackedWords {
  /** The words' UTF-8 bytes, one behind the other. */
  readonly bytes: Uint8Array;
  /** How many bytes each word has. */
  readonly lengths: Uint32Array;
  readonly counts: Float64Array;
}

/** FNV-1a, a byte at a time: start with the basis, end with the table. */
export const HASH_BASIS = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;
export const hashStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, HASH_PRIME);

export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_BASIS;
  for (let i = start; i < end; i++) hash = hashStep(hash, bytes[i]);
  return hash;
}

const FIRST_SLOTS = 4096;

/**
 * How often each word occurs. Words are spans of UTF-8 bytes and never become strings while they are counted: a hash
 * table with open addressing points into one growing array of bytes, which makes counting a word a matter of some 20 ns.
 */
export class WordTable {
  private entries = 0;
  /** Entry + 1, or 0. */
  private slots = new Uint32Array(FIRST_SLOTS);
  private hashes = new Int32Array(FIRST_SLOTS / 2);
  /** Where each entry's bytes begin; one more says where the last one ends. */
  private starts = new Uint32Array(FIRST_SLOTS / 2 + 1);
  private counts = new Float64Array(FIRST_SLOTS / 2);
  private arena = new Uint8Array(FIRST_SLOTS * 4);

  /** How many different words. */
  get size(): number {
    return this.entries;
  }

  /** Adds `count` to a word whose hash is already known. */
  add(bytes: Uint8Array, start: number, end: number, hash: number, count: number): void {
    const mask = this.slots.length - 1;
    let slot = spread(hash) & mask;
    for (let entry = this.slots[slot]; entry !== 0; entry = this.slots[slot]) {
      if (this.hashes[entry - 1] === hash && this.isWord(entry - 1, bytes, start, end)) {
        this.counts[entry - 1] += count;
        return;
      }
      slot = (slot + 1) & mask;
    }
    this.insert(slot, bytes, start, end, hash, count);
  }

  /** Adds all counts of another table. */
  merge({ bytes, lengths, counts }: PackedWords): void {
    for (let i = 0, at = 0; i < lengths.length; at += lengths[i++])
      this.add(bytes, at, at + lengths[i], hashOf(bytes, at, at + lengths[i]), counts[i]);
  }

  /** The contents as copies; the table stays as it is. */
  pack(): PackedWords {
    const lengths = new Uint32Array(this.entries);
    for (let i = 0; i < this.entries; i++) lengths[i] = this.starts[i + 1] - this.starts[i];
    return {
      bytes: this.arena.slice(0, this.starts[this.entries]),
      lengths,
      counts: this.counts.slice(0, this.entries),
    };
  }

  clear(): void {
    this.slots.fill(0);
    this.entries = 0;
  }

  countOf(word: string): number {
    const bytes = Buffer.from(word);
    return this.find(bytes, 0, bytes.length);
  }

  /** The most frequent words; equally frequent ones in the order of their bytes. */
  top(most: number): { word: string; count: number }[] {
    const best: number[] = [];
    for (let entry = 0; entry < this.entries; entry++) {
      if (best.length === most && this.order(best[most - 1], entry) < 0) continue;
      const at = best.findIndex((other) => this.order(entry, other) < 0);
      best.splice(at < 0 ? best.length : at, 0, entry);
      if (best.length > most) best.pop();
    }
    return best.map((entry) => ({ word: this.wordOf(entry), count: this.counts[entry] }));
  }

  /** A word that the other table counts differently; `undefined` when both say the same. */
  difference(other: WordTable): string | undefined {
    for (let entry = 0; entry < this.entries; entry++) {
      const count = other.find(this.arena, this.starts[entry], this.starts[entry + 1]);
      if (count !== this.counts[entry]) return this.wordOf(entry);
    }
    return other.entries > this.entries ? other.difference(this) : undefined;
  }

  private find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const mask = this.slots.length - 1;
    for (let slot = spread(hash) & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] - 1;
      if (this.hashes[entry] === hash && this.isWord(entry, bytes, start, end)) return this.counts[entry];
    }
    return 0;
  }

  private order(a: number, b: number): number {
    return (
      this.counts[b] - this.counts[a] ||
      Buffer.compare(
        this.arena.subarray(this.starts[a], this.starts[a + 1]),
        this.arena.subarray(this.starts[b], this.starts[b + 1]),
      )
    );
  }

  private wordOf(entry: number): string {
    return Buffer.from(this.arena.subarray(this.starts[entry], this.starts[entry + 1])).toString();
  }

  private isWord(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.starts[entry];
    const length = end - start;
    if (this.starts[entry + 1] - from !== length) return false;
    for (let i = 0; i < length; i++) if (this.arena[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private insert(slot: number, bytes: Uint8Array, start: number, end: number, hash: number, count: number): void {
    const entry = this.entries++;
    const from = this.starts[entry];
    const next = from + end - start;
    if (next > this.arena.length) this.arena = grown(this.arena, Math.max(next, this.arena.length * 2), Uint8Array);
    // words are short: a loop is faster than set(), which makes a view first
    for (let i = start, to = from; i < end; ) this.arena[to++] = bytes[i++];
    this.starts[entry + 1] = next;
    this.hashes[entry] = hash;
    this.counts[entry] = count;
    this.slots[slot] = entry + 1;
    if (this.entries === this.counts.length) this.grow();
  }

  /** At most half of the slots are taken. */
  private grow(): void {
    const room = this.counts.length * 2;
    this.hashes = grown(this.hashes, room, Int32Array);
    this.starts = grown(this.starts, room + 1, Uint32Array);
    this.counts = grown(this.counts, room, Float64Array);
    this.slots = new Uint32Array(room * 2);
    const mask = this.slots.length - 1;
    for (let entry = 0; entry < this.entries; entry++) {
      let slot = spread(this.hashes[entry]) & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = entry + 1;
    }
  }
}

/** FNV's low bits are its weakest. */
const spread = (hash: number): number => hash ^ (hash >>> 15);

function grown<T extends { set(from: T): void }>(from: T, length: number, Type: new (length: number) => T): T {
  const to = new Type(length);
  to.set(from);
  return to;
}
