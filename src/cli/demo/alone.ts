import { setImmediate as turn } from "node:timers/promises";
import type { Batch } from "./batches.js";
import { countBatch } from "./count-batch.js";
import { Total } from "./total.js";

const TURN_EVERY_MS = 50;

/** Counts the same batches in this process, one after the other. @throws the signal's reason when it is aborted */
export async function countAlone(
  folder: string,
  batches: readonly Batch[],
  onChange: (total: Total) => void,
  signal?: AbortSignal,
): Promise<Total> {
  const total = new Total();
  let turnAt = performance.now() + TURN_EVERY_MS;
  for (const batch of batches) {
    signal?.throwIfAborted();
    total.note(batch, countBatch(folder, batch, total.words, total.tally));
    onChange(total);
    if (performance.now() < turnAt) continue;
    await turn();
    turnAt = performance.now() + TURN_EVERY_MS;
  }
  return total;
}
