import { type SpawnOptions, spawn } from "../spawn.js";
import type { Task } from "../task.js";
import { taskName } from "../task.js";
import { poolWorker } from "./pool-worker.js";
import type { StartWorker } from "./worker.js";

/** Starts workers as processes of their own. */
export function workerProcesses(
  initializer: Task<never[], unknown> | undefined,
  initArgs: readonly unknown[],
  options: SpawnOptions,
  nextName: () => string,
): StartWorker {
  const order = initializer ? { initializer: taskName(initializer, "new Pool({ initializer })") } : {};
  return (lane, slots) => {
    const name = nextName();
    const child = spawn(poolWorker, [lane, slots, order, initArgs], { ...options, name }).unref();
    return {
      pid: child.pid,
      label: `process ${child.pid} (${name})`,
      ended: child.join().then(({ code, signal }) => (signal ? `signal ${signal}` : `code ${code}`)),
      kill: () => child.kill(),
      ref: () => void child.ref(),
    };
  };
}
