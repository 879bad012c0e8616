/*
 * HMAC with SHA-256, for pages.
 *
 * Idea    The browser's own (crypto.subtle) is there in secure contexts only, and a page that may open ws:// to another machine
 *         is no such context. Here are 64 rounds over blocks of 64 bytes instead; the messages of a handshake have a few hundred.
 * Limits  SHA-256 only, which is what interproc's listeners ask for. The constants are computed, as the standard defines
 *         them: the fractions of the square and cube roots of the first primes.
 * Source  FIPS 180-4, RFC 2104.
 */
import { AuthenticationError } from "../errors.js";

const BLOCK = 64;
const ROUNDS = 64;

const primes: readonly number[] = firstPrimes(ROUNDS);
const START = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(prime, 2n));
const ROUND_WORDS = Uint32Array.from(primes, (prime) => fraction(prime, 3n));

function firstPrimes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The first 32 bits behind the point of a root: the integer root of the number times 2^(32 * degree), by bisection. */
function fraction(prime: number, degree: bigint): number {
  const target = BigInt(prime) << (32n * degree);
  let low = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) if ((low + bit) ** degree <= target) low += bit;
  return Number(BigInt.asUintN(32, low));
}

const rotated = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

function sha256(...pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(Math.ceil((length + 9) / BLOCK) * BLOCK);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  bytes[length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(bytes.length - 8, BigInt(length) * 8n);
  const state = START.slice();
  for (let block = 0; block < bytes.length; block += BLOCK) mix(state, view, block);
  const digest = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) digest.setUint32(4 * index, word);
  return new Uint8Array(digest.buffer);
}

function mix(state: Uint32Array, bytes: DataView, block: number): void {
  const words = new Uint32Array(ROUNDS);
  for (let i = 0; i < 16; i++) words[i] = bytes.getUint32(block + 4 * i);
  for (let i = 16; i < ROUNDS; i++) {
    const [early, late] = [words[i - 15], words[i - 2]];
    const low = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const high = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < ROUNDS; i++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const first = (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + choice + ROUND_WORDS[i] + words[i]) | 0;
    const second = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] += word;
}

/** A message's code under a key. @throws AuthenticationError for another digest than SHA-256 */
export function hmac(digest: string, key: Uint8Array, message: Uint8Array): Uint8Array {
  if (digest !== "sha256")
    throw new AuthenticationError(`the other side speaks ${digest} in the handshake; allowed in a browser: sha256`);
  const padded = new Uint8Array(BLOCK);
  padded.set(key.length > BLOCK ? sha256(key) : key);
  const inner = sha256(
    padded.map((byte) => byte ^ 0x36),
    message,
  );
  return sha256(
    padded.map((byte) => byte ^ 0x5c),
    inner,
  );
}
