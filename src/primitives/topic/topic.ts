import type { AsyncTopic } from "../../async-topic.js";
import type { SyncWaitOptions, WaitOptions } from "../../deadline.js";
import { keyBytes, keyPattern } from "../../key-pattern.js";
import { registerKind } from "../handle.js";
import { isPlace } from "../is-place.js";
import { labelOf, type Place, SharedObject, takeObject } from "../shared-object.js";
import { Subscription } from "./subscription.js";
import { TopicAsAsync } from "./topic-as-async.js";
import { TopicCore } from "./topic-core.js";
import { examineTopic, makeTopic, openOrMakeTopic, openTopicObject, type TopicOptions } from "./topic-making.js";
import { TopicPublishing } from "./topic-publishing.js";

/** How a message is published. */
export interface PublishOptions extends WaitOptions {
  /** What subscribers' patterns are held against: words with dots between them, up to 255 bytes. Default empty. */
  key?: string;
}

const noKey: Uint8Array = new Uint8Array(0);

/**
 * Publish and subscribe: every subscriber, in whatever process, sees every message whose key matches its pattern.
 *
 * All subscribers see the messages in one order, in which those of one publisher keep theirs. Who publishes never waits
 * for a subscriber that is slow, stopped or dead: one that falls behind by more than `capacity` is told how many
 * messages it missed. With `lossless: true` publishing waits for the slowest living subscriber instead. A message that
 * nobody has subscribed to is gone.
 *
 * A process that is killed, at whatever instruction, leaves the topic in order: what it had published (the call
 * returned or resolved) everybody sees, what it had not nobody does, and its subscriptions are forgotten. Any value that
 * structured clone takes can be published, also shared objects; not connection ends, which have one owner.
 *
 * Messages stand in a ring that publishers write over and subscribers check after reading, as in Aeron's broadcast
 * buffers; keys and patterns are those of AMQP's topic exchanges.
 *
 * @example
 * const events = new Topic<{ id: number }>();
 * const paid = events.subscribe("orders.*.paid");
 * events.tryPublish({ id: 7 }, { key: "orders.eu.paid" });
 * console.log(paid.tryGet()); // { id: 7 }
 */
export class Topic<T = unknown> extends SharedObject {
  private readonly core: TopicCore;
  private readonly publishing: TopicPublishing;
  private readonly subscriptions = new Set<WeakRef<Subscription<T>>>();
  private holdsLoop = true;
  private lastKey = "";
  private lastKeyBytes: Uint8Array = noKey;

  /** Makes a topic that others get by being handed it. @throws UsageError, SystemError */
  constructor(options?: Omit<TopicOptions, "persist">);
  /** @internal */
  constructor(place: Place);
  constructor(from: TopicOptions | Place = {}) {
    super(
      isPlace(from, "Topic") ? from : makeTopic(undefined, from),
      labelOf("Topic", "holding" in from ? from.holding.segment.name : ""),
    );
    this.core = TopicCore.of(this.holding);
    this.publishing = new TopicPublishing(this.core, this.label);
  }

  /** Makes a topic under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create<T = unknown>(name: string, options: TopicOptions = {}): Topic<T> {
    return new Topic<T>(makeTopic(name, options));
  }

  /** Opens the topic of that name. @throws NotFoundError, MismatchError */
  static open<T = unknown>(name: string): Topic<T> {
    return new Topic<T>(openTopicObject(name));
  }

  /** Opens the topic of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate<T = unknown>(name: string, options: TopicOptions = {}): Topic<T> {
    return new Topic<T>(openOrMakeTopic(name, options));
  }

  /** Bytes for messages that somebody may not have read yet. */
  get capacity(): number {
    return (this.open("capacity").holding.segment.data as ArrayBuffer).byteLength;
  }

  /** Whether publishing waits for the slowest subscriber. */
  get lossless(): boolean {
    return this.open("lossless").isLossless;
  }

  /** How many subscriptions there are in living processes. */
  get subscribers(): number {
    return this.open("subscribers").rows.living();
  }

  /**
   * Publishes a message to all who have subscribed by now. Waits only where the topic is lossless and full, or another
   * process was stopped in the middle of publishing. Calls through one handle keep their order.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted: then nothing was published
   * @throws ClosedError after `close()`; CodecError for a value that cannot be sent; UsageError for a key that is too long
   */
  publish(value: T, options?: PublishOptions): Promise<void> {
    try {
      const key = this.keyOf(options, "publish()");
      this.open("publish()");
      return this.publishing.publish(key, value, this.holdsLoop, this, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same, blocking the thread. @throws as `publish`; UsageError when only this very thread could make room */
  publishSync(value: T, options?: SyncWaitOptions & Pick<PublishOptions, "key">): void {
    const key = this.keyOf(options, "publishSync()");
    this.open("publishSync()");
    this.publishing.publishSync(key, value, this, options);
  }

  /** Publishes a message if that needs no waiting: false where the topic is lossless and full. */
  tryPublish(value: T, options?: Pick<PublishOptions, "key">): boolean {
    const key = this.keyOf(options, "tryPublish()");
    this.open("tryPublish()");
    return this.publishing.tryPublish(key, value);
  }

  /**
   * Subscribes to what is published from now on, when this returns. In the pattern `*` stands for one word of the key
   * and `#` for any number: `orders.*.paid`, `orders.#`. Without one every message comes.
   *
   * @throws UsageError for a pattern that is none; SystemError when all `maxSubscribers` places are taken; ClosedError
   */
  subscribe(pattern = "#"): Subscription<T> {
    const core = this.open("subscribe()");
    const matches = keyPattern(pattern, `${this.label}: subscribe()`);
    const { label, name } = this;
    const home = {
      core,
      label,
      name,
      requireOthers: (operation: string) => this.holding.requireOthers(operation),
      closed: () => this.forgetClosed(),
    };
    const subscription = new Subscription<T>(home, core.subscribe(), pattern, pattern === "#" ? undefined : matches);
    this.forgetClosed();
    this.subscriptions.add(new WeakRef(subscription));
    return subscription;
  }

  /** This topic with the interface of topics everywhere, promises only: what `openTopic` gives. Closing it closes this. */
  asAsync(): AsyncTopic<T> {
    return new TopicAsAsync<T>(this);
  }

  /** A pending `publish` keeps the process alive, as at first. */
  ref(): this {
    return this.hold(true);
  }

  unref(): this {
    return this.hold(false);
  }

  /** Ends this handle's subscriptions. */
  override close(): void {
    if (this.closed) return;
    super.close();
    if (!this.holding.isAttached) this.core.messageFolder.left();
  }

  protected override detach(): void {
    for (const one of this.subscriptions) one.deref()?.close();
    this.publishing.rejectAll(this, () => this.closedError("publish()"));
    this.core.flushWakes();
  }

  private keyOf(options: Pick<PublishOptions, "key"> | undefined, operation: string): Uint8Array {
    const key = options?.key;
    if (key === undefined || key === "") return noKey;
    if (key === this.lastKey) return this.lastKeyBytes;
    const bytes = keyBytes(key, `${this.label}: ${operation}`);
    this.lastKey = key;
    this.lastKeyBytes = bytes;
    return bytes;
  }

  private forgetClosed(): void {
    for (const one of this.subscriptions) if (one.deref()?.closed ?? true) this.subscriptions.delete(one);
  }

  private hold(held: boolean): this {
    this.holdsLoop = held;
    this.publishing.setHoldsLoop(this, held);
    return this;
  }

  private open(operation: string): TopicCore {
    if (this.closed || !this.holding.isAttached) throw this.closedError(operation);
    return this.core;
  }
}

registerKind("topic", (folder, descriptor) => new Topic(takeObject("topic", folder, descriptor, examineTopic)));
