import type { ByteReader } from "./byte-reader.js";
import { ownCopy } from "./own-copy.js";
import { BUFFER_ALIGNMENT, TRAILER_BYTES } from "./structured.layout.js";

interface IncomingBuffer {
  /** Which byte of the sender's buffer the first one is; offsets of views count from the sender's. */
  readonly base: number;
  readonly length: number;
  readonly at: number;
  copy: ArrayBuffer | undefined;
}

const { slice } = Uint8Array.prototype;

/** From here on it pays to take memory that is not zeroed before it is written; it is out of no pool. */
const LARGE_BYTES = 64 * 1024;

/** A buffer that has just the bytes [start…end). */
function copyBetween(bytes: Uint8Array, start: number, end: number): ArrayBuffer {
  if (end - start < LARGE_BYTES) return slice.call(bytes, start, end).buffer;
  const { buffer } = ownCopy(bytes.subarray(start, end));
  return buffer.byteLength === end - start ? (buffer as ArrayBuffer) : slice.call(bytes, start, end).buffer;
}

/** The buffers behind the value of one message. Each is copied out when the first view of it is read. */
export class IncomingBuffers {
  private readonly list: IncomingBuffer[] = [];

  /** Reads where the buffers are and takes them off the reader's end. */
  constructor(private readonly reader: ByteReader) {
    const { start, end, bytes, position } = reader;
    const trailer = end - TRAILER_BYTES;
    if (trailer < position) throw reader.truncated();
    let offset = 0;
    for (let i = TRAILER_BYTES - 1; i >= 0; i--) offset = offset * 0x100 + bytes[trailer + i];
    const table = start + offset;
    if (table < position || table > trailer) throw reader.broken("the buffers begin outside the message");
    reader.end = trailer;
    reader.position = table;
    for (let left = reader.count(2); left > 0; left--) {
      const base = reader.varint();
      const length = reader.varint();
      reader.skip(-(reader.position - start) & (BUFFER_ALIGNMENT - 1));
      this.list.push({ base, length, at: reader.skip(length), copy: undefined });
    }
    if (reader.position !== trailer) throw reader.broken("bytes are left over behind the buffers");
    reader.position = position;
    reader.end = table;
  }

  get(number: number): { readonly buffer: ArrayBuffer; readonly base: number } {
    const incoming = this.list[number];
    if (incoming === undefined) throw this.reader.broken(`there is no buffer ${number}`);
    const { at, length, base } = incoming;
    incoming.copy ??= copyBetween(this.reader.bytes, at, at + length);
    return { buffer: incoming.copy, base };
  }
}
