/** What a task that runs in a pool's worker can know of itself. */
export interface CurrentTask {
  /** The task's name. */
  readonly name: string;
  /** Fires when whoever asked for it has given it up; a task that goes on regardless is ended with its process soon after. */
  readonly signal: AbortSignal;
}

/** The task that a pool's worker is running. */
export class RunningTask implements CurrentTask {
  private controller: AbortController | undefined;

  constructor(readonly name: string) {}

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    return this.controller.signal;
  }

  stop(): void {
    this.controller ??= new AbortController();
    this.controller.abort();
  }
}

const CURRENT = Symbol.for("interproc.current-task");
const holder = globalThis as { [CURRENT]?: RunningTask };

export function setCurrentTask(task: RunningTask | undefined): void {
  holder[CURRENT] = task;
}

/**
 * The task that runs in this worker of a pool; undefined elsewhere, as when the function is called directly. A worker runs
 * one task at a time. The task may hand `signal` on to what it calls.
 *
 * @example
 * const fetchPage = task(import.meta, async function fetchPage(url: string) {
 *   const response = await fetch(url, { signal: currentTask()?.signal });
 *   return await response.text();
 * });
 */
export function currentTask(): CurrentTask | undefined {
  return holder[CURRENT];
}
