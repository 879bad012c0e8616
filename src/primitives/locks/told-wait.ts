import { diagnostics } from "../../diagnostics.js";

/** Waits for a lock or a permit; subscribers are told. `operation`: such as `Lock "jobs": acquire()`. */
export function toldWait<T>(operation: string, wait: () => T): T {
  const { lockAcquire } = diagnostics;
  if (!lockAcquire.isWatched) return wait();
  const colon = operation.lastIndexOf(": ");
  return lockAcquire.trace({ lock: operation.slice(0, colon), operation: operation.slice(colon + 2) }, wait);
}
