import type { AsyncSubscription } from "../async-topic.js";
import type { WaitOptions } from "../deadline.js";
import { diagnostics } from "../diagnostics.js";
import type { BodyCodec } from "./body-codec.js";
import type { SubscriptionDriver } from "./broker.js";
import type { DrivenMessage } from "./driven-message.js";
import { Taking } from "./taking.js";

/** One subscriber of a topic at a broker. */
export class DrivenSubscription<T> implements AsyncSubscription<T> {
  private readonly taking: Taking<T>;
  private ended: Promise<void> | undefined;

  constructor(
    url: string,
    readonly pattern: string,
    private readonly driver: SubscriptionDriver,
    bodies: BodyCodec<T>,
    prefetch: number,
    private readonly gone: () => void,
  ) {
    const label = `topic ${url}: subscription ${JSON.stringify(pattern)}`;
    this.taking = new Taking(label, driver, bodies, prefetch, { url, got: diagnostics.topicGet });
  }

  get closed(): boolean {
    return this.taking.isClosed;
  }

  get missed(): number {
    return this.driver.missed;
  }

  async get(options?: WaitOptions): Promise<T> {
    const found = await this.taking.get("get()", 1, true, options);
    if (found === undefined) throw this.taking.overError("get()");
    return found[0];
  }

  messages(options?: WaitOptions): AsyncGenerator<DrivenMessage<T>, void, undefined> {
    return this.taking.messages(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.taking.values();
  }

  async unsubscribe(): Promise<void> {
    this.driver.hold(true);
    if (!this.closed) await this.driver.unsubscribe();
    await this.close();
  }

  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    this.gone();
    try {
      await this.taking.close();
    } finally {
      this.driver.hold(true);
      await this.driver.close();
    }
  }
}
