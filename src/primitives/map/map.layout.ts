import { layout, Parts } from "../../layout.js";
import { mapHead, mapTableBytes } from "../../rings/map-store.layout.js";
import { guardHead } from "../../sync/guard.layout.js";

/** Behind header and attachments of a map; its blocks are the segment's block. */
export const mapBody = layout("map", {
  maxEntries: ["u32", "entries at most; 0: as many as there is memory for"],
  evicts: ["u32", "1: what was used least recently makes room, 0: a full map takes nothing more"],
  ttl: ["f64", "milliseconds that an entry lives when nobody says; 0: for ever"],
});

/** Word indexes of a map's parts, from its body's start. */
export interface MapPlan {
  readonly guard: number;
  readonly store: number;
  /** One `mapEntry` for each block, a word for each block's chain, a word for each bucket. */
  readonly rows: number;
  readonly bytes: number;
}

export function mapPlan(blocks: number): MapPlan {
  const parts = new Parts();
  parts.add(mapBody.bytes);
  return {
    guard: parts.add(guardHead.bytes),
    store: parts.add(mapHead.bytes),
    rows: parts.add(mapTableBytes(blocks)),
    bytes: parts.bytes,
  };
}
