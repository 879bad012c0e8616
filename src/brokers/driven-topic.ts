import { randomUUID } from "node:crypto";
import type {
  AsyncPublishOptions,
  AsyncSubscription,
  AsyncTopic,
  SubscribeOptions,
  TopicCapability,
} from "../async-topic.js";
import { diagnostics } from "../diagnostics.js";
import { UsageError } from "../errors.js";
import { keyBytes, keyPattern } from "../key-pattern.js";
import type { BodyCodec } from "./body-codec.js";
import type { TopicDriver } from "./broker.js";
import { checkPut } from "./check-options.js";
import { DrivenSubscription } from "./driven-subscription.js";
import { Taking } from "./taking.js";
import { withCarried } from "./with-carried.js";

/** A topic at a broker, as its users have it. */
export class DrivenTopic<T> implements AsyncTopic<T> {
  private readonly subscriptions = new Set<DrivenSubscription<T>>();
  private readonly label: string;
  /** Bounds this topic's own calls; it takes nothing. */
  private readonly calls: Taking<T>;
  private ended: Promise<void> | undefined;

  constructor(
    readonly url: string,
    private readonly driver: TopicDriver,
    private readonly bodies: BodyCodec<T>,
  ) {
    this.label = `topic ${url}`;
    const nothing = { take: async () => undefined, settle: async () => undefined };
    this.calls = new Taking(this.label, { ...nothing, hold: (isHeld) => driver.hold(isHeld) }, bodies, 1);
  }

  get capabilities(): ReadonlySet<TopicCapability> {
    return this.driver.capabilities;
  }

  get closed(): boolean {
    return this.calls.isClosed;
  }

  async publish(value: T, options: AsyncPublishOptions = {}): Promise<void> {
    const { topicPublish } = diagnostics;
    if (!topicPublish.isWatched) return this.publishOne(value, options);
    const event = { operation: "publish()", url: this.url, count: 1, headers: {} };
    return topicPublish.trace(event, () =>
      this.publishOne(value, withCarried(options, event.headers, this.capabilities)),
    );
  }

  private async publishOne(value: T, options: AsyncPublishOptions): Promise<void> {
    const operation = `${this.label}: publish()`;
    if (this.closed) throw this.calls.closedError("publish()", value);
    const { key = "", id, headers } = options;
    keyBytes(key, operation);
    checkPut({ id, headers }, {}, new Set(this.capabilities.has("headers") ? (["headers"] as const) : []), operation);
    const message = {
      body: this.bodies.encode(value),
      contentType: this.bodies.contentType,
      id: id ?? randomUUID(),
      headers: headers ?? {},
      priority: 0,
      delay: 0,
      ttl: Number.POSITIVE_INFINITY,
      key,
    };
    await this.calls.call("publish()", options, (bounds) => this.driver.publish(message, bounds), undefined, value);
  }

  async subscribe(pattern = "#", options: SubscribeOptions = {}): Promise<AsyncSubscription<T>> {
    const operation = `${this.label}: subscribe()`;
    const { group, durable = false, prefetch = 32 } = options;
    keyPattern(pattern, operation);
    if (group !== undefined && !this.capabilities.has("group"))
      throw new UsageError(`${operation}: group is ${JSON.stringify(group)}; this broker has no groups of subscribers`);
    if (durable && group === undefined)
      throw new UsageError(
        `${operation}: durable without a group; allowed: a durable group, by whose name it is found again`,
      );
    if (durable && !this.capabilities.has("durable"))
      throw new UsageError(`${operation}: durable; this broker keeps nothing for subscribers that are not there`);
    const made = await this.calls.call(
      "subscribe()",
      options,
      () => this.driver.subscribe({ pattern, group, isDurable: durable }),
      (late) => void late.close().catch(() => undefined),
    );
    const subscription = new DrivenSubscription<T>(this.url, pattern, made, this.bodies, prefetch, () =>
      this.subscriptions.delete(subscription),
    );
    this.subscriptions.add(subscription);
    return subscription;
  }

  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    await this.calls.close();
    for (const one of [...this.subscriptions]) await one.close();
    this.driver.hold(true);
    await this.driver.close();
  }
}
