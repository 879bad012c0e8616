import type { MessageHeaders, QueueCapability } from "../async-queue.js";
import type { TopicCapability } from "../async-topic.js";
import type { WaitOptions } from "../deadline.js";
import type { TlsOptions } from "../transports/connection-options.js";
import type { CodecName, MessageCodec } from "../transports/message-codec.js";
import type { StandardSchema } from "../transports/standard-schema.js";
import type { Bounds } from "./bounds.js";

/*
 * Brokers: one interface, many servers
 *
 * Idea    A backend is a `QueueDriver` (or `TopicDriver`) that moves bodies of bytes. `DrivenQueue` and `DrivenTopic` make
 *         of it what the user sees: values, timeouts, signals, loops, prefetching, what is settled once only. So a backend
 *         says what its server does and nothing else, and one suite (test/contract) holds for all of them.
 * States  A message is ready, delayed, taken or gone. A driver's `take` makes ready ones taken; `settle` ends that.
 * Order   A driver's calls may overlap; `put` keeps the order in which it was called.
 * Death   A consumer that dies gives back what it had taken; by what and how soon is the driver's own essay.
 * Limits  What a server cannot do is missing in `capabilities`, and is refused before the driver is asked.
 */

/** How a queue is opened. All ends of a queue must say the same of what the queue itself is: the first six. */
export interface OpenQueueOptions<T = unknown> extends WaitOptions {
  /** Put waits while so many messages are ready. */
  maxItems?: number;
  /** Bytes for messages in shared memory, as of the class `Queue`. */
  capacity?: number;
  /** So many priorities, 0 (first) to one less; 2 to 10. Default: none, all messages are equal. */
  priorities?: number;
  /** How often a message is handed out; one that nobody has acknowledged by then is a dead letter. */
  maxDeliveries?: number;
  /** The queue of the same broker where dead letters go, by its name (or path); without one they are dropped. */
  deadLetter?: string;
  /** What of every put is, unless it says otherwise. */
  ttl?: number;
  delay?: number;
  /** Messages that a loop over `messages()` takes ahead, the current one included; default 32. */
  prefetch?: number;
  /** How values become bytes; default `"structured"`. What comes goes by what its sender said that it is. */
  codec?: CodecName | MessageCodec<T, T>;
  /** Checks, and may change, what comes. */
  schema?: StandardSchema<T>;
  /** Also start with an error when the queue is not there, instead of making it. Default false. */
  mustExist?: boolean;
  /** The token of a gateway (`http:`, `https:`); it is never in an error. */
  token?: string;
  /**
   * The authorities to trust, and a certificate to show, at `amqps:`, `activemqs:`, `natss:`, `rediss:` and `https:`; without them
   * the system's authorities are trusted.
   */
  tls?: TlsOptions;
}

/** What of it the queue and its driver are about; values are not. */
export type QueueShape = Omit<OpenQueueOptions, "codec" | "schema">;

/** How a topic is opened. */
export interface OpenTopicOptions<T = unknown> extends WaitOptions {
  capacity?: number;
  lossless?: boolean;
  codec?: CodecName | MessageCodec<T, T>;
  schema?: StandardSchema<T>;
  /** The token of a gateway (`http:`, `https:`); it is never in an error. */
  token?: string;
  /** As of queues. */
  tls?: TlsOptions;
}

/** A body on its way to a broker. */
export interface Outgoing {
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly id: string;
  readonly headers: MessageHeaders;
  readonly priority: number;
  /** Milliseconds; 0 is none. */
  readonly delay: number;
  /** Milliseconds; Infinity is for ever. */
  readonly ttl: number;
  /** Of a topic. */
  readonly key?: string;
  /** By what a caller recognises an answer, where messages have that. */
  readonly correlationId?: string;
}

/** A body that came from a broker. */
export interface Incoming {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  readonly id: string | undefined;
  readonly headers: MessageHeaders;
  readonly deliveries: number;
  readonly redelivered: boolean;
  readonly key?: string;
  /** Where its sender wants an answer, and by what he will recognise it, where messages have that. */
  readonly replyTo?: string;
  readonly correlationId?: string;
  /** What the driver knows it by. */
  readonly token: unknown;
}

/** How a taken message ends: done with; back into the queue; not wanted (dead letters, or away); or never handed out. */
export type Settlement = "ack" | "requeue" | "reject" | "return";

/** Messages for one loop, taken ahead. */
export interface Feed {
  /** The next ones, one or more, waiting for them; undefined when nothing more will ever come. */
  next(bounds: Bounds): Promise<Incoming[] | undefined>;
  /** Whether the server has taken a message back that `next` gave, because the connection broke: it comes again. */
  hasLost?(message: Incoming): boolean;
  /** One of them was settled. */
  settled(): void;
  /** Takes no more, and gives back what `next` has not given. */
  end(): Promise<void>;
}

/** One backend's way to a queue. Every call rejects with an InterprocError. */
export interface QueueDriver {
  readonly capabilities: ReadonlySet<QueueCapability>;
  /** Resolves when all are confirmed. The bounds say whether anybody still waits for that. */
  put(messages: readonly Outgoing[], bounds: Bounds): Promise<void>;
  /**
   * Takes up to `max` that are ready. With `isWaiting` it waits for the first; undefined when nothing more will ever come.
   * When it is given up it soon rejects, having taken nothing, or resolves all the same.
   */
  take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined>;
  /** Messages for one loop, where the server sends them by itself; without it loops take by `take`. */
  feed?(prefetch: number, bounds: Bounds): Promise<Feed>;
  settle(messages: readonly Incoming[], how: Settlement): Promise<void>;
  size(): Promise<number>;
  unacked(): Promise<number>;
  /** Resolves when nothing is ready, delayed or taken. */
  join(bounds: Bounds): Promise<void>;
  shutdown(immediate: boolean): Promise<void>;
  purge(): Promise<number>;
  delete(): Promise<void>;
  close(): Promise<void>;
  /** Whether a call is pending, for which the process should live. */
  hold(isHeld: boolean): void;
}

/** What a subscription is to its driver. */
export interface SubscriptionDriver extends Pick<QueueDriver, "take" | "feed" | "settle" | "close" | "hold"> {
  readonly missed: number;
  unsubscribe(): Promise<void>;
}

/** One backend's way to a topic. */
export interface TopicDriver {
  readonly capabilities: ReadonlySet<TopicCapability>;
  publish(message: Outgoing, bounds: Bounds): Promise<void>;
  subscribe(wanted: Wanted): Promise<SubscriptionDriver>;
  close(): Promise<void>;
  hold(isHeld: boolean): void;
}

/** A subscription that is asked for. */
export interface Wanted {
  readonly pattern: string;
  readonly group: string | undefined;
  readonly isDurable: boolean;
}
