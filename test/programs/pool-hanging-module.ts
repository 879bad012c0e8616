// A child is never through with importing this.
import { isMainThread } from "node:worker_threads";
import { currentProcess, task } from "interproc";

export const unheard = task(import.meta, function unheard() {
  return "never";
});
if (!isMainThread || currentProcess().parent) await new Promise(() => undefined);
