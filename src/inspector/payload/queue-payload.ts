import { DISCIPLINES, queuePlan } from "../../primitives/queue/queue.layout.js";
import { BLOCK, itemRow, STATES, storeHead } from "../../rings/item-store.layout.js";
import type { ObjectFile } from "../object-file.js";
import { blockCopy } from "./block-copy.js";
import { messageText } from "./message-text.js";
import { PAYLOAD_LIMITS, type Payload, type PayloadEntry } from "./payload.js";

const { offset } = itemRow;

/** The messages that are taken next. One that was taken while it was read is left out. */
export function queuePayload(file: ObjectFile, directory: string): Payload {
  const discipline = DISCIPLINES[file.detail];
  if (discipline === "listener")
    return {
      what: "Connections that nobody has accepted yet; what will be sent over them is not here.",
      entries: [],
      hasMore: false,
    };
  const blocks = Math.floor(file.dataBytes / BLOCK);
  const plan = queuePlan(file.maxAttached, blocks);
  const rows = plan.rows * 4;
  const links = rows + blocks * itemRow.bytes;
  const head = file.freshBody(plan.store * 4, storeHead.bytes);
  const ready = Math.min(head.readUInt32LE(storeHead.offset.ready), blocks);
  const rowOf = (item: number): Buffer => file.freshBody(rows + item * itemRow.bytes, itemRow.bytes);
  const items = discipline === "priority" ? inHeap(file, rows, ready) : undefined;
  const entries: PayloadEntry[] = [];
  let next = items ? (items.shift() ?? -1) : head.readUInt32LE(storeHead.offset.first) - 1;
  for (let looks = 0; looks < PAYLOAD_LIMITS.entries && next >= 0 && next < blocks; looks++) {
    const item = next;
    const row = rowOf(item);
    next = items ? (items.shift() ?? -1) : row.readUInt32LE(offset.link) - 1;
    if (row.readUInt32LE(offset.state) !== STATES.ready) break;
    const length = row.readUInt32LE(offset.length);
    const bytes = blockCopy(file, links, item, length);
    const again = rowOf(item);
    const isSame = (["state", "length", "order", "orderHigh", "deliveries"] as const).every(
      (name) => row.readUInt32LE(offset[name]) === again.readUInt32LE(offset[name]),
    );
    if (!isSame) continue;
    const message = { bytes, length, flags: row.readUInt32LE(offset.flags) };
    entries.push({
      label: labelOf(row, entries.length, items !== undefined),
      ...messageText(message, directory, file.id),
    });
  }
  return {
    what: discipline === "lifo" ? "What is taken next, the newest first." : "What is taken next.",
    entries,
    hasMore: ready > entries.length,
  };
}

function labelOf(row: Buffer, index: number, isByPriority: boolean): string {
  const deliveries = row.readUInt32LE(offset.deliveries);
  const priority = isByPriority ? `priority ${row.readDoubleLE(offset.priority)}` : `${index + 1}`;
  return deliveries > 0 ? `${priority}, was delivered ${deliveries === 1 ? "once" : `${deliveries} times`}` : priority;
}

/** The first items of a heap: the children of one that was found are the only further candidates for the next. */
function inHeap(file: ObjectFile, rows: number, ready: number): number[] {
  const blocks = Math.floor(file.dataBytes / BLOCK);
  const rowAt = (index: number): Buffer => file.freshBody(rows + index * itemRow.bytes, itemRow.bytes);
  const candidates: { place: number; item: number; priority: number; order: number }[] = [];
  const add = (place: number): void => {
    if (place >= ready) return;
    const item = rowAt(place).readUInt32LE(offset.link) - 1;
    if (!(item >= 0 && item < blocks)) return;
    const row = rowAt(item);
    const order = row.readUInt32LE(offset.orderHigh) * 2 ** 32 + row.readUInt32LE(offset.order);
    candidates.push({ place, item, priority: row.readDoubleLE(offset.priority), order });
  };
  const found: number[] = [];
  add(0);
  while (found.length < PAYLOAD_LIMITS.entries) {
    candidates.sort((a, b) => a.priority - b.priority || a.order - b.order);
    const first = candidates.shift();
    if (first === undefined) break;
    found.push(first.item);
    add(first.place * 2 + 1);
    add(first.place * 2 + 2);
  }
  return found;
}
