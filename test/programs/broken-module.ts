// Cannot be imported in a child.
import { isMainThread } from "node:worker_threads";
import { currentProcess, task } from "interproc";

export const unreachable = task(import.meta, async function unreachable(...args: unknown[]) {
  return args.length;
});
if (currentProcess().parent && isMainThread) throw new Error("this module breaks when a child imports it");
