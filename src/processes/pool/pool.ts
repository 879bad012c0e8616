import { UsageError } from "../../errors.js";
import { Engine } from "./engine.js";
import { PoolCalls } from "./pool-calls.js";
import { checkPoolOptions, type PoolOptions } from "./pool-options.js";
import { workerProcesses } from "./worker-process.js";
import { workerThreads } from "./worker-thread.js";

let pools = 0;

/**
 * Processes (or threads) that run tasks: Python's `Pool`. Each worker runs one task at a time and is given the next ones
 * through shared memory a little ahead.
 *
 * A worker that is killed, or runs out of memory, costs what it was running: that call rejects with AbandonedError, or is
 * made again when `retries` are asked for; whatever it had not begun goes to others. Calls that went together in a chunk
 * fail together as far as they had begun. Workers die with this process, however it dies. An idle pool does not keep the
 * process alive.
 *
 * `await using` (or `close()`) lets everything that was asked for come to its end, and then ends the workers within
 * `shutdownTimeout`; `terminate()` ends everything at once.
 *
 * @example
 * const square = task(import.meta, function square(n: number) {
 *   return n * n;
 * });
 * if (isMain(import.meta)) {
 *   await using pool = new Pool();
 *   console.log(await pool.map(square, [1, 2, 3])); // [ 1, 4, 9 ]
 * }
 */
export class Pool extends PoolCalls implements AsyncDisposable {
  /** @throws UsageError for options out of their range, and while a child imports the module */
  constructor(options: PoolOptions = {}) {
    const checked = checkPoolOptions(options);
    const { initializer, initArgs, worker } = checked;
    if (initArgs.length > 0 && !initializer) throw new UsageError("new Pool(): initArgs without an initializer");
    const pool = ++pools;
    let count = 0;
    const nextName = (): string => `Pool-${pool}-${++count}`;
    const start = worker === "thread" ? workerThreads : workerProcesses;
    super(new Engine(checked, start(initializer, initArgs, checked.spawn, nextName)));
  }

  /** Workers at most. */
  get processes(): number {
    return this.engine.options.processes;
  }

  /** Process ids of the workers that run now; of threads this process's own, once for each. */
  get pids(): number[] {
    return [...this.engine.lanes].map((lane) => lane.worker.pid);
  }

  /** Messages of work that were given to workers and not answered yet. */
  get underWay(): number {
    return this.engine.staff.underWay;
  }

  get closed(): boolean {
    return this.engine.isClosed;
  }

  /**
   * Starts workers before they are needed and waits until they are ready.
   *
   * @param count how many; default all
   * @throws RemoteError when the initializer fails; AbandonedError, TimeoutError when they do not get ready
   */
  warm(count: number = this.processes): Promise<void> {
    return this.engine.warm(count);
  }

  /**
   * Takes no more, waits until all calls have ended, and ends the workers, by force after `shutdownTimeout`. Results of
   * `imap` that nobody takes are not waited for. Allowed twice.
   */
  close(): Promise<void> {
    return this.engine.close();
  }

  /** Kills the workers: every call that has not ended rejects with ClosedError. Resolves when all have ended. */
  terminate(): Promise<void> {
    return this.engine.terminate();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
