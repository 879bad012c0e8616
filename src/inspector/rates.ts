import type { ObjectView, Snapshot } from "./snapshot-model.js";

/** How an object's figures moved between two looks, a second. */
export interface Rate {
  readonly in: number;
  readonly out: number;
  /** Mean seconds that a message stays, by Little's law: what is there over what goes out. */
  readonly stay: number | undefined;
}

/** Rates of all objects that both looks have seen. */
export function ratesBetween(before: Snapshot | undefined, now: Snapshot): Map<string, Rate> {
  const known = new Map(before?.objects.map((object) => [object.id, object]));
  const seconds = now.bootSeconds - (before?.bootSeconds ?? now.bootSeconds);
  const rates = new Map<string, Rate>();
  if (seconds <= 0) return rates;
  for (const object of now.objects) {
    const found = rateOf(known.get(object.id), object, seconds);
    if (found) rates.set(object.id, found);
  }
  return rates;
}

function rateOf(before: ObjectView | undefined, now: ObjectView, seconds: number): Rate | undefined {
  if (!before?.counts || !now.counts) return undefined;
  const out = moved(before.counts.out, now.counts.out) / seconds;
  // each subscriber of a topic has its own depth
  const stay = now.depth !== undefined && out > 0 ? ((before.depth ?? 0) + now.depth) / 2 / out : undefined;
  return { in: moved(before.counts.in, now.counts.in) / seconds, out, stay };
}

/** Counts are modulo 2^32 where they stand in one word. */
const moved = (before: number, now: number): number => (now >= before ? now - before : (now - before) >>> 0);
