import type { ELEMENT_KINDS } from "../primitives/memory/values.layout.js";

/** One element of a shared value or array; 64-bit integers as text, since JSON has no others; so are NaN and the infinities. */
export function elementOf(kind: keyof typeof ELEMENT_KINDS, bytes: Buffer, at = 0): string | number | boolean {
  switch (kind) {
    case "i8":
      return bytes.readInt8(at);
    case "u8":
      return bytes.readUInt8(at);
    case "bool":
      return bytes.readUInt8(at) !== 0;
    case "i16":
      return bytes.readInt16LE(at);
    case "u16":
      return bytes.readUInt16LE(at);
    case "i32":
      return bytes.readInt32LE(at);
    case "u32":
      return bytes.readUInt32LE(at);
    case "i64":
      return String(bytes.readBigInt64LE(at));
    case "u64":
      return String(bytes.readBigUInt64LE(at));
    default: {
      const value = kind === "f32" ? bytes.readFloatLE(at) : bytes.readDoubleLE(at);
      return Number.isFinite(value) ? value : String(value);
    }
  }
}
