import { fileURLToPath } from "node:url";
import { answer } from "../answer.js";
import { loadPeerPackage } from "../peer-packages.js";
import type { PoolQuestion } from "../pool-question.js";
import { type BenchedPool, measurePool } from "../pool-rounds.js";

interface Piscina {
  run(item: unknown, options: { name: string }): Promise<unknown>;
  destroy(): Promise<void>;
}

/* piscina: worker threads; it has no map, so that many calls of run are under way at once. */
const { Piscina } = loadPeerPackage<{ Piscina: new (options: object) => Piscina }>("piscina");

answer<PoolQuestion>((question) => measurePool(question, () => open(question)));

function open({ work, workers }: PoolQuestion): BenchedPool {
  const filename = fileURLToPath(import.meta.resolve("./pool-tasks.js"));
  const pool = new Piscina({ filename, minThreads: workers, maxThreads: workers });
  const name = work === "bytes-1m" ? "bytes" : work;
  return { call: (item) => pool.run(item, { name }), close: () => pool.destroy() };
}
