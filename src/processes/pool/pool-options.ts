import { availableParallelism } from "node:os";
import { UsageError } from "../../errors.js";
import { processorLimit } from "../../sync/cgroup.js";
import { checkRunning } from "../check-running.js";
import type { SpawnOptions } from "../spawn.js";
import type { Task } from "../task.js";
import type { Progress } from "./items-feed.js";

/** How many workers a pool has, of which kind, and how long they may take to start, to stop and to end. */
export interface PoolOptions extends Pick<SpawnOptions, "env" | "cwd" | "stdio" | "execArgv"> {
  /** Workers at most, 1 to 1,024; default: the processors that this process may use. They are started as they are needed. */
  processes?: number;
  /** Workers that are started at once and kept however long there is nothing to do; default 0. */
  minProcesses?: number;
  /** Milliseconds after which a worker beyond `minProcesses` that has nothing to do ends; default: never. */
  idleTimeout?: number;
  /** `"process"` (default), or `"thread"`: the same in worker threads, which share memory limits and fate with this process. */
  worker?: "process" | "thread";
  /** A task that every worker calls before any other; when it fails, so does all that waits for a worker. */
  initializer?: Task<never[], unknown>;
  /** Its arguments. Shared objects among them are the same in all workers; a connection's end can go to one only. */
  initArgs?: readonly unknown[];
  /** After so many calls a worker is replaced by a new one. */
  maxTasksPerChild?: number;
  /** How often a call is made again whose worker has died; default 0. */
  retries?: number;
  /** Milliseconds in which a worker must be ready, or have imported a task's module; default 30,000. */
  startTimeout?: number;
  /** Milliseconds for a task to end after its signal has fired; then its worker is killed. Default 100. */
  stopTimeout?: number;
  /** Milliseconds for workers to end by themselves once all is done; then they are killed. Default 5,000. */
  shutdownTimeout?: number;
}

/** What holds for the calls made through `pool.with(…)`. */
export interface CallOptions {
  /** Rejects with its reason at once: what waits is dropped, and what runs is stopped (see `stopTimeout`). */
  signal?: AbortSignal;
  /** Milliseconds for the whole call; then it is stopped likewise, with a TimeoutError. */
  timeout?: number;
  /** How often a call is made again whose worker has died; default the pool's. */
  retries?: number;
}

/** How a map deals out its items, besides what stops it. */
export interface MapOptions extends CallOptions {
  /** Calls that go to a worker together, and are lost together when it dies; default: by how long they take. */
  chunkSize?: number;
  /** Called as results come. What it throws ends the call. */
  onProgress?: (progress: Progress) => void;
  /** `true`: the first error ends it all at once. Default `false`: all calls are made, and then the first one's error is thrown. */
  failFast?: boolean;
}

/** How a lazy map takes its input, besides what stops it. */
export interface ImapOptions extends Omit<CallOptions, "timeout">, Pick<MapOptions, "chunkSize" | "onProgress"> {
  /** So many items are taken from the input at most before their results were; default 16 for each worker. */
  window?: number;
}

export type CheckedPoolOptions = Required<Omit<PoolOptions, keyof SpawnOptions | "initializer">> & {
  readonly initializer: Task<never[], unknown> | undefined;
  readonly spawn: Pick<SpawnOptions, "env" | "cwd" | "stdio" | "execArgv">;
};

const MOST_WORKERS = 1024;

/** Defaults filled in. @throws UsageError; NotFoundError for a `cwd` that is no directory */
export function checkPoolOptions(options: PoolOptions): CheckedPoolOptions {
  if (typeof options !== "object" || options === null)
    throw new UsageError(`new Pool(): the options are ${String(options)}; allowed: an object, or none`);
  const { env, cwd, stdio, execArgv, worker = "process", initializer, initArgs = [] } = options;
  const processes = whole("processes", options.processes ?? ownProcessors(), 1, MOST_WORKERS);
  if (worker !== "process" && worker !== "thread")
    throw new UsageError(`new Pool(): worker is ${shown(worker)}; allowed: "process" or "thread"`);
  checkRunning({ cwd, execArgv }, "new Pool()");
  if (!Array.isArray(initArgs))
    throw new UsageError(
      `new Pool(): initArgs is ${typeof initArgs}; allowed: an array of the initializer's arguments`,
    );
  return {
    processes,
    minProcesses: whole("minProcesses", options.minProcesses ?? 0, 0, processes),
    idleTimeout: milliseconds("idleTimeout", options.idleTimeout ?? Number.POSITIVE_INFINITY),
    worker,
    initializer,
    initArgs,
    maxTasksPerChild:
      options.maxTasksPerChild === undefined
        ? Number.POSITIVE_INFINITY
        : whole("maxTasksPerChild", options.maxTasksPerChild, 1, Number.MAX_SAFE_INTEGER),
    retries: whole("retries", options.retries ?? 0, 0, Number.MAX_SAFE_INTEGER),
    startTimeout: milliseconds("startTimeout", options.startTimeout ?? 30_000),
    stopTimeout: milliseconds("stopTimeout", options.stopTimeout ?? 100),
    shutdownTimeout: milliseconds("shutdownTimeout", options.shutdownTimeout ?? 5000),
    spawn: {
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
      ...(stdio !== undefined && { stdio }),
      ...(execArgv && { execArgv }),
    },
  };
}

/** @throws UsageError unless it is a whole number in the range */
export function whole(what: string, value: number, least: number, most: number, operation = "new Pool()"): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new UsageError(`${operation}: ${what} is ${shown(value)}; allowed: ${range}`);
}

function milliseconds(what: string, value: number): number {
  if (typeof value === "number" && value >= 0) return value;
  throw new UsageError(`new Pool(): ${what} is ${shown(value)}; allowed: milliseconds, 0 or more`);
}

/** A text that stands for a number is seen to be a text. */
const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

function ownProcessors(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(processorLimit() ?? Number.POSITIVE_INFINITY)));
}
