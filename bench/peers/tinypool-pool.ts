import { fileURLToPath } from "node:url";
import { answer } from "../answer.js";
import { loadPeerPackage } from "../peer-packages.js";
import type { PoolQuestion } from "../pool-question.js";
import { type BenchedPool, measurePool } from "../pool-rounds.js";

interface Tinypool {
  run(item: unknown, options: { name: string }): Promise<unknown>;
  destroy(): Promise<void>;
}

/* tinypool with child processes; it has no map, so that many calls of run are under way at once. */
const { Tinypool } = loadPeerPackage<{ Tinypool: new (options: object) => Tinypool }>("tinypool");

answer<PoolQuestion>((question) => measurePool(question, () => open(question)));

function open({ work, workers }: PoolQuestion): BenchedPool {
  const filename = fileURLToPath(import.meta.resolve("./pool-tasks.js"));
  const pool = new Tinypool({
    filename,
    runtime: "child_process",
    minThreads: workers,
    maxThreads: workers,
    // Under json, its default, bytes would be an object with a key for each of them.
    serialization: work === "bytes-1m" ? "advanced" : "json",
  });
  return {
    call: (item) => pool.run(item, { name: work === "bytes-1m" ? "bytes" : work }),
    close: () => pool.destroy(),
  };
}
