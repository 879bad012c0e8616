import { Lock, Semaphore } from "interproc";
import type { LocksQuestion } from "../locks-question.js";
import { openProperLock } from "./proper-lock.js";
import { openRedisLock } from "./redis-lock.js";

/** A lock as the benchmark uses it. What returns nothing has blocked the thread. */
export interface BenchedLock {
  /** So many times: acquires, adds 1 to the counter and releases. */
  turns(counter: Int32Array, times: number): void | Promise<void>;
  acquire(): void | Promise<void>;
  release(): void | Promise<void>;
  /** Lets go of what would keep the process alive. */
  close?(): void;
}

/** What another process needs to use the same lock: one of ours, or the name of a file or a key. */
export type LockPlace = Lock | Semaphore | string;

/** Makes one of our locks. */
export function makeOwnLock(mode: string): Lock | Semaphore {
  const count = /^Semaphore\((\d)\)/.exec(mode)?.[1];
  if (count === undefined) return new Lock();
  return new Semaphore(Number(count), { owned: count !== "0" });
}

export async function openLock(place: LockPlace, { mode }: LocksQuestion): Promise<BenchedLock> {
  if (typeof place === "string") return mode === "SET NX" ? openRedisLock(place) : openProperLock(place);
  return mode.endsWith("await") ? awaiting(place) : blocking(place);
}

function blocking(lock: Lock | Semaphore): BenchedLock {
  return {
    turns(counter, times) {
      for (let i = 0; i < times; i++) {
        const hold = lock.acquireSync();
        counter[0]++;
        hold.release();
      }
    },
    acquire() {
      lock.acquireSync();
    },
    release: () => lock.release(),
  };
}

function awaiting(lock: Lock | Semaphore): BenchedLock {
  return {
    async turns(counter, times) {
      for (let i = 0; i < times; i++) {
        const hold = await lock.acquire();
        counter[0]++;
        hold.release();
      }
    },
    async acquire() {
      await lock.acquire();
    },
    release: () => lock.release(),
  };
}
