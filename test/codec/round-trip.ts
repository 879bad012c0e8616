import { StructuredDecoder, StructuredEncoder } from "#src/codec.js";

const encoder = new StructuredEncoder();
const decoder = new StructuredDecoder();

/** The message for a value, in memory of its own. */
export function encoded(value: unknown): Uint8Array {
  return encoder.encode(value).slice();
}

export function decoded(message: Uint8Array): unknown {
  return decoder.decode(message, 0, message.length);
}

/** What the other side gets. */
export function roundTrip<T>(value: T): T {
  return decoded(encoded(value)) as T;
}
