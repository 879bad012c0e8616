import { ClosedError } from "../../errors.js";
import { Bounds } from "../bounds.js";
import type { Outgoing } from "../broker.js";
import type { RedisConnection } from "./redis-connection.js";
import { PUT } from "./redis-scripts.js";

/** One call of the script has at most so many messages and, but for the last of them, so many bytes of bodies. */
const MOST_MESSAGES = 512;
const MOST_BYTES = 1 << 20;

/** Leaves the connection's own repetition, which sends the same bytes again: what is put again is marked. */
class Again extends Error {}

interface Put {
  readonly messages: readonly Outgoing[];
  readonly bounds: Bounds;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Puts into a queue without a limit. Those that are made in one turn of the event loop go to the server together, as one call of
 * the script, in their order: a script costs the server more than the entries that it adds.
 */
export class RedisPuts {
  private waiting: Put[] = [];

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: readonly string[],
    private readonly head: readonly string[],
    private readonly fieldsOf: (message: Outgoing, isAgain: boolean) => readonly (string | Buffer)[],
  ) {}

  /** Resolves when all are confirmed. */
  put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, bounds, resolve, reject });
      if (this.waiting.length === 1) queueMicrotask(() => this.flush());
    });
  }

  private flush(): void {
    let part: Put[] = [];
    let count = 0;
    let bytes = 0;
    for (const put of this.waiting.splice(0)) {
      part.push(put);
      count += put.messages.length;
      for (const { body } of put.messages) bytes += body.length;
      if (count < MOST_MESSAGES && bytes < MOST_BYTES) continue;
      void this.send(part);
      part = [];
      count = bytes = 0;
    }
    if (part.length > 0) void this.send(part);
  }

  private async send(puts: readonly Put[]): Promise<void> {
    const together = new Bounds();
    let wanted = puts.length;
    for (const { bounds } of puts) {
      const giveUp = (reason: unknown): void => {
        if (--wanted === 0) together.giveUp(reason);
      };
      bounds.onGiveUp = giveUp;
    }
    try {
      const placed = await this.place(puts, together);
      if (placed < 0)
        throw new ClosedError(`queue ${this.connection.shown}: put(), and it was shut down`, {
          resource: this.connection.shown,
        });
      for (const { resolve } of puts) resolve();
    } catch (error) {
      for (const { reject } of puts) reject(error);
    }
  }

  private async place(puts: readonly Put[], bounds: Bounds): Promise<number> {
    for (let isAgain = false; ; isAgain = true) {
      // nobody waits for those that were given up
      const wanted = puts.filter((put) => !put.bounds.isGivenUp).flatMap(({ messages }) => messages);
      const fields = wanted.flatMap((message) => this.fieldsOf(message, isAgain));
      const again = (): void => {
        throw new Again();
      };
      try {
        const operation = `queue ${this.connection.shown}: put()`;
        return Number(await this.connection.run(PUT, this.keys, [...this.head, ...fields], operation, bounds, again));
      } catch (error) {
        if (!(error instanceof Again)) throw error;
        bounds.throwIfGivenUp();
      }
    }
  }
}
