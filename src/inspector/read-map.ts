import { mapBody, mapPlan } from "../primitives/map/map.layout.js";
import { BLOCK } from "../rings/item-store.layout.js";
import { mapHead } from "../rings/map-store.layout.js";
import type { Findings, ObjectReading } from "./object-reading.js";

/** A shared map: how many entries, and how much of its memory they take. */
export function readMap({ file }: ObjectReading): Findings {
  const plan = mapPlan(0);
  const body = file.body(0, plan.rows * 4);
  const store = (name: keyof typeof mapHead.offset): number => body.readUInt32LE(plan.store * 4 + mapHead.offset[name]);
  const blocks = Math.floor(file.dataBytes / BLOCK);
  const maxEntries = body.readUInt32LE(mapBody.offset.maxEntries);
  const ttl = body.readDoubleLE(mapBody.offset.ttl);
  return {
    type: "SharedMap",
    depth: store("entries"),
    used: Math.max(0, blocks - store("free")) * BLOCK,
    capacity: blocks * BLOCK,
    facts: {
      entries: store("entries"),
      ...(maxEntries > 0 && { maxEntries }),
      ...(ttl > 0 && Number.isFinite(ttl) && { "time to live, ms": ttl }),
      evicts: body.readUInt32LE(mapBody.offset.evicts) === 1,
      evicted: store("evicted"),
      expired: store("expired"),
    },
  };
}
