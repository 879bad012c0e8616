import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { SeededRandom } from "../rings/seeded-random.js";
import { History } from "./history.js";

/** What a party of a kill run is to do; it travels as JSON. */
export interface Job {
  /** Which objects the run is about. */
  readonly play: string;
  readonly role: string;
  /** The name of the object, or how names begin where there are several. */
  readonly object: string;
  /** Which party of the run it is. */
  readonly number: number;
  readonly seed: number;
  /** Where its history goes. */
  readonly path: string;
  /** What the role needs to know besides. */
  readonly detail: Readonly<Record<string, number>>;
}

/** What a worker thread is told that is to call process.exit() wherever it is. */
export type ExitWord = Int32Array;

export const descriptors = (): number => readdirSync("/proc/self/fd").length;

/** A party as its role sees it. */
export class Stage {
  readonly history: History;
  readonly random: SeededRandom;
  private isAskedToEnd = false;
  private notes = 0;

  constructor(
    readonly job: Job,
    exitWord?: ExitWord,
  ) {
    const exitIfDue = (): void => {
      if (exitWord && Atomics.load(exitWord, 0) !== 0) process.exit();
    };
    exitIfDue();
    if (exitWord) setInterval(exitIfDue, 1).unref(); // it may wait with nothing to note
    this.history = new History(job.path, exitIfDue);
    this.random = new SeededRandom(job.seed);
    const end = (): void => {
      this.isAskedToEnd = true;
    };
    if (isMainThread)
      process.stdin.once("end", end).once("error", end).resume(); // an end that is a reset is one
    else parentPort?.once("message", end).unref();
    if (isMainThread) this.history.note("before", descriptors());
  }

  get detail(): Job["detail"] {
    return this.job.detail;
  }

  /** It has the object. */
  begun(): void {
    this.history.note("begun");
    if (isMainThread) process.stdout.write("begun\n");
    else parentPort?.postMessage("begun");
  }

  /** Whether it is to go on; hears of the end from time to time. */
  async goesOn(): Promise<boolean> {
    if (++this.notes % 4 === 0) await turn();
    return !this.isAskedToEnd;
  }

  /** Having closed all that it had. */
  end(): void {
    if (isMainThread) this.history.note("after", descriptors());
    this.history.note("end");
    if (isMainThread) process.stdin.destroy();
  }

  /** This thread's job, where it was started for one. */
  static ofThisThread(): Stage {
    if (isMainThread) return new Stage(JSON.parse(process.argv[2]) as Job);
    const { job, exitWord } = workerData as { job: Job; exitWord: ExitWord };
    return new Stage(job, exitWord);
  }
}
