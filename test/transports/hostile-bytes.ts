import type { Framing } from "#src/transports/framing.js";
import { SeededRandom } from "../rings/seeded-random.js";

/** Numbers that are likely to mean something at the wrong place: signs, lengths, limits. */
const telling = [0, 1, 4, 10, 127, 128, 254, 255];

/** Made once: what is random is where it is read. */
const noises = new SeededRandom(1).bytes(2 ** 16);

/** Random bytes. */
export function noise(length: number, random: SeededRandom): Uint8Array {
  const from = random.below(noises.length - length);
  return noises.slice(from, from + length);
}

/** Bytes with a few of them changed, left out, doubled, put elsewhere or cut off; sometimes all of them random. */
export function mutated(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  if (random.below(8) === 0) return noise(random.below(64), random);
  let now = bytes.slice();
  for (let changes = random.below(4); changes >= 0; changes--) {
    const at = random.below(now.length + 1);
    const length = random.below(6);
    const kind = random.below(6);
    if (kind === 0 && at < now.length) now[at] ^= 1 << random.below(8);
    else if (kind === 1 && at < now.length) now[at] = random.pick(telling);
    else if (kind === 2) now = joined([now.subarray(0, at), now.subarray(at + length)]);
    else if (kind === 3) now = joined([now.subarray(0, at), noise(length, random), now.subarray(at)]);
    else if (kind === 4) now = joined([now.subarray(0, at), now.subarray(random.below(at + 1), at + 20)]);
    else if (random.below(4) === 0) now = now.slice(0, at);
  }
  return now;
}

/** The same bytes as a stream brings them: cut anywhere. */
export function* cut(bytes: Uint8Array, random: SeededRandom): Generator<Uint8Array> {
  const most = random.pick([1, 3, 20, 500, 70_000]);
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(most);
    yield bytes.slice(at, at + length);
    at += length;
  }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(pieces));
}

/** A message as it goes out. */
export function framed({ room, put }: Framing, message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(room(message.length));
  put(message, bytes, 0);
  return bytes;
}
