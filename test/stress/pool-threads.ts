/*
 * Has the threads of a pool end under load at random calls, in their own tasks or because their pool terminates them, and
 * holds what became of every call against what a pool promises.
 *
 * Idea    What each attempt at a call does is drawn beforehand, by the run's seed: nearly all answer; some call
 *         process.exit() before or after their work, or throw beside it, which ends their thread; some go on for ever and are
 *         given up by who asked, so that the pool terminates their thread. So it is known exactly what must become of each call,
 *         where calls go one by one, and how often it must have been begun.
 * Checks  That, for each call; in chunks, where one call takes others along, the bounds of pool-kill.ts, but nothing may be
 *         begun that did not count, since no task ends before it has. Nobody hangs; no file and no descriptor is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AbandonedError, Pool, SharedArray } from "interproc";
import {
  countInThread,
  endAtRandom,
  endingOf,
  endings,
  isGivenUp,
  type ThreadRun,
} from "../programs/pool-thread-work.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { type FaultOptions, runFaults, type Shared } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { answerOf, askPool, type Outcome, PIECE, poolWays } from "./pool-asking.js";
import { watchProgress } from "./watch-progress.js";

const CALLS = 400;
const HANGING_MS = 60_000;
const CLOSING_MS = 5000;
const given = new Error("given up");

export async function endThreads(options: FaultOptions): Promise<FaultTally> {
  const first = new Pool({ processes: 1, worker: "thread" });
  await first.warm(); // from here on this process has what it needs itself to have threads
  await first.close();
  return runFaults("pool-threads", { arenas: 2, ...options }, (shared, seed) => new ThreadRound(shared, seed).run());
}

class ThreadRound {
  private readonly random: SeededRandom;
  private readonly way: (typeof poolWays)[number];
  private readonly retries: number;
  private readonly chunkSize: number;
  private readonly drawn: ThreadRun;
  private readonly outcomes = new Map<number, Outcome>();
  private readonly controllers = new Map<number, AbortController>();

  constructor(
    private readonly shared: Shared,
    private readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
    this.way = this.random.pick(poolWays);
    this.retries = this.random.below(3);
    this.chunkSize = this.way === "run" ? 1 : 1 + this.random.below(2) * 3;
    this.drawn = { seed, givesUp: this.way === "run" };
    for (let id = 0; id < CALLS; id++) if (isGivenUp(this.drawn, id)) this.controllers.set(id, new AbortController());
  }

  private get label(): string {
    return `seed ${this.seed}, ${this.way}, retries ${this.retries}, chunks of ${this.chunkSize}`;
  }

  async run(): Promise<void> {
    const { tally } = this.shared;
    using starts = new SharedArray("u32", CALLS);
    using ends = new SharedArray("u32", endings.length);
    const pool = new Pool({
      processes: 3,
      worker: "thread",
      retries: this.retries,
      initializer: countInThread,
      initArgs: [starts, ends, this.drawn],
      stopTimeout: this.random.below(20),
      shutdownTimeout: CLOSING_MS,
      ...(this.random.below(3) === 0 && { maxTasksPerChild: 20 }),
    });
    const progress = (): number => this.outcomes.size + [...starts].reduce((sum, count) => sum + count);
    const unwatch = watchProgress(progress, HANGING_MS, () => {
      tally.wrong("hung", `${this.label}: ${this.outcomes.size} of ${CALLS} calls have an outcome`);
      void pool.terminate();
    });
    let isOver = false;
    const givingUp = this.giveUp(starts, () => isOver);
    const signalOf = (id: number): AbortSignal | undefined => this.controllers.get(id)?.signal;
    const { way, chunkSize, label } = this;
    await askPool({ pool, task: endAtRandom, way, chunkSize, calls: CALLS, label, tally, signalOf }, this.outcomes);
    isOver = true;
    await givingUp;
    unwatch();
    const from = performance.now();
    await pool.close();
    tally.took("closed", performance.now() - from);
    if (performance.now() - from > CLOSING_MS * 2) tally.wrong("hung", `${this.label}: close() was over its bound`);
    if (pool.pids.length > 0) tally.wrong("wrong end", `${this.label}: ${pool.pids.length} threads are left`);
    for (const [index, how] of endings.entries())
      for (let left = ends.get(index); left > 0; left--) tally.fault(`a task ${how}`);
    this.judge(
      starts,
      endings.reduce((sum, _, index) => sum + ends.get(index), 0),
    );
    tally.count(`${this.way} of ${CALLS}`);
  }

  /** Gives calls up some time after they were begun, and some before. */
  private async giveUp(starts: SharedArray<"u32">, isOver: () => boolean): Promise<void> {
    const left = new Map(this.controllers);
    while (left.size > 0 && !isOver()) {
      await sleep(this.random.below(10));
      for (const [id, controller] of left) {
        if (starts.get(id) === 0 && this.random.below(500) > 0) continue;
        left.delete(id);
        controller.abort(given);
      }
    }
  }

  private judge(starts: SharedArray<"u32">, deaths: number): void {
    const { tally } = this.shared;
    let failed = 0;
    let inVain = 0;
    for (let id = 0; id < CALLS; id++) {
      const begun = starts.get(id);
      const outcome = this.outcomes.get(id);
      const where = `${this.label}: call ${id}, begun ${begun} times`;
      if (this.controllers.has(id)) {
        const isGiven = outcome && "error" in outcome && outcome.error === given;
        if (begun > 1 || !isGiven) tally.wrong("unexpected", `${where}, was given up: ${JSON.stringify(outcome)}`);
        continue;
      }
      if (this.chunkSize === 1) this.judgeOne(id, begun, where);
      if (begun > this.retries + 1) tally.wrong("wrong count", `${where}; at most ${this.retries + 1}`);
      if (outcome && "value" in outcome) {
        if (outcome.value !== answerOf(id)) tally.wrong("corrupt", `${where}: ${String(outcome.value)}`);
        if (begun === 0) tally.wrong("unexpected", `${where}, and answered`);
        if (begun > 1) tally.count("made again");
        inVain += begun - 1;
        continue;
      }
      if (!outcome && this.way !== "imapUnordered") tally.wrong("lost", `${where}, has no outcome`);
      failed++;
      if (outcome && !isOfThread(outcome.error)) tally.wrong("unexpected", `${where}: ${String(outcome.error)}`);
      if (this.way === "map") continue; // which call of a piece it was that failed is not told
      if (begun !== this.retries + 1)
        tally.wrong("wrong abandonment", `${where}, and failed; that is not as often as asked`);
      inVain += begun;
    }
    tally.count("calls", CALLS);
    tally.count("failed with their thread", failed);
    if (inVain > deaths * this.chunkSize || failed > deaths * PIECE)
      tally.wrong(
        "wrong abandonment",
        `${this.label}: ${inVain} begun in vain, ${failed} failed, ${deaths} threads ended`,
      );
  }

  /** Where calls go one by one it is known what becomes of each. */
  private judgeOne(id: number, begun: number, where: string): void {
    const { tally } = this.shared;
    const outcome = this.outcomes.get(id);
    let attempts = 1;
    while (attempts <= this.retries && endingOf(this.drawn, id, attempts - 1) !== "answers") attempts++;
    const answers = endingOf(this.drawn, id, attempts - 1) === "answers";
    if (begun !== attempts)
      tally.wrong("wrong count", `${where}; its thread ends so often that it must be ${attempts}`);
    if (this.way === "map") return;
    const isAnswered = outcome !== undefined && "value" in outcome;
    if (isAnswered !== answers)
      tally.wrong(
        answers ? "wrong abandonment" : "unexpected",
        `${where}; it ${isAnswered ? "was" : "was not"} answered`,
      );
  }
}

const isOfThread = (error: unknown): boolean =>
  error instanceof AbandonedError &&
  /was running in thread \d+ \(Pool-\d+-\d+\), which ended with code [134]/.test(error.message);
