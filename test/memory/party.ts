import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Answer, Orders } from "../programs/memory-party.js";
import { projectRoot } from "../project-root.js";

export const partyProgram = join(projectRoot, "build/test/programs/memory-party.js");

interface Settle {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Another process, or worker thread, that does one thing after the other as it is told. */
export abstract class Party {
  /** Resolves when it is over. */
  abstract readonly over: Promise<unknown>;
  private readonly waiting: Settle[] = [];

  /** A process of its own, possibly started through another command. */
  static process(through: readonly string[] = [], options: SpawnOptions = {}): PartyProcess {
    const [command, ...args] = [...through, process.execPath, partyProgram];
    return new PartyProcess(spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"], ...options }));
  }

  static worker(): PartyWorker {
    return new PartyWorker(new Worker(partyProgram));
  }

  order<Name extends keyof Orders>(
    name: Name,
    ...args: Parameters<Orders[Name]>
  ): Promise<Awaited<ReturnType<Orders[Name]>>> {
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.post([name, ...args]);
    return answer as Promise<Awaited<ReturnType<Orders[Name]>>>;
  }

  protected abstract post(order: unknown): void;

  protected answered({ value, error }: Answer): void {
    const waiting = this.waiting.shift();
    if (error) waiting?.reject(Object.assign(new Error(error.message), error));
    else waiting?.resolve(value);
  }

  protected ended(): void {
    for (const { reject } of this.waiting.splice(0)) reject(new Error("the party is over"));
  }
}

export class PartyProcess extends Party {
  readonly over: Promise<number | NodeJS.Signals | null>;

  constructor(readonly child: ChildProcess) {
    super();
    child.on("message", (answer) => this.answered(answer as Answer));
    this.over = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.ended();
        resolve(code ?? signal);
      });
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.over;
  }

  /** Has it end in an orderly way. */
  async end(): Promise<void> {
    this.child.disconnect();
    await this.over;
  }

  protected post(order: unknown): void {
    this.child.send(order as object);
  }
}

export class PartyWorker extends Party {
  readonly over: Promise<number>;

  constructor(readonly worker: Worker) {
    super();
    worker.on("message", (answer) => this.answered(answer as Answer));
    this.over = new Promise((resolve) => {
      worker.once("exit", (code) => {
        this.ended();
        resolve(code);
      });
    });
  }

  async kill(): Promise<void> {
    await this.worker.terminate();
    await this.over;
  }

  async end(): Promise<void> {
    this.post(undefined);
    await this.over;
  }

  protected post(order: unknown): void {
    this.worker.postMessage(order);
  }
}
