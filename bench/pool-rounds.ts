import { inFlight, type PoolQuestion } from "./pool-question.js";
import { checkResult, itemsOf } from "./pool-work.js";
import { proportionalBytes, proportionalBytesOfChildren } from "./proportional-bytes.js";
import { type Figures, measureOneWay } from "./rounds.js";
import { median } from "./statistics.js";

/** A pool as the benchmark uses it. */
export interface BenchedPool {
  /** Makes one call. */
  call(item: unknown): Promise<unknown>;
  /** Calls for all items, in the peer's way for that, and gives each result with its index. By `call` when absent. */
  all?(items: readonly unknown[], seen: (index: number, result: unknown) => void): Promise<void>;
  close(): Promise<unknown> | unknown;
}

const starts = 5;

/** Measures what is asked of pools that `open` makes. */
export async function measurePool(question: PoolQuestion, open: () => BenchedPool): Promise<Figures> {
  return question.measure === "start" ? measureStart(question, open) : measureTasks(question, open());
}

async function measureTasks(question: PoolQuestion, pool: BenchedPool): Promise<Figures> {
  const { messagesPerSecond } = await measureOneWay(question.seconds, async (count) => {
    const items = itemsOf(question.work, count);
    const start = performance.now();
    return ((await callAll(question, pool, items)) - start) / 1000;
  });
  await pool.close();
  return { tasksPerSecond: messagesPerSecond ?? Number.NaN };
}

/** From the making of a pool to its first result, and what each of its workers takes once all have worked. */
async function measureStart(question: PoolQuestion, open: () => BenchedPool): Promise<Figures> {
  const isThread = question.mode.startsWith("thread");
  const millis: number[] = [];
  let bytes = Number.NaN;
  for (let i = 0; i < starts; i++) {
    const before = proportionalBytes("self");
    const start = performance.now();
    const pool = open();
    checkResult(question.work, 3, await pool.call(3));
    millis.push(performance.now() - start);
    if (i === starts - 1) {
      // The calls last long enough that every worker gets some.
      await callAll({ ...question, work: "busy" }, pool, itemsOf("busy", 200 * question.workers));
      const all = isThread ? proportionalBytes("self") - before : proportionalBytesOfChildren();
      bytes = all / question.workers;
    }
    await pool.close();
  }
  return { startMillis: median(millis), workerBytes: bytes };
}

/** Makes all calls and checks all results; gives when the last result had come. */
async function callAll(question: PoolQuestion, pool: BenchedPool, items: readonly unknown[]): Promise<number> {
  let count = 0;
  const seen = (index: number, result: unknown): void => {
    checkResult(question.work, index, result);
    count++;
  };
  await (pool.all?.(items, seen) ?? window(question, pool, items, seen));
  const end = performance.now();
  if (count !== items.length) throw new Error(`${items.length} calls gave ${count} results`);
  return end;
}

/** Keeps a number of calls under way until all are done. */
async function window(
  { work }: PoolQuestion,
  pool: BenchedPool,
  items: readonly unknown[],
  seen: (index: number, result: unknown) => void,
): Promise<void> {
  let next = 0;
  const chain = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      seen(index, await pool.call(items[index]));
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight(work), items.length) }, chain));
}
