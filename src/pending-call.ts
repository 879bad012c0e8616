import { startTimer, timedOut, type WaitOptions } from "./deadline.js";

/**
 * One call that waits: its promise, its timer and its signal. Whoever settles it clears both; giving
 * up (timeout or abort) first runs `withdraw`, so that the call leaves no trace.
 */
export class PendingCall<T> {
  readonly promise: Promise<T>;
  private settle: { resolve(value: T): void; reject(error: unknown): void } | undefined;
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly signal: AbortSignal | undefined;
  private readonly onAbort: (() => void) | undefined;

  constructor(
    operation: string,
    { timeout, signal }: WaitOptions,
    private readonly withdraw: () => void,
    undelivered?: unknown,
  ) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.timer = startTimer(timeout, () => this.giveUp(timedOut(operation, timeout, undelivered)));
    if (signal) {
      this.signal = signal;
      this.onAbort = () => this.giveUp(signal.reason);
      signal.addEventListener("abort", this.onAbort, { once: true });
    }
  }

  get isOpen(): boolean {
    return this.settle !== undefined;
  }

  resolve(value: T): void {
    this.end()?.resolve(value);
  }

  reject(error: unknown): void {
    this.end()?.reject(error);
  }

  /** From now on it cannot be given up any more: what it waits for is under way. */
  hold(): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.onAbort) this.signal?.removeEventListener("abort", this.onAbort);
  }

  private giveUp(error: unknown): void {
    const settle = this.end();
    if (!settle) return;
    this.withdraw();
    settle.reject(error);
  }

  protected end(): { resolve(value: T): void; reject(error: unknown): void } | undefined {
    const { settle } = this;
    this.settle = undefined;
    this.hold();
    return settle;
  }
}
