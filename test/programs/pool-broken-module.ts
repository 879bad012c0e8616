// Cannot be imported in a worker of a pool.
import { isMainThread } from "node:worker_threads";
import { currentProcess, task } from "interproc";

export const unreachable = task(import.meta, function unreachable() {
  return "never";
});
if (!isMainThread || currentProcess().parent) throw new RangeError("this module breaks in workers");
