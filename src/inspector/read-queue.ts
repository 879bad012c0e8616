import { DISCIPLINES, queueHead, queuePlan } from "../primitives/queue/queue.layout.js";
import { BLOCK, storeHead } from "../rings/item-store.layout.js";
import { Damaged } from "./object-file.js";
import type { Findings, ObjectReading } from "./object-reading.js";
import type { FactValue, HolderView } from "./snapshot-model.js";

const TYPES = { fifo: "Queue", lifo: "Stack", priority: "PriorityQueue", listener: "listener" } as const;
const SHUTDOWN = ["open", "shut down", "shut down, and what was there dropped"] as const;

/** A queue of any discipline. What is in its rows, one for each block, is not read: there may be millions. */
export function readQueue(reading: ObjectReading): Findings {
  const { file } = reading;
  const discipline = DISCIPLINES[file.detail];
  if (discipline === undefined) throw new Damaged(`its discipline ${file.detail} is none that this version has`);
  const plan = queuePlan(file.maxAttached, 0);
  const body = file.body(0, plan.rows * 4);
  const head = (name: keyof typeof queueHead.offset): number => body.readUInt32LE(queueHead.offset[name]);
  const store = (name: keyof typeof storeHead.offset): number =>
    body.readUInt32LE(plan.store * 4 + storeHead.offset[name]);
  const blocks = Math.floor(file.dataBytes / BLOCK);
  const holders = reading.entries
    .filter(({ owner }) => reading.isAlive(owner))
    .map(({ index, owner }): HolderView => {
      return { thread: reading.thread(owner), how: "unacked", count: body.readUInt32LE((plan.held + index) * 4) };
    })
    .filter(({ count }) => count > 0);
  const facts: Record<string, FactValue> = {
    ready: store("ready"),
    unacked: store("taken"),
    "being written": store("writing"),
    state: SHUTDOWN[head("shutdown")] ?? `${head("shutdown")}`,
  };
  if (head("maxItems") > 0) facts.maxItems = head("maxItems");
  if (head("maxDeliveries") > 0) facts.maxDeliveries = head("maxDeliveries");
  const letters = textAt(body, queueHead.offset.deadLetter, 208);
  if (letters !== "") facts["dead letters"] = letters;
  const others = { blockers: [], endedBy: "others" } as const;
  return {
    type: TYPES[discipline],
    depth: store("ready"),
    used: Math.max(0, Math.min(blocks, store("blocks")) - store("free")) * BLOCK,
    capacity: blocks * BLOCK,
    counts: { in: store("puts"), out: store("takes") },
    holders,
    waits: [
      ...reading.waits(body, plan.readers, { waitsFor: "a message", ...others }),
      ...reading.waits(body, plan.writers, { waitsFor: "room", ...others }),
      ...reading.waits(body, plan.joiners, { waitsFor: "the end of all work", ...others }),
    ],
    facts,
  };
}

function textAt(body: Buffer, at: number, bytes: number): string {
  const text = body.subarray(at, at + bytes);
  const end = text.indexOf(0);
  return text.subarray(0, end < 0 ? bytes : end).toString();
}
