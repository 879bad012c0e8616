import { deadlineOf, timedOut, type WaitOptions } from "../deadline.js";

/** What ends all pending calls of an object at once, when it is closed. */
export class Closing {
  private readonly calls = new Set<(reason: unknown) => void>();
  reason: unknown;

  get isClosed(): boolean {
    return this.reason !== undefined;
  }

  /** @throws the reason when it is closed already */
  join(call: (reason: unknown) => void): void {
    if (this.isClosed) throw this.reason;
    this.calls.add(call);
  }

  leave(call: (reason: unknown) => void): void {
    this.calls.delete(call);
  }

  close(reason: unknown): void {
    this.reason = reason;
    for (const call of [...this.calls]) call(reason);
  }
}

/** What a driver's call hears of whoever called: whether, and why, it was given up. */
export class Bounds {
  /** Called once when the call is given up. */
  onGiveUp: ((reason: unknown) => void) | undefined;
  private abort: AbortController | undefined;
  private given: { readonly reason: unknown } | undefined;

  constructor(private readonly settle: () => boolean = () => true) {}

  get isGivenUp(): boolean {
    return this.given !== undefined;
  }

  /** The same for what takes signals. */
  get signal(): AbortSignal {
    this.abort ??= new AbortController();
    if (this.given && !this.abort.signal.aborted) this.abort.abort(this.given.reason);
    return this.abort.signal;
  }

  /** From now on it cannot be given up: false when it was already. */
  commit(): boolean {
    return this.settle();
  }

  throwIfGivenUp(): void {
    if (this.given) throw this.given.reason;
  }

  giveUp(reason: unknown): void {
    this.given = { reason };
    this.abort?.abort(reason);
    this.onGiveUp?.(reason);
  }
}

/**
 * Runs what waits for a broker, bounded by a timeout, a signal and the end of the object. The body is told by its bounds;
 * the caller is answered at once even if the body is not heard of any more, and what it then still brings goes to `late`.
 */
export function bounded<T>(
  operation: string,
  { timeout, signal }: WaitOptions,
  closing: Closing,
  body: (bounds: Bounds) => Promise<T>,
  late: (value: T) => void = () => undefined,
  undelivered?: unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    deadlineOf(timeout, operation);
    signal?.throwIfAborted();
    let isOpen = true;
    let timer: NodeJS.Timeout | undefined;
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      closing.leave(giveUp);
    };
    const end = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      release();
      return true;
    };
    const bounds = new Bounds(() => {
      release();
      return isOpen;
    });
    const giveUp = (reason: unknown): void => {
      if (!end()) return;
      reject(reason);
      bounds.giveUp(reason);
    };
    const onAbort = (): void => giveUp(signal?.reason);
    closing.join(giveUp);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY)
      timer = setTimeout(() => giveUp(timedOut(operation, timeout, undelivered)), Math.max(0, timeout));
    body(bounds).then(
      (value) => (end() ? resolve(value) : late(value)),
      (error) => end() && reject(error),
    );
  });
}
