import type {
  AsyncPublishOptions,
  AsyncSubscription,
  AsyncTopic,
  AsyncTopicMessage,
  SubscribeOptions,
  TopicCapability,
} from "../../async-topic.js";
import type { WaitOptions } from "../../deadline.js";
import { UsageError } from "../../errors.js";
import type { Subscription } from "./subscription.js";
import type { Topic } from "./topic.js";

const capabilities: ReadonlySet<TopicCapability> = new Set(["missed"] as const);

/** A topic in shared memory with the interface of topics everywhere: promises only. */
export class TopicAsAsync<T> implements AsyncTopic<T> {
  readonly url: string;
  readonly capabilities = capabilities;

  constructor(private readonly topic: Topic<T>) {
    this.url = `shm:${topic.name ?? ""}`;
  }

  get closed(): boolean {
    return this.topic.closed;
  }

  async publish(value: T, options: AsyncPublishOptions = {}): Promise<void> {
    for (const name of ["id", "headers"] as const)
      if (options[name] !== undefined)
        throw new UsageError(`topic ${this.url}: publish() with ${name}; shared memory has no such thing`);
    await this.topic.publish(value, options);
  }

  async subscribe(pattern = "#", options: SubscribeOptions = {}): Promise<AsyncSubscription<T>> {
    const { group, durable, signal } = options;
    signal?.throwIfAborted();
    if (group !== undefined || durable)
      throw new UsageError(`topic ${this.url}: subscribe() with a group; shared memory has no groups of subscribers`);
    return new SubscriptionAsAsync(this.topic.subscribe(pattern), pattern);
  }

  async close(): Promise<void> {
    this.topic.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class SubscriptionAsAsync<T> implements AsyncSubscription<T> {
  constructor(
    private readonly subscription: Subscription<T>,
    readonly pattern: string,
  ) {}

  get closed(): boolean {
    return this.subscription.closed;
  }

  get missed(): number {
    return this.subscription.missed;
  }

  get(options?: WaitOptions): Promise<T> {
    return this.subscription.get(options);
  }

  async *messages(options?: WaitOptions): AsyncGenerator<AsyncTopicMessage<T>, void, undefined> {
    while (!this.closed) {
      const { value, key } = await this.subscription.take(options);
      let isSettled = false;
      const settle = async (): Promise<void> => {
        if (isSettled) throw new UsageError("ack() of a message that was acknowledged or given back already");
        isSettled = true;
      };
      yield {
        ...{ value, key, bytes: undefined, id: undefined, headers: {}, contentType: undefined },
        ...{ redelivered: false, deliveries: 1, ack: settle, nack: settle },
        get settled() {
          return isSettled;
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.subscription[Symbol.asyncIterator]();
  }

  unsubscribe(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    this.subscription.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
