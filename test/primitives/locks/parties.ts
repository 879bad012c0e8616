import { Worker } from "node:worker_threads";
import { type Process, share, spawn, type Task } from "interproc";
import { HANDLE } from "#src/codec.js";
import { programFile } from "../child-program.js";

/** Who can take part: a process of its own, a worker thread, an async function of this thread. */
export const ways = ["process", "worker", "function"] as const;
export type Way = (typeof ways)[number];

/** Each way with its forms of waiting, blocking (`true`) and awaiting; a function that blocks would stop all the others. */
export const forms: readonly (readonly [way: Way, sync: boolean])[] = [
  ["process", true],
  ["process", false],
  ["worker", true],
  ["worker", false],
  ["function", false],
];

export interface Party<R> {
  readonly result: Promise<R>;
  /** Ends it at once, and waits until it is gone. Not for functions. */
  kill(): Promise<void>;
}

/** Starts a task of test/programs in one of these ways. */
export function start<Args extends unknown[], R>(way: Way, task: Task<Args, R>, ...args: Args): Party<Awaited<R>> {
  if (way === "process") return ofProcess(spawn<unknown[], R>(task as unknown as Task<unknown[], R>, args));
  if (way === "worker") return inWorker(task.name, args);
  return {
    result: Promise.resolve().then(() => task(...args)) as Promise<Awaited<R>>,
    kill: () => Promise.reject(new Error("a function cannot be killed")),
  };
}

function ofProcess<R>(child: Process<R>): Party<R> {
  const result = child.result();
  result.catch(() => undefined);
  return {
    result,
    kill: async () => {
      child.kill();
      await child.join();
    },
  };
}

function inWorker<R>(name: string, args: readonly unknown[]): Party<R> {
  const isHandle = (arg: unknown): arg is object => typeof arg === "object" && arg !== null && HANDLE in arg;
  const worker = new Worker(programFile("run-in-worker"), {
    workerData: { name, args: args.map((arg) => (isHandle(arg) ? { ticket: share(arg) } : { value: arg })) },
  });
  const result = new Promise<R>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
    worker.once("exit", () => reject(new Error("the worker is gone")));
  });
  result.catch(() => undefined);
  return { result, kill: async () => void (await worker.terminate()) };
}
