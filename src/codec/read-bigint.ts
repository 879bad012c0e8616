import type { ByteReader } from "./byte-reader.js";
import { readHex } from "./text.js";

/** A bigint of more than 64 bits. */
export function readBigInt(reader: ByteReader): bigint {
  const sign = reader.byte();
  const length = reader.varint();
  const at = reader.skip(length);
  if (sign > 1 || length === 0) throw reader.broken("a bigint without sign or digits");
  const magnitude = BigInt(`0x${readHex(reader.bytes, at, at + length)}`);
  return sign === 1 ? -magnitude : magnitude;
}
