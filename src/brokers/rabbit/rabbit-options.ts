import type { WaitOptions } from "../../deadline.js";

/** What headers and arguments may hold: the types of AMQP's tables. */
export type RabbitValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly RabbitValue[]
  | RabbitTable;

/** Headers of a message, and arguments of queues, exchanges, bindings and consumers. */
export interface RabbitTable {
  readonly [name: string]: RabbitValue | undefined;
}

/** What travels beside a body. All are the sender's words; the server acts on `persistent`, `expiration`, `priority` and `userId`. */
export interface RabbitProperties {
  /** In a durable queue it survives a restart of the server. Default false, as in AMQP. */
  readonly persistent?: boolean;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: RabbitTable;
  /** 0 to 255; the largest goes first in queues that were declared with `maxPriority`. */
  readonly priority?: number;
  /** By what a caller recognises the answer. */
  readonly correlationId?: string;
  /** The queue where the answer is to go. */
  readonly replyTo?: string;
  /** Milliseconds after which it is not delivered any more. */
  readonly expiration?: number;
  readonly messageId?: string;
  /** Whole seconds travel. */
  readonly timestamp?: Date;
  readonly type?: string;
  /** Must be the name by which this connection was opened. */
  readonly userId?: string;
  readonly appId?: string;
}

/** How `openRabbit` opens. */
export interface OpenRabbitOptions extends WaitOptions {
  /** Told of messages that were published with `mandatory` and `confirm: false`, and that no queue takes. */
  onReturned?: (message: RabbitReturned) => void;
}

/** A message that came back because no queue takes it. */
export interface RabbitReturned {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: RabbitProperties;
  readonly body: Uint8Array;
  /** Why: AMQP's reply code, such as 312. */
  readonly replyCode: number;
  readonly replyText: string;
}

/** The kinds of queues that RabbitMQ has: `quorum` is replicated and counts deliveries, `stream` keeps what was read. */
export type RabbitQueueType = "classic" | "quorum" | "stream";

/** How a queue is declared. Who declares it again must say the same. */
export interface QueueDeclareOptions extends WaitOptions {
  /** Only asks whether it is there; says nothing about what it is like. */
  passive?: boolean;
  /** It survives a restart of the server. Default: true for `quorum` and `stream`, which are always durable, else false. */
  durable?: boolean;
  /** For this connection only, with which it goes. */
  exclusive?: boolean;
  /** It goes with its last consumer. */
  autoDelete?: boolean;
  /** Default: what the server makes of it, `classic` unless it was set up otherwise. */
  type?: RabbitQueueType;
  /** Milliseconds after which a message goes to the dead letters, or away. */
  messageTtl?: number;
  /** Milliseconds without a use after which the queue goes. */
  expires?: number;
  maxLength?: number;
  maxLengthBytes?: number;
  /** What happens to a message for which there is no room; by default the oldest goes. */
  overflow?: "drop-head" | "reject-publish" | "reject-publish-dlx";
  deadLetterExchange?: string;
  deadLetterRoutingKey?: string;
  /** Priorities 0 to this, 255 at most; not in quorum queues and streams. */
  maxPriority?: number;
  /** How often a message of a quorum queue comes back before it goes to the dead letters. */
  deliveryLimit?: number;
  /** One consumer at a time gets messages, the next one when it has gone. */
  singleActiveConsumer?: boolean;
  /** What else the server knows, by its own names (`x-…`). */
  arguments?: RabbitTable;
}

/** What the server says of a queue. */
export interface QueueDeclared {
  readonly queue: string;
  /** Messages that are ready. */
  readonly messageCount: number;
  readonly consumerCount: number;
}

/** How an exchange routes: by the same key, to all, by patterns of words, by headers; plugins bring others. */
export type RabbitExchangeType = "direct" | "fanout" | "topic" | "headers" | (string & Record<never, never>);

/** How an exchange is declared. Who declares it again must say the same. */
export interface ExchangeDeclareOptions extends WaitOptions {
  passive?: boolean;
  /** It survives a restart of the server. Default false. */
  durable?: boolean;
  /** It goes with its last binding. */
  autoDelete?: boolean;
  /** Nobody publishes to it, other exchanges only. */
  internal?: boolean;
  /** The exchange that gets what this one can route nowhere. */
  alternateExchange?: string;
  arguments?: RabbitTable;
}

/** How a binding is made, and ended. */
export interface BindOptions extends WaitOptions {
  /** Of a `headers` exchange: the headers that a message must have, and `x-match`: `"all"` of them (default) or `"any"`. */
  arguments?: RabbitTable;
}

/** How a message is published. */
export interface RabbitPublishOptions extends RabbitProperties, WaitOptions {
  /** That no queue takes it is a failure. Default false: then it is gone. */
  readonly mandatory?: boolean;
  /** Whether to wait until the server has taken it. Default true. */
  readonly confirm?: boolean;
}

/** How a call is made. */
export type RabbitCallOptions = Omit<RabbitPublishOptions, "mandatory" | "confirm" | "replyTo">;

/** How messages are consumed. */
export interface ConsumeOptions extends WaitOptions {
  /** A message is acknowledged by being sent: at most once. Default false. */
  autoAck?: boolean;
  /** So many messages that are not settled may be here at once; default 32, 0 for any number. Nothing with `autoAck`. */
  prefetch?: number;
  /** Nobody else may consume from the queue. */
  exclusive?: boolean;
  /** The larger, the sooner among the queue's consumers. */
  priority?: number;
  /** Default: one that the server makes up. */
  consumerTag?: string;
  /** Where to begin in a stream; default `"next"`. */
  offset?: "first" | "last" | "next" | number | Date;
  arguments?: RabbitTable;
}
