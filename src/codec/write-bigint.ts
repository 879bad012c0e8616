import { TAG } from "./structured.layout.js";
import { writeHex } from "./text.js";
import type { ValueWriter } from "./value-writer.js";

/** A bigint: 64 bits when it fits them, else as many bytes as it has. */
export function writeBigInt(writer: ValueWriter, value: bigint, position: number): number {
  if (BigInt.asIntN(64, value) === value) return writer.bigint64(value, position);
  const isNegative = value < 0n;
  const hex = (isNegative ? -value : value).toString(16);
  const digits = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = digits.length / 2;
  let at = writer.byte(TAG.bigint, position);
  at = writer.varint(bytes, writer.byte(isNegative ? 1 : 0, at));
  writer.room(at, bytes);
  writeHex(writer.target, digits, at);
  return at + bytes;
}
