// A class that is known under one name on this side, and under none, or not at all, on the other.
import { isMainThread } from "node:worker_threads";
import { currentProcess, registerClass, task } from "interproc";

const isWorker = !isMainThread || currentProcess().parent !== undefined;

/** Registered where the pool is. */
export class OnlyHere {
  n = 1;
}

/** Registered in workers. */
export class OnlyThere {
  n = 2;
}

if (isWorker) registerClass(OnlyThere, { name: "only there" });
else registerClass(OnlyHere, { name: "only here" });

export const receive = task(import.meta, function receive(value: unknown) {
  return typeof value;
});

export const give = task(import.meta, function give() {
  return new OnlyThere();
});
