import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { attach, type Connection, NotFoundError, type Process, share, spawn } from "interproc";
import { monotonicMs } from "./monotonic-ms.js";
import { type Assignment, type Sentence, victim } from "./roles.js";

/** One end of a pipe at work, until it is killed. */
export interface Victim {
  /** Its process, when that is its own. */
  readonly pid?: number;
  /** Resolves once it has begun to work, or has ended. */
  readonly begun: Promise<unknown>;
  /** Ends it where it is. */
  kill(): void;
  /** Resolves once nothing of it runs any more; gives the moment of the kill, in monotonic milliseconds. */
  ended(): Promise<number>;
}

/** A process that is killed by SIGKILL. */
export class ProcessVictim implements Victim {
  readonly begun: Promise<unknown>;
  private readonly child: Process;
  private killedAt = 0;

  constructor(assignment: Assignment, path: string) {
    this.child = spawn(victim, [assignment, path], { stdio: ["ignore", "pipe", "inherit"] });
    const word = this.child.stdout && once(this.child.stdout, "data");
    this.begun = Promise.race([word, this.child.join()]);
  }

  get pid(): number {
    return this.child.pid;
  }

  kill(): void {
    this.killedAt = monotonicMs();
    this.child.kill();
  }

  async ended(): Promise<number> {
    await this.child.join();
    this.child.stdout?.destroy();
    return this.killedAt;
  }
}

/** A worker thread of this process: it is terminated, or finds that it is to call process.exit(). */
export class WorkerVictim implements Victim {
  readonly begun: Promise<unknown>;
  private readonly worker: Worker;
  private readonly exit: Promise<unknown>;
  private readonly ticket: string;
  private readonly sentence: Sentence = {
    isDue: new Int32Array(new SharedArrayBuffer(4)),
    doneAt: new Float64Array(new SharedArrayBuffer(8)),
  };
  private failure: unknown;

  constructor(
    private readonly how: "terminate" | "exit",
    { role, end, plan }: Assignment,
    path: string,
  ) {
    this.ticket = share(end);
    this.worker = new Worker(new URL("./worker-victim.js", import.meta.url), {
      workerData: { role, plan, path, ticket: this.ticket, sentence: this.sentence },
    });
    this.exit = new Promise((resolve) => this.worker.once("exit", resolve));
    this.begun = Promise.race([new Promise((resolve) => this.worker.once("message", resolve)), this.exit]);
    this.worker.once("error", (error) => {
      this.failure = error;
    });
  }

  kill(): void {
    if (this.how === "exit") {
      Atomics.store(this.sentence.isDue, 0, 1);
      return;
    }
    this.sentence.doneAt[0] = monotonicMs();
    void this.worker.terminate();
  }

  /** @throws what ended the worker by itself */
  async ended(): Promise<number> {
    await this.exit;
    this.takeBack();
    if (this.failure !== undefined) throw this.failure;
    return this.sentence.doneAt[0];
  }

  /** What it did not live to take is still ours. */
  private takeBack(): void {
    try {
      attach<Connection>(this.ticket).close();
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
}
