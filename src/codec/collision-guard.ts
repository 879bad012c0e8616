/*
 * Keys that collide.
 *
 * Idea    V8 hashes strings with a secret of the process, but numbers and bigints without one. Who knows the function can
 *         choose keys that all fall into one bucket of a Map or Set, and each insertion then walks past all before:
 *         30,000 such keys (270 KB) take 1.3 s, and the time grows with the square. So the keys are hashed here
 *         as well, and a Map with a bucket that is far too full is refused, before it is slow, by sender and receiver.
 * Limits  The hash is that of V8 in Node 20 to 26. In an engine with another one this guards nothing and harms nothing:
 *         real keys spread evenly here too. Bigints count by their low 64 bits, as in V8, where real ones may well be
 *         equal (network addresses), so they have a limit of their own.
 * Source  ComputeUnseededHash and ComputeLongHash in V8's src/utils/utils.h (after Thomas Wang's integer hashes)
 */

/** A Map or Set with fewer entries cannot be slow. */
const FEWEST = 256;
const MOST_BUCKETS = 2 ** 16;
/** A bucket may have this many keys, and twice as many as the average one. */
const FULL = 64;
/** A bucket may have this many bigints. */
const FULL_OF_BIGINTS = 1000;

const double = new Float64Array(1);
const bits = new Uint32Array(double.buffer);

/** Watches the keys of one Map or Set of `count` entries. */
export class CollisionGuard {
  private seen = 0;
  private numbers: Uint16Array | undefined;
  private bigints: Uint16Array | undefined;
  private readonly buckets: number;
  private readonly most: number;

  constructor(count: number) {
    let buckets = FEWEST;
    while (buckets < count / 2 && buckets < MOST_BUCKETS) buckets *= 2;
    this.buckets = buckets;
    this.most = FULL + (2 * count) / buckets;
  }

  /** True when the key, with those before, would make the Map slow. */
  collides(key: unknown): boolean {
    if (++this.seen < FEWEST) return false;
    if (typeof key === "number") {
      this.numbers ??= new Uint16Array(this.buckets);
      return ++this.numbers[hashNumber(key) & (this.buckets - 1)] > this.most;
    }
    if (typeof key === "bigint") {
      this.bigints ??= new Uint16Array(this.buckets);
      const low = Number(BigInt.asUintN(32, key));
      const high = Number(BigInt.asUintN(32, key >> 32n));
      return ++this.bigints[hash64(high, low) & (this.buckets - 1)] > this.most + FULL_OF_BIGINTS;
    }
    return false;
  }
}

function hashNumber(key: number): number {
  if (key === (key | 0)) return hash32(key);
  double[0] = key;
  return hash64(bits[1], bits[0]);
}

function hash32(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return (hash ^ (hash >>> 16)) & 0x3fffffff;
}

/** On 64 bits in two halves. */
function hash64(highHalf: number, lowHalf: number): number {
  let product = (lowHalf >>> 0) * 0x3ffff - 1;
  let low = product >>> 0;
  let high = (Math.imul(highHalf, 0x3ffff) + Math.floor(product / 2 ** 32)) | 0;
  low ^= (low >>> 31) | (high << 1);
  high ^= high >>> 31;
  product = (low >>> 0) * 21;
  low = product >>> 0;
  high = (Math.imul(high, 21) + Math.floor(product / 2 ** 32)) | 0;
  low ^= (low >>> 11) | (high << 21);
  high ^= high >>> 11;
  product = (low >>> 0) * 65;
  low = product >>> 0;
  high = (Math.imul(high, 65) + Math.floor(product / 2 ** 32)) | 0;
  return (low ^ ((low >>> 22) | (high << 10))) & 0x3fffffff;
}
