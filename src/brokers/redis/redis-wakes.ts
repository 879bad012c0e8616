import type { Bounds } from "../bounds.js";
import type { RedisConnection } from "./redis-connection.js";

/** Waits until somebody says on a queue's channel that there is something new, or a pause is over. */
export class RedisWakes {
  /** Counts what was heard, so that nothing that comes between looking and waiting is missed. */
  count = 0;
  private begun: Promise<void> | undefined;
  /** Ends the listening, once it has begun. */
  private end: (() => Promise<void>) | undefined;
  private readonly sleepers = new Set<() => void>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly channel: string,
  ) {}

  /** Listens from now on. */
  async listen(): Promise<void> {
    this.begun ??= this.connection
      .subscribe(this.channel, () => this.heard())
      .then((end) => {
        this.end = end;
      })
      .catch((error) => {
        this.begun = undefined;
        throw error;
      });
    await this.begun;
  }

  /** Resolves once more was heard than that, the pause is over, or nobody waits any more. */
  async next(seen: number, pauseMs: number, bounds: Bounds): Promise<void> {
    if (this.count !== seen) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        bounds.onGiveUp = undefined;
        resolve();
      };
      const timer = setTimeout(wake, pauseMs);
      this.sleepers.add(wake);
      bounds.onGiveUp = wake;
      if (bounds.isGivenUp) wake();
    });
  }

  async close(): Promise<void> {
    for (const wake of [...this.sleepers]) wake();
    // where it has not begun, the server may be away
    if (this.end === undefined) void this.begun?.then(() => this.end?.()).catch(() => undefined);
    await this.end?.();
  }

  private heard(): void {
    this.count++;
    for (const wake of [...this.sleepers]) wake();
  }
}
