import { mapPlan } from "../../primitives/map/map.layout.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import { bucketsFor, KEY_KINDS, mapEntry } from "../../rings/map-store.layout.js";
import type { ObjectFile } from "../object-file.js";
import { blockCopy } from "./block-copy.js";
import { messageText } from "./message-text.js";
import { PAYLOAD_LIMITS, type Payload, type PayloadEntry } from "./payload.js";
import { quoted } from "./quoted.js";

const { offset, bytes: ROW } = mapEntry;
/** So many buckets are read at once. */
const BUCKETS_AT_ONCE = 4096;
/** No bucket that is in order has a longer chain. */
const MOST_STEPS = 1000;

/** Some entries of a map. One that was changed while it was read is left out. */
export function mapPayload(file: ObjectFile, directory: string): Payload {
  const blocks = Math.floor(file.dataBytes / BLOCK);
  const rows = mapPlan(blocks).rows * 4;
  const links = rows + blocks * ROW;
  const entries: PayloadEntry[] = [];
  let hasMore = false;
  for (const start of bucketsOf(file, links + blocks * 4, bucketsFor(blocks))) {
    for (let link = start, steps = 0; link !== 0 && link <= blocks && steps < MOST_STEPS; steps++) {
      if (entries.length === PAYLOAD_LIMITS.entries) {
        hasMore = true;
        break;
      }
      const entry = entryOf(file, { rows, links, item: link - 1 }, directory);
      if (entry.shown) entries.push(entry.shown);
      link = entry.next;
    }
    if (hasMore) break;
  }
  return { what: "Some of its entries.", entries, hasMore };
}

function* bucketsOf(file: ObjectFile, at: number, count: number): Iterable<number> {
  for (let from = 0; from < count; from += BUCKETS_AT_ONCE) {
    const words = file.freshBody(at + from * 4, Math.min(BUCKETS_AT_ONCE, count - from) * 4);
    for (let index = 0; index < words.length; index += 4) {
      const link = words.readUInt32LE(index);
      if (link !== 0) yield link;
    }
  }
}

function entryOf(
  file: ObjectFile,
  { rows, links, item }: { rows: number; links: number; item: number },
  directory: string,
): { shown?: PayloadEntry; next: number } {
  const row = file.freshBody(rows + item * ROW, ROW);
  const next = row.readUInt32LE(offset.next);
  const sequence = row.readUInt32LE(offset.sequence);
  const keyWord = row.readUInt32LE(offset.key);
  const length = row.readUInt32LE(offset.length);
  const keyBytes = keyWord & 0xff_ffff;
  if ((sequence & 1) !== 0 || keyBytes > length) return { next };
  const bytes = blockCopy(file, links, item, length);
  if (file.freshBody(rows + item * ROW + offset.sequence, 4).readUInt32LE(0) !== sequence) return { next };
  const key = keyText(keyWord >>> 24, Buffer.from(bytes.subarray(0, keyBytes)));
  const message = {
    bytes: bytes.subarray(keyBytes),
    length: length - keyBytes,
    flags: row.readUInt32LE(offset.format) & 0xff,
  };
  return { shown: { label: key, ...messageText(message, directory, file.id) }, next };
}

function keyText(kind: number, bytes: Buffer): string {
  if (kind === KEY_KINDS.number) return bytes.length < 8 ? "a number that is cut off" : String(bytes.readDoubleLE(0));
  return quoted(bytes.toString(kind === KEY_KINDS.utf16 ? "utf16le" : "latin1"));
}
