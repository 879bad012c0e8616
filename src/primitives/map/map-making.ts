import { UsageError } from "../../errors.js";
import { checkName } from "../../memory/directory.js";
import type { Segment } from "../../memory/segment.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import { mapHead } from "../../rings/map-store.layout.js";
import { createObject, type ObjectSpec, openObject, openOrCreateObject, type Place } from "../shared-object.js";
import { mapBody, mapPlan } from "./map.layout.js";
import { checkTtl, type SharedMapOptions } from "./map-options.js";

const DEFAULT_CAPACITY = 4 * 1024 * 1024;
const LEAST_CAPACITY = 4096;
const MOST_CAPACITY = 2 ** 30;

export function makeMap(name: string | undefined, options: SharedMapOptions): Place {
  const operation = name === undefined ? "new SharedMap()" : "SharedMap.create()";
  if (name !== undefined) checkName(name, operation);
  return createObject(specOf(options, operation), name, options, operation);
}

export function openMap(name: string): Place {
  checkName(name, "SharedMap.open()");
  return openObject("map", name, examineMap);
}

export function openOrMakeMap(name: string, options: SharedMapOptions): Place {
  const operation = "SharedMap.openOrCreate()";
  checkName(name, operation);
  return openOrCreateObject(specOf(options, operation), name, options, examineMap, operation);
}

function specOf(options: SharedMapOptions, operation: string): ObjectSpec {
  const { capacity = DEFAULT_CAPACITY, maxEntries, ttl, eviction = "lru" } = options;
  if (!Number.isInteger(capacity) || capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY)
    throw new UsageError(
      `${operation}: capacity is ${String(capacity)}; allowed: ${LEAST_CAPACITY} to ${MOST_CAPACITY} bytes`,
    );
  if (maxEntries !== undefined && !(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries < 2 ** 31))
    throw new UsageError(`${operation}: maxEntries is ${String(maxEntries)}; allowed: 1 to 2,147,483,647`);
  if (eviction !== "lru" && eviction !== "none")
    throw new UsageError(`${operation}: eviction is ${String(eviction)}; allowed: "lru" or "none"`);
  checkTtl(ttl, operation);
  const blocks = Math.ceil(capacity / BLOCK);
  const plan = mapPlan(blocks);
  return {
    kind: "map",
    detail: blocks,
    size: blocks * BLOCK,
    bodyBytes: plan.bytes,
    block: blocks * BLOCK,
    initialise({ words, bodyOffset, control }) {
      const body = bodyOffset / 4;
      const { array } = words;
      array[body + mapBody.word.maxEntries] = maxEntries ?? 0;
      array[body + mapBody.word.evicts] = eviction === "lru" ? 1 : 0;
      new Float64Array(control, bodyOffset + mapBody.offset.ttl, 1)[0] =
        ttl !== undefined && ttl < Number.POSITIVE_INFINITY ? ttl : 0;
      array[body + plan.store + mapHead.word.free] = blocks;
    },
  };
}

/** What is wrong with a map's segment. */
export function examineMap({ data, control, bodyOffset }: Segment): string | undefined {
  const blocks = (data?.byteLength ?? 0) / BLOCK;
  if (!Number.isInteger(blocks) || blocks < 1) return `its ${data?.byteLength ?? 0} bytes are no whole blocks`;
  return control.byteLength < bodyOffset + mapPlan(blocks).bytes ? "its file is too short" : undefined;
}
