import type { ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Connection } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { AbandonedError, EOFError } from "../errors.js";
import { dropFolder } from "../primitives/flight.js";
import { sweep } from "../primitives/sweep.js";
import { READY, type Readiness } from "../readiness.js";
import { type RemoteFailure, restoreFailure } from "../rpc/remote-failure.js";
import { parker } from "../sync/parker.js";
import { Pending } from "../sync/pending.js";

/** What a child answers when its task has ended. */
export type Verdict = { readonly value: unknown } | { readonly failure: RemoteFailure };

/** How a process ended: the code it exited with, or the signal that killed it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How long `await using` lets a terminated process clean up before it is killed. */
const GRACE_MS = 5000;

const children = new Set<Process>();

/** The processes that this thread has spawned and that still run: Python's `active_children()`. */
export function activeChildren(): Process[] {
  return [...children].filter((child) => child.isAlive);
}

/** A process that runs a task; made by `spawn`. */
export class Process<Result = unknown> implements Disposable, AsyncDisposable {
  private readonly exit: Promise<Exit>;
  private readonly answer: Promise<Result>;
  private ended: Exit | undefined;
  private verdict: Verdict | undefined;
  private undecodable: unknown;
  /** Those that wait for its end along with other objects. */
  private readonly watchers = new Set<() => void>();

  /** @internal use `spawn()` */
  constructor(
    private readonly child: ChildProcess,
    readonly name: string,
    /** What its answer comes by; none for what runs no task. */
    private readonly control: Connection<never, Verdict> | undefined,
    private readonly folder: string,
    signal?: AbortSignal,
  ) {
    children.add(this as Process);
    const heard = this.listen();
    this.exit = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        children.delete(this as Process);
        this.cleanUp();
        control?.ref(); // the end of its answers comes now, and whoever awaits it has nothing else that keeps the loop
        void heard.then(() => {
          this.ended = { code, signal };
          resolve(this.ended);
          for (const tell of this.watchers) tell();
        });
      });
    });
    this.answer = this.judge(heard);
    this.answer.catch(() => undefined); // a result that nobody asks for is no unhandled rejection
    child.on("error", () => undefined); // a signal that could not be sent; the exit tells the rest
    if (signal) {
      const abort = (): void => this.terminate();
      signal.addEventListener("abort", abort, { once: true });
      void this.exit.then(() => signal.removeEventListener("abort", abort));
    }
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get isAlive(): boolean {
    return this.exitCode === null && this.signalCode === null;
  }

  /** `null` while it runs and when a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  get signalCode(): NodeJS.Signals | null {
    return this.child.signalCode;
  }

  /** Its streams, where `stdio` asked for pipes. */
  get stdin(): Writable | null {
    return this.child.stdin;
  }

  get stdout(): Readable | null {
    return this.child.stdout;
  }

  get stderr(): Readable | null {
    return this.child.stderr;
  }

  /** Waits until it has ended, and says how; never rejects for that. @throws TimeoutError */
  join(options: WaitOptions = {}): Promise<Exit> {
    if (this.ended) return Promise.resolve(this.ended);
    return this.bounded(this.exit, `join() of ${this.name}`, options);
  }

  /**
   * What the task returned, as soon as it did; the process may still be running then.
   *
   * @throws RemoteError with the remote stack, when the task threw
   * @throws AbandonedError when the process ended without an answer
   * @throws TimeoutError
   */
  result(options: WaitOptions = {}): Promise<Result> {
    return this.bounded(this.answer, `result() of ${this.name}`, options);
  }

  /** Asks it to end (SIGTERM). Nothing happens when it has ended. */
  terminate(): void {
    if (this.isAlive) this.child.kill("SIGTERM");
  }

  /** Ends it at once (SIGKILL). */
  kill(): void {
    if (this.isAlive) this.child.kill("SIGKILL");
  }

  /** @internal it has ended */
  [READY](): Readiness {
    return {
      isReady: () => this.ended !== undefined,
      whenReady: (signal) =>
        new Promise((resolve, reject) => {
          if (this.ended) return resolve(true);
          const tell = (): void => resolve(true);
          this.watchers.add(tell);
          signal.addEventListener("abort", () => {
            this.watchers.delete(tell);
            reject(signal.reason);
          });
        }),
    };
  }

  /** It keeps this process alive, as at first. */
  ref(): this {
    this.child.ref();
    return this;
  }

  unref(): this {
    this.child.unref();
    return this;
  }

  /** Terminates it if it still runs, and kills it if that does not help within 5 seconds. */
  [Symbol.dispose](): void {
    if (!this.isAlive) return;
    this.terminate();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    timer.unref();
    void this.exit.then(() => clearTimeout(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
    await this.exit;
  }

  /** Takes the answer as soon as it comes, so that a child with a large one is never held up. */
  private async listen(): Promise<void> {
    if (!this.control) return;
    this.control.unref();
    try {
      this.verdict = await this.control.recv();
    } catch (error) {
      if (!(error instanceof EOFError)) this.undecodable = error;
    }
    this.control.close();
  }

  private async judge(heard: Promise<void>): Promise<Result> {
    await heard;
    const { verdict } = this;
    if (verdict && "value" in verdict) return verdict.value as Result;
    if (verdict) throw restoreFailure(verdict.failure, `process ${this.pid} (${this.name})`);
    if (this.undecodable) throw this.undecodable;
    const { code, signal } = await this.exit;
    throw new AbandonedError(
      `process ${this.pid} (${this.name}) ended with ${signal ? `signal ${signal}` : `code ${code}`} before its task did`,
      { resource: this.name },
    );
  }

  private cleanUp(): void {
    if (!this.control) return;
    dropFolder(this.folder);
    parker().peers.forgetDead();
    sweep();
  }

  private bounded<T>(promise: Promise<T>, operation: string, options: WaitOptions): Promise<T> {
    if (options.timeout === undefined && !options.signal) return promise;
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    const pending = new Pending<T>(operation, options, () => undefined);
    promise.then(
      (value) => pending.resolve(value),
      (error) => pending.reject(error),
    );
    return pending.promise;
  }
}
