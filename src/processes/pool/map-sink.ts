import type { Sink } from "./items-feed.js";

/** All outcomes together, once there are all. */
export class MapSink implements Sink {
  readonly promise: Promise<unknown[]>;
  private readonly values: unknown[] = [];
  private failedAt = Number.POSITIVE_INFINITY;
  private failure: unknown;
  private resolve: (values: unknown[]) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  constructor(
    /** Called with the first error at once, if that ends it all. */
    private readonly failFast: ((error: unknown) => void) | undefined,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  room(): number {
    return Number.POSITIVE_INFINITY;
  }

  value(index: number, value: unknown): void {
    this.values[index] = value;
  }

  error(index: number, error: unknown): void {
    if (index < this.failedAt) {
      this.failedAt = index;
      this.failure = error;
    }
    this.failFast?.(error);
  }

  end(): void {
    if (this.failedAt === Number.POSITIVE_INFINITY) this.resolve(this.values);
    else this.reject(this.failure);
  }

  abandon(error: unknown): void {
    this.reject(error);
  }
}
