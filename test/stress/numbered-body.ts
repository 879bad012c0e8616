import { SeededRandom } from "../rings/seeded-random.js";
import type { MessageId } from "./numbered-message.js";

/** A message for a broker: what stands in it follows from its numbers, so that whoever takes it can check every byte. */
export interface NumberedBody extends MessageId {
  readonly bytes: Uint8Array;
}

export function makeBody(producer: number, number: number): NumberedBody {
  return { producer, number, bytes: bytesOf(producer, number) };
}

/** Which message it is; nothing when it is not wholly what it must be. */
export function recogniseBody(value: unknown): MessageId | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { producer, number, bytes } = value as NumberedBody;
  const isRight = bytes instanceof Uint8Array && Buffer.from(bytesOf(producer, number)).equals(bytes);
  return isRight ? { producer, number } : undefined;
}

function bytesOf(producer: number, number: number): Uint8Array {
  const random = new SeededRandom(Math.imul(producer + 1, 0x9e37_79b1) ^ Math.imul(number + 1, 0x85eb_ca6b));
  return random.bytes(random.below(random.pick([1, 16, 64, 500, 2000, 10_000])));
}
