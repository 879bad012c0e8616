// A worker thread that uses what a manager serves and holds a lock, until its end comes in one way or another. Without an
// errand it makes a manager of its own.
import { parentPort, workerData } from "node:worker_threads";
import { attach, type Lock, type Managed, type ManagedCounter, type ManagedDict, Manager, share } from "interproc";
import type { Account } from "./managing.js";

/** Strings of `share`. */
export interface Errand {
  readonly dict: string;
  readonly counter: string;
  readonly account: string;
  readonly lock: string;
}

/** What the thread says once it has used everything. */
export interface Used {
  readonly dict: unknown;
  readonly counter: number;
  readonly account: number;
  readonly servedBy: number;
}

if (workerData === undefined) {
  const manager = new Manager();
  const counter = await manager.counter();
  await counter.add(1);
  parentPort?.on("message", () => undefined);
  parentPort?.postMessage({ pid: manager.pid, counter: share(counter) });
} else await use(workerData as Errand);

async function use(errand: Errand): Promise<void> {
  const dict = attach<ManagedDict<string, unknown>>(errand.dict);
  const counter = attach<ManagedCounter>(errand.counter);
  const account = attach<Managed<Account>>(errand.account);
  const lock = attach<Lock>(errand.lock);
  await lock.acquire();
  await dict.set("from the thread", { deep: [1] });
  await dict.set("counter", counter);
  let tell: (value: unknown) => void = () => undefined;
  const isUpdating = new Promise((resolve) => {
    tell = resolve;
  });
  const update = dict.update("contended", (value) => {
    tell(value);
    return new Promise(() => undefined); // its end comes first
  });
  update.catch(() => undefined);
  const used: Used = {
    dict: await isUpdating,
    counter: await counter.add(2),
    account: await account.deposit(3),
    servedBy: await account.servedBy(),
  };
  parentPort?.once("message", (how: "exit" | "throw" | "close") => {
    if (how === "exit") process.exit();
    if (how === "throw") throw new Error("the thread's end");
    for (const one of [dict, counter, account, lock]) one.close();
    parentPort?.close();
  });
  parentPort?.postMessage(used);
}
