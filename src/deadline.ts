import { TimeoutError, UsageError } from "./errors.js";

/** What bounds a call that waits: both may be given, the first one to come ends the call. */
export interface WaitOptions {
  /** Rejects with the signal's reason once it is aborted. */
  signal?: AbortSignal;
  /** Milliseconds for the whole call; it then ends with a {@link TimeoutError}. Zero tries once. */
  timeout?: number;
}

/** The same for a call that blocks its thread: there an AbortSignal could never fire. */
export type SyncWaitOptions = Omit<WaitOptions, "signal">;

/** Monotonic milliseconds. */
export const now = (): number => performance.now();

/** The moment (as of {@link now}) at which `timeout` ends; Infinity when there is none. */
export function deadlineOf(timeout: number | undefined, operation: string): number {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== "number" || Number.isNaN(timeout))
    throw new UsageError(
      `${operation}: timeout is ${typeof timeout === "string" ? JSON.stringify(timeout) : String(timeout)}; allowed: milliseconds, 0 or more, or undefined`,
    );
  return now() + Math.max(0, timeout);
}

/** Node's timers count no longer; they would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls back after so many milliseconds; never, when that is longer than timers count (24 days) or not said. */
export function startTimer(
  timeout: number | undefined,
  callback: () => void,
): ReturnType<typeof setTimeout> | undefined {
  if (timeout === undefined || timeout > LONGEST_TIMER_MS) return undefined;
  return setTimeout(callback, Math.max(0, timeout));
}

export function timedOut(operation: string, timeout: number | undefined, undelivered?: unknown): TimeoutError {
  return new TimeoutError(`${operation} did not finish within ${Math.ceil(Math.max(0, timeout ?? 0))} ms`, {
    undelivered,
  });
}

/** What is left of a timeout that ends at a moment, for the next call of several. */
export const remaining = (deadline: number, timeout: number | undefined): { timeout?: number } =>
  timeout === undefined ? {} : { timeout: Math.max(0, deadline - now()) };
