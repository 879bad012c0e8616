import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type Entry, History } from "./history.js";
import { monotonicMs } from "./monotonic-ms.js";
import type { ExitWord, Job } from "./stage.js";

/** Where a party lives: in a process, in one that is the first of a pid namespace, or in a thread of this process. */
export type Housing = "process" | "namespace" | "thread";

const program = new URL("./act.js", import.meta.url);

/** A party of a kill run, seen by the one who kills it. */
export abstract class Party {
  begunAt: number | undefined;
  killedAt: number | undefined;
  endedAt: number | undefined;
  /** How often it was stopped. */
  stops = 0;
  /** The moments from which on nothing can be said of how fast it went on. */
  readonly stoppedAt: number[] = [];
  abstract readonly ended: Promise<void>;
  /** Only a process can be stopped. */
  abstract readonly canStop: boolean;

  protected constructor(readonly job: Job) {}

  static start(job: Job, housing: Housing): Party {
    return housing === "thread" ? new ThreadParty(job) : new ProcessParty(job, housing === "namespace");
  }

  get isThere(): boolean {
    return this.killedAt === undefined && this.endedAt === undefined;
  }

  /** Kills it where it is; `how` draws among the ways there are. */
  kill(how: number): string {
    this.killedAt = monotonicMs();
    return this.end(how);
  }

  stop(): void {
    this.stops++;
    this.stoppedAt.push(monotonicMs());
    this.signal("SIGSTOP");
  }

  goOn(): void {
    this.signal("SIGCONT");
  }

  /** Asks it to come to its end. */
  abstract finish(): void;

  get history(): Entry[] {
    return History.read(this.job.path);
  }

  /** The length of its history, which grows while it does anything. */
  get done(): number {
    return statSync(this.job.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  protected began(): void {
    this.begunAt ??= monotonicMs();
  }

  /** Gives how it was ended. */
  protected abstract end(how: number): string;
  protected abstract signal(signal: NodeJS.Signals): void;
}

/** What the checkers know of a party. */
export type Witness = Pick<Party, "job" | "history" | "killedAt" | "endedAt" | "begunAt" | "stops">;

class ProcessParty extends Party {
  readonly ended: Promise<void>;
  readonly canStop = true;
  private readonly child: ChildProcess;
  private found: number | undefined;

  constructor(
    job: Job,
    private readonly isFirst: boolean,
  ) {
    super(job);
    const args = [fileURLToPath(program), JSON.stringify(job)];
    this.child = isFirst
      ? // unshare complains there when its child is killed; what fails in a party is in its history
        spawn("unshare", ["--pid", "--fork", process.execPath, ...args], { stdio: ["pipe", "pipe", "ignore"] })
      : spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdin?.on("error", () => undefined); // it was killed before it heard
    this.child.stdout?.once("data", () => this.began());
    this.ended = new Promise((resolve) => {
      this.child.once("exit", () => {
        this.endedAt = monotonicMs();
        for (const stream of [this.child.stdin, this.child.stdout]) stream?.destroy();
        resolve();
      });
    });
  }

  override finish(): void {
    this.child.stdin?.end();
  }

  protected override end(): string {
    this.signal("SIGKILL");
    return "process killed";
  }

  protected override signal(signal: NodeJS.Signals): void {
    const pid = this.pid;
    if (pid !== undefined) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended by itself; the checks see that
      }
    } else if (signal === "SIGKILL") void this.killSoon();
  }

  /** The process itself, not the one that made its namespace. */
  private get pid(): number | undefined {
    const { pid } = this.child;
    if (!this.isFirst || pid === undefined) return pid;
    this.found ??= Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")) || undefined;
    return this.found;
  }

  /** It is not born yet. */
  private async killSoon(): Promise<void> {
    while (this.endedAt === undefined && this.pid === undefined) await sleep(1);
    this.signal("SIGKILL");
  }
}

class ThreadParty extends Party {
  readonly ended: Promise<void>;
  readonly canStop = false;
  private readonly worker: Worker;
  private readonly exitWord: ExitWord = new Int32Array(new SharedArrayBuffer(4));

  constructor(job: Job) {
    super(job);
    this.worker = new Worker(program, { workerData: { job, exitWord: this.exitWord } });
    this.worker.once("message", () => this.began());
    this.worker.once("error", (error) => new History(job.path).say("failed", String(error)));
    this.ended = new Promise((resolve) => {
      this.worker.once("exit", () => {
        this.endedAt = monotonicMs();
        resolve();
      });
    });
  }

  override finish(): void {
    this.worker.postMessage("finish");
  }

  protected override end(how: number): string {
    if (how % 4 === 0) {
      Atomics.store(this.exitWord, 0, 1);
      return "worker exited";
    }
    void this.worker.terminate();
    return "worker terminated";
  }

  protected override signal(): void {
    throw new Error("a thread cannot be stopped");
  }
}
