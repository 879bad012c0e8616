// A victim in a worker thread: it is terminated from outside, or ends itself once its sentence is due.
import { parentPort, workerData } from "node:worker_threads";
import { attach, type Connection } from "interproc";
import { monotonicMs } from "./monotonic-ms.js";
import { type Account, Progress } from "./progress.js";
import { type Assignment, play, type Sentence } from "./roles.js";

const { role, plan, path, ticket, sentence } = workerData as Omit<Assignment, "end"> & {
  readonly path: string;
  readonly ticket: string;
  readonly sentence: Sentence;
};

function exitIfDue(): void {
  if (Atomics.load(sentence.isDue, 0) === 0) return;
  sentence.doneAt[0] = monotonicMs();
  process.exit();
}

exitIfDue();
setInterval(exitIfDue, 1); // it may wait with nothing to record
const progress = new Progress(path);
const end = attach<Connection>(ticket);
parentPort?.postMessage("begun");
await play({ role, plan, end }, (account: Account) => {
  progress.record(account);
  exitIfDue();
});
