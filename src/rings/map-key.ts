import { KEY_KINDS, MOST_KEY_BYTES } from "./map-store.layout.js";

/** Keys that were used lately are not written and hashed again. */
const KEPT = 1024;

/** A key as its bytes, with their hash. */
export class MapKey {
  constructor(
    readonly bytes: Uint8Array,
    readonly kind: number,
    readonly hash: number,
  ) {}

  /** What stands in an entry's word `key`. */
  get word(): number {
    return this.bytes.length | (this.kind << 24);
  }
}

const kept = new Map<string | number, MapKey>();

/** The key's bytes; undefined when it is too long. */
export function mapKeyOf(key: string | number): MapKey | undefined {
  const known = kept.get(key);
  if (known) return known;
  const made = typeof key === "number" ? numberKey(key) : stringKey(key);
  if (!made) return undefined;
  if (kept.size === KEPT) kept.clear();
  kept.set(key, made);
  return made;
}

/** The key that bytes stand for. */
export function keyFrom(word: number, bytes: Uint8Array): string | number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = word >>> 24;
  if (kind === KEY_KINDS.number) return buffer.readDoubleLE(0);
  return buffer.toString(kind === KEY_KINDS.utf16 ? "utf16le" : "latin1");
}

function numberKey(key: number): MapKey {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, key + 0, true); // -0 and 0 are one key, as in a Map
  return new MapKey(bytes, KEY_KINDS.number, hashOf(bytes, KEY_KINDS.number));
}

function stringKey(key: string): MapKey | undefined {
  let isLatin1 = true;
  for (let index = 0; index < key.length && isLatin1; index++) isLatin1 = key.charCodeAt(index) < 256;
  const kind = isLatin1 ? KEY_KINDS.latin1 : KEY_KINDS.utf16;
  if (key.length * (kind + 1) > MOST_KEY_BYTES) return undefined;
  const bytes = new Uint8Array(Buffer.from(key, isLatin1 ? "latin1" : "utf16le"));
  return new MapKey(bytes, kind, hashOf(bytes, kind));
}

/** FNV-1a with murmur's last mix, so that the low bits depend on all bytes. */
function hashOf(bytes: Uint8Array, kind: number): number {
  let hash = 0x811c_9dc5 ^ kind;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return hash ^ (hash >>> 16);
}
