import { fileURLToPath } from "node:url";
import { answer } from "../answer.js";
import { loadPeerPackage } from "../peer-packages.js";
import type { PoolQuestion } from "../pool-question.js";
import { type BenchedPool, measurePool } from "../pool-rounds.js";

interface Workerpool {
  exec(method: string, parameters: readonly unknown[]): PromiseLike<unknown>;
  terminate(): PromiseLike<unknown>;
}

/* workerpool with child processes; it has no map, so that many calls of exec are under way at once. */
const { pool: makePool } = loadPeerPackage<{ pool(script: string, options: object): Workerpool }>("workerpool");

answer<PoolQuestion>((question) => measurePool(question, () => open(question)));

function open({ work, workers }: PoolQuestion): BenchedPool {
  const pool = makePool(fileURLToPath(import.meta.resolve("./workerpool-worker.js")), {
    workerType: "process",
    minWorkers: workers,
    maxWorkers: workers,
    // Under json, its default, bytes would be an object with a key for each of them.
    forkOpts: { serialization: work === "bytes-1m" ? "advanced" : "json" },
  });
  return {
    call: async (item) => await pool.exec(work, [item]),
    close: async () => await pool.terminate(),
  };
}
