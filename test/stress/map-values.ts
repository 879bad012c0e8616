import { SeededRandom } from "../rings/seeded-random.js";

const LONGEST = 128 * 1024;
const HEAD = 12;
const noise = Buffer.alloc(2 * LONGEST);
const fill = new SeededRandom(2);
for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(fill.word(), at);

/** Which write of which writer a value is. */
export interface WriteId {
  readonly writer: number;
  readonly number: number;
}

interface Wrapped extends WriteId {
  readonly key: number;
  readonly bytes: Uint8Array;
  readonly text: string;
}

const randomOf = (key: number, { writer, number }: WriteId): SeededRandom =>
  new SeededRandom(
    Math.imul(key + 1, 0x1b87_3593) ^ Math.imul(writer + 1, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b),
  );

/** `longest`: about the longest value that is made. */
function bodyOf(random: SeededRandom, longest: number): Buffer {
  const limits = [1, 60, 60, 200, 200, 1000, 1000, longest / 4, longest];
  const length = random.below(Math.max(1, Math.min(LONGEST, Math.floor(random.pick(limits)))));
  const from = random.below(LONGEST);
  return noise.subarray(from, from + length);
}

/** What stands in a value follows from its key and its numbers, so that whoever reads it can hold every byte against that. */
export function makeValue(key: number, id: WriteId, longest: number): unknown {
  const random = randomOf(key, id);
  const body = bodyOf(random, longest);
  const form = random.below(3);
  if (form === 0) return `${key}/${id.writer}/${id.number}/${body.toString("latin1")}`;
  if (form === 1)
    return {
      key,
      ...id,
      bytes: new Uint8Array(body),
      text: body.subarray(0, 300).toString("latin1"),
    } satisfies Wrapped;
  const bytes = Buffer.alloc(HEAD + body.length);
  for (const [at, word] of [key, id.writer, id.number].entries()) bytes.writeUInt32LE(word, at * 4);
  body.copy(bytes, HEAD);
  return bytes;
}

/** Which write it is; nothing when it is not wholly what that wrote for this key. */
export function recogniseValue(value: unknown, key: number, longest: number): WriteId | undefined {
  const id = claimed(value, key);
  if (!id) return undefined;
  const made = makeValue(key, id, longest);
  if (typeof made === "string" || typeof value === "string") return value === made ? id : undefined;
  if (made instanceof Uint8Array || value instanceof Uint8Array)
    return made instanceof Uint8Array && value instanceof Uint8Array && Buffer.compare(made, value) === 0
      ? id
      : undefined;
  const [is, ought] = [value as Wrapped, made as Wrapped];
  return Buffer.compare(is.bytes, ought.bytes) === 0 && is.text === ought.text ? id : undefined;
}

/** Which one it says that it is. */
function claimed(value: unknown, key: number): WriteId | undefined {
  if (typeof value === "string") {
    const [of, writer, number] = value.split("/", 3).map(Number);
    return of === key ? { writer, number } : undefined;
  }
  if (value instanceof Uint8Array) {
    if (value.length < HEAD) return undefined;
    const words = new DataView(value.buffer, value.byteOffset, HEAD);
    const [of, writer, number] = [0, 4, 8].map((at) => words.getUint32(at, true));
    return of === key ? { writer, number } : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { key: of, writer, number, bytes } = value as Partial<Wrapped>;
  if (of !== key || writer === undefined || number === undefined || !(bytes instanceof Uint8Array)) return undefined;
  return { writer, number };
}
