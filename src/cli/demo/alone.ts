import { setImmediate as turn } from "node:timers/promises";
import { Backlog } from "./backlog.js";
import { countBatch } from "./count-batch.js";
import { Total } from "./total.js";

const TURN_EVERY_MS = 50;

/** Walks the folder and counts in this process, one batch after the other. @throws the signal's reason when it is aborted */
export async function countAlone(
  folder: string,
  onChange: (total: Total) => void,
  signal?: AbortSignal,
): Promise<Total> {
  const total = new Total();
  const backlog = new Backlog(folder);
  let turnAt = performance.now() + TURN_EVERY_MS;
  for (let batch = backlog.next(); batch; batch = backlog.next()) {
    signal?.throwIfAborted();
    total.note(batch, countBatch(folder, batch, total.words, total.tally));
    onChange(total);
    if (performance.now() < turnAt) continue;
    await turn();
    turnAt = performance.now() + TURN_EVERY_MS;
  }
  return total;
}
