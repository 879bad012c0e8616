/*
 * Kills workers of a pool under load at random moments, stops others, and holds what became of every call against what a
 * pool promises.
 *
 * Idea    Each call has a counter in shared memory that it counts up when it begins. So it is known of each call, whatever
 *         became of its worker, how often it was begun. A worker begins a call for its pool a little before the call can
 *         count: it says so in the work slots, and in the step of a message of several calls. Who is killed in between has
 *         begun a call that has not counted: one for each kill at most, because the call before it had ended.
 * Checks  Each call is answered once, rightly, or fails with AbandonedError. One without retries was begun once at most, one with
 *         n at most n + 1 times; one that failed was begun as often as that, so that no call fails that nobody had begun:
 *         but for one beginning that was not counted for each worker that was killed, all calls together.
 *         No more is lost than killed workers can have begun: for each a message's worth of beginnings without an answer.
 *         Nobody hangs; the pool closes within its bound; no file, descriptor or process is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AbandonedError, Pool, SharedArray } from "interproc";
import { isRunning } from "../processes/running.js";
import { answerLate, countStarts } from "../programs/pool-kill-work.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { type FaultOptions, runFaults, type Shared } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";
import { answerOf, askPool, type Outcome, PIECE, poolWays } from "./pool-asking.js";
import { watchProgress } from "./watch-progress.js";

const CALLS = 400;
const FAULTS_A_POOL = 25;
const HANGING_MS = 240_000; // with a replacement after every 20 calls, on a machine that takes seconds to start a process
const CLOSING_MS = 5000;
/** Workers of one pool at most. */
const MOST_WORKERS = 1000;

export async function killWorkers(options: FaultOptions): Promise<FaultTally> {
  const first = new Pool({ processes: 1 });
  await first.warm(); // from here on this process has what it needs itself to have children
  await first.close();
  return runFaults("pool-kill", { arenas: 2, ...options }, (shared, seed) => new PoolRound(shared, seed).run());
}

class PoolRound {
  private readonly random: SeededRandom;
  private readonly way: (typeof poolWays)[number];
  private readonly retries: number;
  private readonly chunkSize: number;
  private readonly outcomes = new Map<number, Outcome>();
  /** All workers that were seen. */
  private readonly pids = new Set<number>();
  /** How many workers were ready, and which. */
  private readonly ready = new SharedArray("u32", 1 + MOST_WORKERS);
  /** A pool gives up when many workers in a row are killed before they are ready: so behind one of those comes one that is. */
  private sparesYoung = false;
  private readonly killed = new Set<number>();

  constructor(
    private readonly shared: Shared,
    private readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
    this.way = this.random.pick(poolWays);
    this.retries = this.random.below(3);
    this.chunkSize = this.way === "run" ? 1 : 1 + this.random.below(3) * 3;
  }

  private get label(): string {
    return `seed ${this.seed}, ${this.way}, retries ${this.retries}, chunks of ${this.chunkSize}`;
  }

  async run(): Promise<void> {
    const { tally } = this.shared;
    using starts = new SharedArray("u32", CALLS);
    const pool = new Pool({
      processes: 3,
      retries: this.retries,
      initializer: countStarts,
      initArgs: [starts, this.ready],
      shutdownTimeout: CLOSING_MS,
      ...(this.random.below(3) === 0 && { maxTasksPerChild: 20 }),
    });
    let isOver = false;
    const progress = (): number =>
      this.outcomes.size + this.ready.get(0) + [...starts].reduce((sum, count) => sum + count);
    const unwatch = watchProgress(progress, HANGING_MS, () => {
      tally.wrong("hung", `${this.label}: ${this.outcomes.size} of ${CALLS} calls have an outcome`);
      void pool.terminate();
    });
    const raging = this.rage(pool, () => isOver);
    const { way, chunkSize, label } = this;
    await askPool({ pool, task: answerLate, way, chunkSize, calls: CALLS, label, tally }, this.outcomes);
    isOver = true;
    await raging;
    unwatch();
    const from = performance.now();
    await pool.close();
    tally.took("closed", performance.now() - from);
    if (performance.now() - from > CLOSING_MS * 2) tally.wrong("hung", `${this.label}: close() was over its bound`);
    for (const pid of this.pids) if (isRunning(pid)) tally.wrong("wrong end", `${this.label}: worker ${pid} is left`);
    this.judge(starts);
    this.ready.close();
    tally.count(`${this.way} of ${CALLS}`);
  }

  private async rage(pool: Pool, isOver: () => boolean): Promise<void> {
    const { random } = this;
    const { tally, take } = this.shared;
    for (let faults = 0; !isOver() && faults < FAULTS_A_POOL; ) {
      await sleep(random.below(60));
      for (const pid of pool.pids) this.pids.add(pid);
      const pids = pool.pids.filter((one) => !this.sparesYoung || this.isReady(one));
      if (pids.length === 0 || isOver()) continue;
      if (!take()) return;
      const pid = random.pick(pids);
      this.sparesYoung = !this.isReady(pid);
      const how = random.below(4);
      faults++;
      try {
        if (how === 0) {
          process.kill(pid, "SIGSTOP");
          await sleep(random.below(40));
          process.kill(pid, "SIGCONT");
          tally.fault("stopped and continued");
          continue;
        }
        process.kill(pid, how === 1 ? "SIGALRM" : "SIGKILL"); // a worker leaves SIGTERM to its parent
        this.killed.add(pid);
        tally.fault(how === 1 ? "ended by another signal" : "killed");
      } catch {
        tally.count("gone before"); // it had ended by itself
      }
    }
  }

  private isReady(pid: number): boolean {
    for (let n = this.ready.get(0); n > 0; n--) if (this.ready.get(n) === pid) return true;
    return false;
  }

  private judge(starts: SharedArray<"u32">): void {
    const { tally } = this.shared;
    const asked = this.retries + 1;
    let failed = 0;
    let uncounted = 0;
    let inVain = 0;
    for (let id = 0; id < CALLS; id++) {
      const begun = starts.get(id);
      const outcome = this.outcomes.get(id);
      const where = `${this.label}: call ${id}, begun ${begun} times`;
      if (begun > asked) tally.wrong("wrong count", `${where}; at most ${asked}`);
      if (outcome && "value" in outcome) {
        if (outcome.value !== answerOf(id)) tally.wrong("corrupt", `${where}: ${String(outcome.value)}`);
        if (begun === 0) tally.wrong("unexpected", `${where}, and answered`);
        if (begun > 1) tally.count("made again");
        inVain += begun - 1;
        continue;
      }
      if (!outcome && this.way !== "imapUnordered") tally.wrong("lost", `${where}, has no outcome`);
      failed++;
      if (outcome && !(outcome.error instanceof AbandonedError))
        tally.wrong("unexpected", `${where}: ${String(outcome.error)}`);
      if (this.way === "map") continue; // which call of a piece it was that failed is not told
      uncounted += asked - begun;
      inVain += asked;
    }
    tally.count("calls", CALLS);
    tally.count("failed with their worker", failed);
    tally.count("begun and not counted", uncounted);
    const kills = this.killed.size;
    if (uncounted > kills)
      tally.wrong(
        "wrong abandonment",
        `${this.label}: calls failed that had ${uncounted} times not begun as often as asked, after ${kills} kills`,
      );
    if (inVain > kills * this.chunkSize)
      tally.wrong("wrong abandonment", `${this.label}: ${inVain} calls were begun in vain, after ${kills} kills`);
    if (this.way === "map" && failed > kills * PIECE)
      tally.wrong("wrong abandonment", `${this.label}: ${failed} calls failed, after ${kills} kills`);
  }
}
