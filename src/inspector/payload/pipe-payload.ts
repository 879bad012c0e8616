import { pipeBody, ringControlOffset } from "../../rings/pipe.layout.js";
import {
  FIRST,
  HANDLES,
  LAST,
  RING_LINE,
  recordHeader,
  ringReaderLine,
  ringWriterLine,
  TOTAL_BYTES,
} from "../../rings/record-ring.layout.js";
import { Damaged, type ObjectFile } from "../object-file.js";
import { messageText } from "./message-text.js";
import { PAYLOAD_LIMITS, type Payload, type PayloadEntry } from "./payload.js";

const HEADER = recordHeader.bytes;

/** The messages of a pipe that nobody has read yet, the oldest of each way first. */
export function pipePayload(file: ObjectFile, directory: string): Payload {
  const capacity = file.detail;
  if (capacity * 2 !== file.dataBytes || (capacity & (capacity - 1)) !== 0 || capacity < HEADER)
    throw new Damaged(`its capacity ${capacity} does not fit the file's ${file.fileBytes} bytes`);
  const isDuplex = file.freshBody(pipeBody.offset.duplex, 4).readUInt32LE(0) === 1;
  const ways = (isDuplex ? [0, 1] : [1]).map((ring) => wayOf(file, ring, capacity, directory));
  return {
    what: "What was sent and nobody has read yet.",
    entries: ways.flatMap(({ entries }) => entries),
    hasMore: ways.some(({ hasMore }) => hasMore),
  };
}

function wayOf(file: ObjectFile, ring: number, capacity: number, directory: string) {
  const control = ringControlOffset(ring);
  const headNow = (): number => file.freshBody(control + RING_LINE + ringReaderLine.offset.head, 4).readUInt32LE(0);
  const head = headNow();
  const tail = file.freshBody(control + ringWriterLine.offset.tail, 4).readUInt32LE(0);
  const base = file.dataOffset + ring * capacity;
  const copy = (position: number, length: number): Buffer => {
    const at = position & (capacity - 1);
    const first = Math.min(length, capacity - at);
    const start = file.fresh(base + at, first);
    return first === length ? start : Buffer.concat([start, file.fresh(base, length - first)]);
  };
  const found: (PayloadEntry & { readonly position: number })[] = [];
  const label = `end ${ring} to end ${1 - ring}`;
  let position = head;
  let left = (tail - head) >>> 0;
  if (left > capacity) throw new Damaged(`a ring in it shows ${left} bytes of ${capacity}`);
  for (let looks = 0; left >= HEADER && found.length < PAYLOAD_LIMITS.entries && looks < 4096; looks++) {
    const header = copy(position, HEADER);
    const length = header.readUInt32LE(recordHeader.offset.length);
    const flags = header.readUInt32LE(recordHeader.offset.flags);
    const size = HEADER + Math.ceil(length / 8) * 8;
    if (size > left) break; // it was read and written over meanwhile
    if ((flags & FIRST) !== 0) {
      const isWhole = (flags & LAST) !== 0;
      const skipped = isWhole ? 0 : TOTAL_BYTES;
      const total = isWhole || length < TOTAL_BYTES ? length : copy(position + HEADER, 4).readUInt32LE(0);
      const there = Math.max(0, Math.min(length - skipped, PAYLOAD_LIMITS.bytes));
      const bytes = copy(position + HEADER + skipped, there);
      const known = flags & (0xff | HANDLES);
      found.push({ position, label, ...messageText({ bytes, length: total, flags: known }, directory, file.id) });
    }
    position = (position + size) >>> 0;
    left -= size;
  }
  const now = headNow();
  const entries = found.filter((one) => ((one.position - now) | 0) >= 0).map(({ position: _, ...entry }) => entry);
  return { entries, hasMore: left > 0 };
}
