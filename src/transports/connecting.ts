import type { AsyncConnection } from "../channel.js";
import { deadlineOf, startTimer, timedOut, type WaitOptions } from "../deadline.js";
import { UsageError } from "../errors.js";

/** Opens a connection within what bounds the whole call; one that is open too late is closed. */
export async function connecting<C extends Pick<AsyncConnection, "close">>(
  url: string,
  { signal, timeout }: WaitOptions,
  open: (signal: AbortSignal) => Promise<C>,
): Promise<C> {
  deadlineOf(timeout, `connect() to ${url}`); // looked at only: the timer below has it
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function")
    throw new UsageError(`connect() to ${url}: signal is no AbortSignal; allowed: one, or undefined`);
  signal?.throwIfAborted();
  const ends = new AbortController();
  const onAbort = (): void => ends.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer = startTimer(timeout, () => ends.abort(timedOut(`connect() to ${url}`, timeout)));
  try {
    const connection = await open(ends.signal);
    if (!ends.signal.aborted) return connection;
    connection.close();
    throw ends.signal.reason;
  } catch (error) {
    throw ends.signal.aborted ? ends.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
