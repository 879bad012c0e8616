import { StructuredDecoder, StructuredEncoder } from "#src/codec.js";

/** One way of turning values into bytes and back. */
export interface BenchedCodec {
  encode(value: unknown): Uint8Array;
  decode(message: Uint8Array): unknown;
  /** Encodes into memory that is there, as into a pipe's; gives the end. Measured instead of `encode` if present. */
  encodeInPlace?(value: unknown): number;
}

/** Our codec, for the programs in `bench/peers`: their folder has a package.json of its own, where `#src` means nothing. */
export function structuredCodec(): BenchedCodec {
  const encoder = new StructuredEncoder();
  const decoder = new StructuredDecoder();
  return { encode: (value) => encoder.encode(value), decode: (message) => decoder.decode(message, 0, message.length) };
}

export function structuredCodecInPlace(): BenchedCodec {
  const encoder = new StructuredEncoder();
  const target = new Uint8Array(1024 * 1024);
  return { ...structuredCodec(), encodeInPlace: (value) => encoder.encodeInto(value, target, 0, target.length) };
}
