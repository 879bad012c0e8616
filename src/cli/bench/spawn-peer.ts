import { type Process, spawn, type Task } from "../../index.js";
import type { Peer } from "./peer.js";

const PATIENCE_MS = 5000;

/**
 * Starts a task as the other side. What it complains of reaches whoever measures, and no terminal. Aborting `signal` kills
 * it: asking it to end would not, when it is stopped.
 */
export function spawnPeer<Args extends unknown[]>(
  task: Task<Args, Promise<void>>,
  args: Args,
  signal?: AbortSignal,
): Peer {
  const begin = spawn as (task: unknown, args: unknown, options: object) => Process<void>;
  const child = begin(task, args, { name: "bench-peer", stdio: ["ignore", "ignore", "ignore"] });
  const failed = child.result().then(
    (): never => {
      throw new Error("the other process has ended");
    },
    (error: Error): never => {
      throw new Error(`the other process: ${error.message}`);
    },
  );
  failed.catch(() => undefined); // who measures looks at it only while it measures
  signal?.addEventListener("abort", () => child.kill(), { once: true });
  return {
    failed,
    end: async () => {
      child.kill();
      await child.join({ timeout: PATIENCE_MS });
    },
  };
}
