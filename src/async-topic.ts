import type { AsyncMessage, MessageHeaders } from "./async-queue.js";
import type { WaitOptions } from "./deadline.js";

/** What only some topics can do. */
export type TopicCapability =
  /** The option `group` of a subscription: its members share the messages between them. */
  | "group"
  /** The option `durable` of a group: it keeps what is published while nobody listens. */
  | "durable"
  /** `id` and `headers` of what is published. */
  | "headers"
  /** A publisher waits for the slowest subscriber, or a subscriber is told how many it missed. */
  | "missed";

/** What is said of one published message. */
export interface AsyncPublishOptions extends WaitOptions {
  /** What patterns are held against: words with dots between them, up to 255 bytes. Default empty. */
  key?: string;
  id?: string;
  headers?: MessageHeaders;
}

/** What is asked for with a subscription. */
export interface SubscribeOptions extends WaitOptions {
  /** Those that subscribe under one group's name share its messages: each goes to one of them. */
  group?: string;
  /** The group stays, and gathers messages, while none of its members is there; `unsubscribe()` ends it. */
  durable?: boolean;
  /** Messages that are taken ahead; default 32. */
  prefetch?: number;
}

/** A message of a topic as a subscriber has it. Outside durable groups `ack` and `nack` have nothing to do. */
export interface AsyncTopicMessage<T> extends AsyncMessage<T> {
  /** What it was published with; empty without a key. */
  readonly key: string;
}

/** What one subscriber sees of a topic. */
export interface AsyncSubscription<T = unknown> extends AsyncIterable<T>, AsyncDisposable {
  readonly pattern: string;
  readonly closed: boolean;
  /** How many messages were lost to it because it fell behind, as far as that is known. */
  readonly missed: number;
  /** The next message, waiting for it. @throws TimeoutError, the reason of `signal`, ClosedError, CodecError */
  get(options?: WaitOptions): Promise<T>;
  /** The messages as they come; in a durable group those that are not acknowledged come again. */
  messages(options?: WaitOptions): AsyncGenerator<AsyncTopicMessage<T>, void, undefined>;
  /** Ends a group with all that it has gathered; without a group it is `close()`. */
  unsubscribe(): Promise<void>;
  close(): Promise<void>;
}

/** Publish and subscribe, wherever it lives: every subscriber sees every message whose key matches its pattern. */
export interface AsyncTopic<T = unknown> extends AsyncDisposable {
  /** Where it is; never with a password. */
  readonly url: string;
  readonly capabilities: ReadonlySet<TopicCapability>;
  readonly closed: boolean;
  /** Publishes to all who have subscribed by now; resolves when the broker has confirmed it. */
  publish(value: T, options?: AsyncPublishOptions): Promise<void>;
  /** Subscribes to what is published once this has resolved. `*` stands for one word of a key, `#` for any number. */
  subscribe(pattern?: string, options?: SubscribeOptions): Promise<AsyncSubscription<T>>;
  /** Ends this end's subscriptions; durable groups stay. Allowed twice. */
  close(): Promise<void>;
}
