import { StructuredDecoder, StructuredEncoder } from "#src/codec.js";

/** Our codec, for the programs in `bench/peers`: their folder has a package.json of its own, where `#src` means nothing. */
export function structuredCodec(): { encode(value: unknown): Uint8Array; decode(message: Uint8Array): unknown } {
  const encoder = new StructuredEncoder();
  const decoder = new StructuredDecoder();
  return { encode: (value) => encoder.encode(value), decode: (message) => decoder.decode(message, 0, message.length) };
}
