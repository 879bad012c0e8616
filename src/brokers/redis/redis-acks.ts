/** One call of the script settles at most so many. */
const MOST = 512;

/** By what a taken message is known. */
export interface RedisToken {
  readonly id: string;
  readonly consumer: string;
}

interface Ack {
  readonly tokens: readonly RedisToken[];
  resolve(lost: number): void;
  reject(error: unknown): void;
}

/**
 * Acknowledgements that are made before the event loop turns go to the server together, as one call of the script: who acknowledges
 * without waiting for each pays for one call, not for hundreds.
 */
export class RedisAcks {
  private waiting: Ack[] = [];

  /** @param send tells the server; gives the ids of those that were not this end's any more */
  constructor(private readonly send: (tokens: readonly RedisToken[]) => Promise<ReadonlySet<string>>) {}

  /** Gives how many of them were not this end's any more. */
  ack(tokens: readonly RedisToken[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ tokens, resolve, reject });
      // behind the microtasks, in which a loop acknowledges one message after the other
      if (this.waiting.length === 1) process.nextTick(() => this.flush());
    });
  }

  /** Sends what has gathered. */
  flush(): void {
    const waiting = this.waiting.splice(0);
    let part: Ack[] = [];
    let count = 0;
    for (const ack of waiting) {
      part.push(ack);
      count += ack.tokens.length;
      if (count < MOST) continue;
      void this.sendPart(part);
      part = [];
      count = 0;
    }
    if (part.length > 0) void this.sendPart(part);
  }

  private async sendPart(part: readonly Ack[]): Promise<void> {
    try {
      const lost = await this.send(part.flatMap(({ tokens }) => tokens));
      for (const { tokens, resolve } of part) resolve(tokens.filter(({ id }) => lost.has(id)).length);
    } catch (error) {
      for (const { reject } of part) reject(error);
    }
  }
}
