import { AbandonedError, type Pool, type Task } from "interproc";
import type { FaultTally } from "./fault-tally.js";

/** The ways of asking a pool for many calls. */
export const poolWays = ["run", "map", "imap", "imapUnordered"] as const;

/** So many calls go in one `map`: which of them failed it does not tell. */
export const PIECE = 40;

/** What became of one call. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** What the call of this number is to return. */
export const answerOf = (id: number): number => id * 3 + 1;

export interface Asking {
  readonly pool: Pool;
  readonly task: Task<[id: number], Promise<number>>;
  readonly way: (typeof poolWays)[number];
  readonly chunkSize: number;
  readonly calls: number;
  readonly label: string;
  readonly tally: FaultTally;
  /** Who gives up a call of `run`. */
  readonly signalOf?: (id: number) => AbortSignal | undefined;
}

/** Makes all the calls, numbered from 0, and tells what became of each; those of `imapUnordered` that fail are missing. */
export async function askPool(asking: Asking, outcomes: Map<number, Outcome>): Promise<void> {
  const { pool, task, way, chunkSize, calls, label, tally, signalOf } = asking;
  const ids = Array.from({ length: calls }, (_, id) => id);
  const note = (id: number, outcome: Outcome): void => {
    if (outcomes.has(id)) tally.wrong("duplicated", `${label}: call ${id} has two outcomes`);
    outcomes.set(id, outcome);
  };
  if (way === "run") {
    const runs = ids.map((id) => {
      const signal = signalOf?.(id);
      return (signal ? pool.with({ signal }).run(task, id) : pool.run(task, id)).then(
        (value) => note(id, { value }),
        (error: unknown) => note(id, { error }),
      );
    });
    await Promise.all(runs);
    return;
  }
  if (way === "map") {
    // in pieces, so that the calls of the others are known when one fails
    for (let at = 0; at < calls; at += PIECE) {
      const piece = ids.slice(at, at + PIECE);
      const values = await pool.map(task, piece, { chunkSize }).catch((error: unknown) => error);
      for (const [n, id] of piece.entries()) note(id, Array.isArray(values) ? { value: values[n] } : { error: values });
    }
    return;
  }
  const results = pool[way](task, ids, { chunkSize });
  let unnamed = 0;
  for (let next = 0; ; next++) {
    try {
      const result = await results.next();
      if (result.done) break;
      note(way === "imap" ? next : (result.value - answerOf(0)) / 3, { value: result.value });
    } catch (error) {
      if (way === "imap") note(next, { error });
      else unnamed++;
      if (!(error instanceof AbandonedError)) tally.wrong("unexpected", `${label}: ${String(error)}`);
    }
  }
  if (way === "imapUnordered" && outcomes.size + unnamed !== calls)
    tally.wrong("lost", `${label}: ${outcomes.size} answers and ${unnamed} errors for ${calls} calls`);
}
