import { topicPlan } from "../../primitives/topic/topic.layout.js";
import { broadcastHead, broadcastRecord, KEY_SHIFT, UNIT } from "../../rings/broadcast-ring.layout.js";
import type { ObjectFile } from "../object-file.js";
import { messageText } from "./message-text.js";
import { PAYLOAD_LIMITS, type Payload } from "./payload.js";
import { quoted } from "./quoted.js";

const { offset, bytes: HEADER } = broadcastRecord;
/** So much of the newest part of the ring is read at most. */
const MOST_BYTES = 4 * 2 ** 20;

interface Found {
  readonly position: number;
  readonly at: number;
  readonly keyBytes: number;
  readonly length: number;
  readonly flags: number;
  readonly sequence: number;
}

/** The newest messages of a topic, whoever has read them already. */
export function topicPayload(file: ObjectFile, directory: string): Payload {
  const place = topicPlan(file.maxAttached, 0).ring * 4;
  const words = file.freshBody(place, broadcastHead.bytes);
  const word = (name: keyof typeof broadcastHead.offset): number => words.readUInt32LE(broadcastHead.offset[name]);
  const units = Math.floor(file.dataBytes / UNIT);
  const head = word("head");
  const there = (head - word("tail")) >>> 0;
  // each is where a message begins, unless it was overwritten; the nearest to the head is enough
  const starts = [word("nextResume"), word("resume"), word("tail")].map((one) => (head - one) >>> 0);
  const back = starts.find((one) => one > 0 && one <= there && one * UNIT >= Math.min(there * UNIT, 16_384)) ?? there;
  if (back > units || back * UNIT > MOST_BYTES)
    return { what: "It has too much to look for where messages begin.", entries: [], hasMore: true };
  const first = (head - back) >>> 0;
  const ring = copyRing(file, first % units, back, units);
  const found = walk(ring, first);
  const tail = file.freshBody(place + broadcastHead.offset.tail, 4).readUInt32LE(0);
  const kept = found.filter(({ position }) => ((position - tail) | 0) >= 0);
  const entries = kept
    .slice(-PAYLOAD_LIMITS.entries)
    .reverse()
    .map(({ at, keyBytes, length, flags, sequence }) => {
      const key = Buffer.from(ring.subarray(at, at + keyBytes)).toString();
      const from = at + ((keyBytes + 3) & ~3);
      const bytes = ring.subarray(from, from + Math.min(length, PAYLOAD_LIMITS.bytes));
      const label = `#${sequence}${keyBytes > 0 ? ` ${quoted(key)}` : ""}`;
      return { label, ...messageText({ bytes, length, flags: flags & 0xffff }, directory, file.id) };
    });
  return {
    what: "What was published last, the newest first.",
    entries,
    hasMore: there > back || kept.length > entries.length,
  };
}

function copyRing(file: ObjectFile, start: number, count: number, units: number): Buffer {
  const first = Math.min(count, units - start);
  const copy = file.fresh(file.dataOffset + start * UNIT, first * UNIT);
  return first === count ? copy : Buffer.concat([copy, file.fresh(file.dataOffset, (count - first) * UNIT)]);
}

/** Where the messages are in what was copied, as far as it makes sense: writers may have been there meanwhile. */
function walk(ring: Buffer, first: number): Found[] {
  const found: Found[] = [];
  for (let at = 0; at + HEADER <= ring.length; ) {
    const length = ring.readUInt32LE(at + offset.bytes);
    const flags = ring.readUInt32LE(at + offset.flags);
    const keyBytes = (flags >>> KEY_SHIFT) & 0xff;
    const size = Math.ceil((HEADER + ((keyBytes + 3) & ~3) + length) / UNIT) * UNIT;
    if (at + size > ring.length) break;
    const sequence = ring.readUInt32LE(at + offset.sequenceHigh) * 2 ** 32 + ring.readUInt32LE(at + offset.sequenceLow);
    found.push({ position: (first + at / UNIT) >>> 0, at: at + HEADER, keyBytes, length, flags, sequence });
    at += size;
  }
  return found;
}
