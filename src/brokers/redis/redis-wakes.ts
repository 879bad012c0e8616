import type { Bounds } from "../bounds.js";
import type { RedisConnection } from "./redis-connection.js";

/** Waits until somebody says on a queue's channel that there is something new, or a pause is over. */
export class RedisWakes {
  /** Counts what was heard, so that nothing that comes between looking and waiting is missed. */
  count = 0;
  private stop: Promise<() => Promise<void>> | undefined;
  private readonly sleepers = new Set<() => void>();

  constructor(
    private readonly connection: RedisConnection,
    private readonly channel: string,
  ) {}

  /** Listens from now on. */
  async listen(): Promise<void> {
    this.stop ??= this.connection.subscribe(this.channel, () => this.heard());
    await this.stop;
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
    await (await this.stop?.catch(() => undefined))?.();
  }

  private heard(): void {
    this.count++;
    for (const wake of [...this.sleepers]) wake();
  }
}
