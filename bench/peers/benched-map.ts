import type { SharedMap } from "interproc";
import { entryCount, type MapQuestion, requestsUnderWay } from "../map-question.js";
import { type Reading, reading } from "../payload.js";
import { openLmdbMap } from "./lmdb-map.js";
import { openRedisMap } from "./redis-map.js";

/** What the map holds: for each key the same whenever it is written, so that every read can be checked. */
export type MapValue = number | Reading;

/** A map as the benchmark uses it. What returns nothing, or no promise, has not waited. */
export interface BenchedMap {
  get(key: string): MapValue | undefined | Promise<MapValue | undefined>;
  set(key: string, value: MapValue): unknown;
  close?(): unknown;
}

/** What a process needs to use the same map: one of ours, the port of a server, or a file. */
export type MapPlace = SharedMap<string, MapValue> | number | string;

export async function openMap(place: MapPlace, { value }: MapQuestion): Promise<BenchedMap> {
  if (typeof place === "number") return openRedisMap(place, value);
  if (typeof place === "string") return openLmdbMap(place);
  return place;
}

export const mapKeys = Array.from({ length: entryCount }, (_, index) => `key-${index}`);

export function mapValue({ value }: MapQuestion, index: number): MapValue {
  return value === "number" ? index : reading(index);
}

/** So many operations in `batch(count)`, from one key to the next; each read is checked. */
export function batches(map: BenchedMap, question: MapQuestion): (count: number) => void | Promise<void> {
  const { measure, mode } = question;
  const values = mapKeys.map((_, index) => mapValue(question, index));
  let next = 0;
  const step = (): number => {
    const index = next;
    // a prime: neighbours in the map are not used after each other
    next = (next + 389) % entryCount;
    return index;
  };
  const read = (index: number): unknown => {
    const found = map.get(mapKeys[index]);
    return found instanceof Promise ? found.then((value) => check(index, value)) : check(index, found);
  };
  const check = (index: number, found: MapValue | undefined): void => {
    if ((typeof found === "object" ? found.id : found) === index) return;
    throw new Error(`${mapKeys[index]} was ${JSON.stringify(found)} instead of ${JSON.stringify(values[index])}`);
  };
  const one = measure === "reads" ? read : (index: number): unknown => map.set(mapKeys[index], values[index]);
  if (mode.endsWith("sync")) {
    return (count) => {
      for (let i = 0; i < count; i++) one(step());
    };
  }
  if (mode.endsWith("await")) {
    return async (count) => {
      for (let i = 0; i < count; i++) await one(step());
    };
  }
  return async (count) => {
    for (let left = count; left > 0; left -= requestsUnderWay) {
      await Promise.all(Array.from({ length: Math.min(left, requestsUnderWay) }, () => one(step())));
    }
  };
}
