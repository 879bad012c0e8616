/*
 * Kills workers of a pool under load at random moments, stops others, and holds what became of every call against what a
 * pool promises.
 *
 * Idea    Each call has a counter in shared memory that it counts up when it begins. So it is known of each call, whatever
 *         became of its worker, how often it was begun.
 * Checks  Each call is answered once, rightly, or fails with AbandonedError. One without retries was begun once at most, one with
 *         n at most n + 1 times; one that failed was begun as often as that, so that no call fails that nobody had begun.
 *         No more fail than a killed worker can have begun: a message's worth. Nobody hangs; the pool closes within its
 *         bound; no file, descriptor or process is left.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AbandonedError, Pool, SharedArray } from "interproc";
import { isRunning } from "../processes/running.js";
import { answerLate, countStarts } from "../programs/pool-kill-work.js";
import { SeededRandom } from "../rings/seeded-random.js";
import { type FaultOptions, runFaults, type Shared } from "./fault-run.js";
import type { FaultTally } from "./fault-tally.js";

const CALLS = 400;
const FAULTS_A_POOL = 25;
const HANGING_MS = 60_000;
const CLOSING_MS = 5000;
/** A worker is sure to be ready by then, even beside much else. */
const YOUNG_MS = 1000;
const ways = ["run", "map", "imap", "imapUnordered"] as const;

export async function killWorkers(options: FaultOptions): Promise<FaultTally> {
  const first = new Pool({ processes: 1 });
  await first.warm(); // from here on this process has what it needs itself to have children
  await first.close();
  return runFaults("pool-kill", { arenas: 2, ...options }, (shared, seed) => new PoolRound(shared, seed).run());
}

/** What became of one call. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

class PoolRound {
  private readonly random: SeededRandom;
  private readonly way: (typeof ways)[number];
  private readonly retries: number;
  private readonly chunkSize: number;
  private readonly outcomes = new Map<number, Outcome>();
  /** Workers by their process ids, and when they were seen first. */
  private readonly pids = new Map<number, number>();
  /** A pool gives up when three workers in a row end before they are ready: so seldom one of those is killed. */
  private sparesYoung = false;
  private kills = 0;

  constructor(
    private readonly shared: Shared,
    private readonly seed: number,
  ) {
    this.random = new SeededRandom(seed);
    this.way = this.random.pick(ways);
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
      initArgs: [starts],
      shutdownTimeout: CLOSING_MS,
      ...(this.random.below(3) === 0 && { maxTasksPerChild: 20 }),
    });
    let isOver = false;
    const watchdog = setTimeout(() => {
      tally.wrong("hung", `${this.label}: ${this.outcomes.size} of ${CALLS} calls have an outcome`);
      void pool.terminate();
    }, HANGING_MS);
    const raging = this.rage(pool, () => isOver);
    await this.ask(pool);
    isOver = true;
    await raging;
    clearTimeout(watchdog);
    const from = performance.now();
    await pool.close();
    tally.took("closed", performance.now() - from);
    if (performance.now() - from > CLOSING_MS * 2) tally.wrong("hung", `${this.label}: close() was over its bound`);
    for (const pid of this.pids.keys())
      if (isRunning(pid)) tally.wrong("wrong end", `${this.label}: worker ${pid} is left`);
    this.judge(starts);
    tally.count(`${this.way} of ${CALLS}`);
  }

  /** Makes all the calls, and notes what becomes of each. */
  private async ask(pool: Pool): Promise<void> {
    const ids = Array.from({ length: CALLS }, (_, id) => id);
    const note = (id: number, outcome: Outcome): void => {
      if (this.outcomes.has(id)) this.shared.tally.wrong("duplicated", `${this.label}: call ${id} has two outcomes`);
      this.outcomes.set(id, outcome);
    };
    if (this.way === "run") {
      await Promise.all(
        ids.map((id) =>
          pool.run(answerLate, id).then(
            (value) => note(id, { value }),
            (error: unknown) => note(id, { error }),
          ),
        ),
      );
      return;
    }
    if (this.way === "map") {
      // which calls failed is not told by map: in pieces, so that the others of a piece are known
      for (let at = 0; at < CALLS; at += 40) {
        const piece = ids.slice(at, at + 40);
        const values = await pool
          .map(answerLate, piece, { chunkSize: this.chunkSize })
          .catch((error: unknown) => error);
        for (const [n, id] of piece.entries())
          note(id, Array.isArray(values) ? { value: values[n] } : { error: values });
      }
      return;
    }
    const results = pool[this.way](answerLate, ids, { chunkSize: this.chunkSize });
    let unnamed = 0;
    for (let next = 0; ; next++) {
      try {
        const result = await results.next();
        if (result.done) break;
        note(this.way === "imap" ? next : ((result.value as number) - 1) / 3, { value: result.value });
      } catch (error) {
        if (this.way === "imap") note(next, { error });
        else unnamed++;
        if (!(error instanceof AbandonedError))
          this.shared.tally.wrong("unexpected", `${this.label}: ${String(error)}`);
      }
    }
    if (this.way === "imapUnordered" && this.outcomes.size + unnamed !== CALLS)
      this.shared.tally.wrong(
        "lost",
        `${this.label}: ${this.outcomes.size} answers and ${unnamed} errors for ${CALLS} calls`,
      );
  }

  private async rage(pool: Pool, isOver: () => boolean): Promise<void> {
    const { random } = this;
    const { tally, take } = this.shared;
    for (let faults = 0; !isOver() && faults < FAULTS_A_POOL; ) {
      await sleep(random.below(60));
      const now = performance.now();
      for (const pid of pool.pids) if (!this.pids.has(pid)) this.pids.set(pid, now);
      const pids = pool.pids.filter((one) => !this.sparesYoung || now - (this.pids.get(one) ?? now) > YOUNG_MS);
      if (pids.length === 0 || isOver()) continue;
      if (!take()) return;
      const pid = random.pick(pids);
      this.sparesYoung = now - (this.pids.get(pid) ?? now) <= YOUNG_MS;
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
        this.kills++;
        tally.fault(how === 1 ? "ended by another signal" : "killed");
      } catch {
        tally.count("gone before"); // it had ended by itself
      }
    }
  }

  private judge(starts: SharedArray<"u32">): void {
    const { tally } = this.shared;
    let failed = 0;
    for (let id = 0; id < CALLS; id++) {
      const begun = starts.get(id);
      const outcome = this.outcomes.get(id);
      const where = `${this.label}: call ${id}, begun ${begun} times`;
      if (begun > this.retries + 1) tally.wrong("wrong count", `${where}; at most ${this.retries + 1}`);
      if (!outcome) {
        if (this.way !== "imapUnordered") tally.wrong("lost", `${where}, has no outcome`);
        continue;
      }
      if ("value" in outcome) {
        if (outcome.value !== id * 3 + 1) tally.wrong("corrupt", `${where}: ${String(outcome.value)}`);
        if (begun === 0) tally.wrong("unexpected", `${where}, and answered`);
        if (begun > 1) tally.count("made again");
        continue;
      }
      failed++;
      if (!(outcome.error instanceof AbandonedError)) tally.wrong("unexpected", `${where}: ${String(outcome.error)}`);
      else if (this.way !== "map" && begun !== this.retries + 1)
        tally.wrong(
          "wrong abandonment",
          `${where}, and failed; that is not as often as asked: ${outcome.error.message}`,
        );
    }
    tally.count("calls", CALLS);
    tally.count("failed with their worker", failed);
    const most = this.kills * (this.way === "map" ? 40 : this.chunkSize);
    if (failed > most)
      tally.wrong("wrong abandonment", `${this.label}: ${failed} calls failed, after ${this.kills} kills`);
  }
}
