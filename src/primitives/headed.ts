import { type Carried, carriedOf } from "../carried.js";
import { CodecError } from "../errors.js";

const LENGTH_BYTES = 4;
/** So long are none of ours. */
const MOST_BYTES = 2 ** 20;

/** A message's bytes behind the texts that go along: their length (u32, little-endian), an object of JSON, the message. */
export function withHeaders(headers: Carried, message: Uint8Array): Uint8Array {
  const texts = Buffer.from(JSON.stringify(headers));
  const bytes = new Uint8Array(LENGTH_BYTES + texts.length + message.length);
  new DataView(bytes.buffer).setUint32(0, texts.length, true);
  bytes.set(texts, LENGTH_BYTES);
  bytes.set(message, LENGTH_BYTES + texts.length);
  return bytes;
}

/** The texts in [from…to), and where the message begins behind them. @throws CodecError for bytes that are none */
export function headersIn(bytes: Uint8Array, from: number, to: number): { headers: Carried; at: number } {
  const start = from + LENGTH_BYTES;
  const length = start <= to ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(from, true) : MOST_BYTES;
  if (length >= MOST_BYTES || start + length > to)
    throw new CodecError(
      `a message of ${to - from} bytes is too short for the texts that are said to go along with it`,
    );
  const at = start + length;
  try {
    return { headers: carriedOf(JSON.parse(Buffer.from(bytes.subarray(start, at)).toString())), at };
  } catch (cause) {
    throw new CodecError("the texts that went along with a message are no JSON", { cause });
  }
}
