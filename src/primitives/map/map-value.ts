import { StructuredDecoder, StructuredEncoder } from "../../codec.js";
import { CodecError } from "../../errors.js";
import { copyOf } from "../../memory/copy-of.js";
import { FORMATS } from "../../rings/record-ring.layout.js";
import { isPlainBytes } from "../message-body.js";
import type { Value } from "./map-core.js";

let spareEncoder: StructuredEncoder | undefined;
const decoder = new StructuredDecoder();

/** Encodes a value and calls `use` with it; the bytes are valid until that returns. @throws CodecError */
export function withEncoded<R>(value: unknown, expires: number, label: string, use: (value: Value) => R): R {
  if (isPlainBytes(value)) return use({ bytes: value, length: value.length, format: FORMATS.bytes, expires });
  const encoder = spareEncoder ?? new StructuredEncoder(); // a getter of the value may be at another map
  spareEncoder = undefined;
  try {
    const bytes = encoder.encode(value);
    if (encoder.handles.length > 0)
      throw new CodecError(
        `${label}: a map holds values, and no shared objects or connection ends, which somebody has to own`,
      );
    return use({ bytes, length: bytes.length, format: FORMATS.structured, expires });
  } finally {
    spareEncoder = encoder;
  }
}

/** The value that stands in [from…to) of `bytes`. @throws CodecError */
export function decodeValue(bytes: Uint8Array, from: number, to: number, format: number): unknown {
  if (format === FORMATS.structured) return decoder.decode(bytes, from, to);
  if (format === FORMATS.bytes) return copyOf(bytes, from, to);
  throw new CodecError(`a map's value has format ${format}; this version reads 0 and 1`);
}
