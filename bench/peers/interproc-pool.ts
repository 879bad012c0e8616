import { isMain, Pool, task } from "interproc";
import { answer } from "../answer.js";
import { type PoolQuestion, quarterChunk } from "../pool-question.js";
import { type BenchedPool, measurePool } from "../pool-rounds.js";
import { poolWork } from "../pool-work.js";

/* Ours: a Pool of processes or of threads. */
const tasks = {
  tiny: task(import.meta, "tiny", poolWork.tiny),
  busy: task(import.meta, "busy", poolWork.busy),
  sleep: task(import.meta, "sleep", poolWork.sleep),
  "bytes-1m": task(import.meta, "bytes-1m", poolWork["bytes-1m"]),
};

type AnyTask = (typeof tasks)["sleep"];

if (isMain(import.meta)) {
  answer<PoolQuestion>((question) => measurePool(question, () => open(question)));
}

function open({ mode, work, workers }: PoolQuestion): BenchedPool {
  const [worker, way, chunks] = mode.split(", ") as ["process" | "thread", "map" | "imap" | "run", string | undefined];
  const pool = new Pool({ processes: workers, worker });
  const called = tasks[work] as AnyTask;
  const call = (item: unknown): Promise<number> => pool.run(called, item as number);
  const close = (): Promise<void> => pool.close();
  if (way === "run") return { call, close };
  return {
    call,
    close,
    async all(items, seen) {
      const numbers = items as number[];
      const chunkSize = chunks === "chunk 1" ? 1 : quarterChunk(items.length, workers);
      const options = chunks === "own chunks" ? {} : { chunkSize };
      let index = 0;
      if (way === "map") for (const result of await pool.map(called, numbers, options)) seen(index++, result);
      else for await (const result of pool.imap(called, numbers, options)) seen(index++, result);
    },
  };
}
