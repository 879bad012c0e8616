import { SharedValue } from "interproc";
import { SeededRandom } from "../rings/seeded-random.js";

const LONGEST = 128 * 1024;
const noise = Buffer.alloc(2 * LONGEST);
const fill = new SeededRandom(1);
for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(fill.word(), at);

/** Which message it is: of which producer, and its how manieth. */
export interface MessageId {
  readonly producer: number;
  readonly number: number;
}

interface Wrapped extends MessageId {
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** An object of its own that came along; it has the message's number as its value. */
  readonly handle?: SharedValue<"u32">;
}

const HEAD = 8;
const MOST = 1_000_000;

/** What stands in a message follows from its numbers, so that whoever takes it can hold every byte against that. */
export function makeMessage(producer: number, number: number, share: number): unknown {
  const random = randomOf(producer, number);
  const body = bodyOf(random, share);
  const form = random.below(16);
  if (form < 4) return producer * MOST + number;
  if (form < 10) {
    const bytes = Buffer.alloc(HEAD + body.length);
    bytes.writeUInt32LE(producer, 0);
    bytes.writeUInt32LE(number, 4);
    body.copy(bytes, HEAD);
    return bytes;
  }
  if (form === 10) return { producer, number, handle: new SharedValue("u32", number) } satisfies Wrapped;
  return { producer, number, bytes: new Uint8Array(body), text: body.subarray(0, 500).toString("latin1") };
}

/** A message's own object is the taker's when it has arrived, and the sender's besides. */
export function letGo(message: unknown): void {
  if (typeof message === "object" && message !== null) (message as Wrapped).handle?.close();
}

/** Which message it is; nothing when it is not wholly what it must be. */
export function recognise(message: unknown, share: number): MessageId | undefined {
  if (typeof message === "number") return checked(Math.floor(message / MOST), message % MOST, message, share);
  if (message instanceof Uint8Array) {
    if (message.length < HEAD) return undefined;
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
    return checked(bytes.readUInt32LE(0), bytes.readUInt32LE(4), bytes, share);
  }
  if (typeof message !== "object" || message === null) return undefined;
  const { producer, number } = message as Wrapped;
  return checked(producer, number, message, share);
}

function checked(producer: number, number: number, message: unknown, share: number): MessageId | undefined {
  const found = { producer, number };
  const random = randomOf(producer, number);
  const body = bodyOf(random, share);
  const form = random.below(16);
  if (form < 4) return typeof message === "number" ? found : undefined;
  if (form < 10) {
    const isRight = Buffer.isBuffer(message) && message.subarray(HEAD).equals(body);
    return isRight ? found : undefined;
  }
  const { handle, bytes, text } = message as Wrapped;
  if (form === 10) return handle?.value === number ? found : undefined;
  const isRight = bytes && body.equals(bytes) && text === body.subarray(0, 500).toString("latin1");
  return isRight ? found : undefined;
}

const randomOf = (producer: number, number: number): SeededRandom =>
  new SeededRandom(Math.imul(producer + 1, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b));

/** `share`: the longest message that stands in the queue itself; some are longer. */
function bodyOf(random: SeededRandom, share: number): Buffer {
  const limits = [1, 16, 64, 64, 500, 500, 2000, share, share * 2];
  const length = random.below(Math.max(1, Math.min(LONGEST, random.pick(limits))));
  const from = random.below(LONGEST);
  return noise.subarray(from, from + length);
}
