import { randomUUID } from "node:crypto";
import type { Channel } from "amqplib";
import type { WaitOptions } from "../../deadline.js";
import { ClosedError, NotFoundError, UsageError } from "../../errors.js";
import type { AmqpConnection } from "../amqp/amqp-connection.js";
import { untilClosed } from "../amqp/until-closed.js";
import { type Bounds, bounded, Closing } from "../bounds.js";
import { OpenedConsumer } from "./opened-consumer.js";
import type { Rabbit } from "./rabbit.js";
import { consumeArguments, queueArguments } from "./rabbit-arguments.js";
import { RabbitCalls } from "./rabbit-calls.js";
import type { RabbitConsumer } from "./rabbit-consumer.js";
import { type RabbitAsk, rabbitFailure } from "./rabbit-failure.js";
import type { RabbitMessage } from "./rabbit-message.js";
import type {
  BindOptions,
  ConsumeOptions,
  ExchangeDeclareOptions,
  OpenRabbitOptions,
  QueueDeclared,
  QueueDeclareOptions,
  RabbitCallOptions,
  RabbitExchangeType,
  RabbitPublishOptions,
} from "./rabbit-options.js";
import { rabbitProperties } from "./rabbit-properties.js";
import { type RabbitOutgoing, RabbitPublishing } from "./rabbit-publishing.js";
import { rabbitRepeats } from "./rabbit-repeats.js";
import { rabbitTable } from "./rabbit-table.js";
import { TakenMessage } from "./taken-message.js";

const exchangeTypes = /^(direct|fanout|topic|headers|x-.+)$/;

/** A connection to RabbitMQ, and the channels that its calls take. */
export class OpenedRabbit implements Rabbit {
  private readonly closing = new Closing();
  private readonly consumers = new Set<OpenedConsumer>();
  private readonly publishing: RabbitPublishing;
  private readonly calls: RabbitCalls;
  private readonly hold: (isHeld: boolean) => void;
  private pending = 0;
  private ended: Promise<void> | undefined;
  /** The end of the declaration before: a channel that one of them has closed must not be another's. */
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: AmqpConnection,
    private readonly options: OpenRabbitOptions,
  ) {
    this.publishing = new RabbitPublishing(connection, options.onReturned);
    this.calls = new RabbitCalls(connection);
    this.hold = connection.holder();
    this.hold(false);
  }

  get url(): string {
    return this.connection.shown;
  }

  get closed(): boolean {
    return this.closing.isClosed;
  }

  async queueDeclare(queue = "", options: QueueDeclareOptions = {}): Promise<QueueDeclared> {
    const operation = `queueDeclare() of ${JSON.stringify(queue)}`;
    rabbitProperties.shortText(queue, "queue", operation);
    const declaration = queueArguments(options, operation);
    return this.control(operation, options, "declare", (channel) =>
      options.passive ? channel.checkQueue(queue) : channel.assertQueue(queue, declaration),
    );
  }

  async queueDelete(
    queue: string,
    options: { ifUnused?: boolean; ifEmpty?: boolean } & WaitOptions = {},
  ): Promise<number> {
    const operation = `queueDelete() of ${JSON.stringify(queue)}`;
    rabbitProperties.shortText(queue, "queue", operation);
    const { ifUnused, ifEmpty } = options;
    const remove = (channel: Channel) => channel.deleteQueue(queue, { ifUnused, ifEmpty });
    return (await this.control(operation, options, "delete", remove)).messageCount;
  }

  async queuePurge(queue: string, options: WaitOptions = {}): Promise<number> {
    const operation = `queuePurge() of ${JSON.stringify(queue)}`;
    rabbitProperties.shortText(queue, "queue", operation);
    return (await this.control(operation, options, "other", (channel) => channel.purgeQueue(queue))).messageCount;
  }

  async queueBind(queue: string, exchange: string, routingKey = "", options: BindOptions = {}): Promise<void> {
    await this.bind("queueBind()", [queue, exchange, routingKey], options, (channel, ...rest) =>
      channel.bindQueue(...rest),
    );
  }

  async queueUnbind(queue: string, exchange: string, routingKey = "", options: BindOptions = {}): Promise<void> {
    await this.bind("queueUnbind()", [queue, exchange, routingKey], options, (channel, ...rest) =>
      channel.unbindQueue(...rest),
    );
  }

  async exchangeDeclare(
    exchange: string,
    type: RabbitExchangeType = "direct",
    options: ExchangeDeclareOptions = {},
  ): Promise<void> {
    const operation = `exchangeDeclare() of ${JSON.stringify(exchange)}`;
    rabbitProperties.shortText(exchange, "exchange", operation);
    // the server ends the whole connection of who asks for another
    if (!exchangeTypes.test(type))
      throw new UsageError(`${operation}: type is ${type}; allowed: direct, fanout, topic, headers and a plugin's x-…`);
    const { durable = false, autoDelete, internal, alternateExchange } = options;
    const args = rabbitTable.toWire(options.arguments ?? {}, `${operation}: arguments`);
    await this.control<unknown>(operation, options, "declare", (channel) =>
      options.passive
        ? channel.checkExchange(exchange)
        : channel.assertExchange(exchange, type, {
            ...{ durable, autoDelete, internal, arguments: args },
            ...(alternateExchange !== undefined && { alternateExchange }),
          }),
    );
  }

  async exchangeDelete(exchange: string, options: { ifUnused?: boolean } & WaitOptions = {}): Promise<void> {
    const operation = `exchangeDelete() of ${JSON.stringify(exchange)}`;
    rabbitProperties.shortText(exchange, "exchange", operation);
    const { ifUnused } = options;
    await this.control(operation, options, "delete", (channel) => channel.deleteExchange(exchange, { ifUnused }));
  }

  async exchangeBind(destination: string, source: string, routingKey = "", options: BindOptions = {}): Promise<void> {
    await this.bind("exchangeBind()", [destination, source, routingKey], options, (channel, ...rest) =>
      channel.bindExchange(...rest),
    );
  }

  async exchangeUnbind(destination: string, source: string, routingKey = "", options: BindOptions = {}): Promise<void> {
    await this.bind("exchangeUnbind()", [destination, source, routingKey], options, (channel, ...rest) =>
      channel.unbindExchange(...rest),
    );
  }

  async publish(
    exchange: string,
    routingKey: string,
    body: string | Uint8Array,
    options: RabbitPublishOptions = {},
  ): Promise<void> {
    const { mandatory = false, confirm = true } = options;
    const outgoing = this.outgoing("publish()", exchange, routingKey, body, options);
    if (mandatory && !confirm && this.options.onReturned === undefined)
      throw new UsageError(
        `${this.label}: publish() with mandatory and confirm: false; allowed: where openRabbit() was given onReturned, or with confirm`,
      );
    if (mandatory) {
      outgoing.options.mandatory = true;
      outgoing.options.messageId ??= randomUUID();
    }
    const operation = `${this.label}: publish()`;
    await this.bounded("publish()", options, (bounds) =>
      confirm
        ? this.publishing.confirmed(outgoing, operation, bounds)
        : this.publishing.unconfirmed(outgoing, operation, bounds),
    );
  }

  async call(
    exchange: string,
    routingKey: string,
    body: string | Uint8Array,
    options: RabbitCallOptions = {},
  ): Promise<RabbitMessage> {
    const outgoing = this.outgoing("call()", exchange, routingKey, body, options);
    const answer = await this.bounded("call()", options, (bounds) =>
      this.calls.call(outgoing, `${this.label}: call()`, bounds),
    );
    const channel = await this.connection.channel("control");
    return new TakenMessage(answer, { channel, open: new Map(), label: this.label, answer: this.answer }, true);
  }

  async get(queue: string, options: { autoAck?: boolean } & WaitOptions = {}): Promise<RabbitMessage | undefined> {
    const { autoAck = false } = options;
    const operation = `get() of ${JSON.stringify(queue)}`;
    rabbitProperties.shortText(queue, "queue", operation);
    const label = `${this.label}: ${operation}`;
    return this.bounded(
      operation,
      options,
      (bounds) =>
        this.connection.use(
          `get ${queue}`,
          label,
          async (channel) => {
            const found = await this.refusing(
              untilClosed(channel, channel.get(queue, { noAck: autoAck })),
              "other",
              label,
            );
            if (found === false) return undefined;
            return new TakenMessage(found, { channel, open: new Map(), label, answer: this.answer }, autoAck);
          },
          bounds,
        ),
      (late) => void (late && !late.settled && late.nack().catch(() => undefined)),
    );
  }

  async consume(queue: string, options: ConsumeOptions = {}): Promise<RabbitConsumer> {
    const { autoAck = false, prefetch = 32, exclusive = false, consumerTag } = options;
    const operation = `consume() of ${JSON.stringify(queue)}`;
    const label = `${this.label}: ${operation}`;
    rabbitProperties.shortText(queue, "queue", label);
    if (!(Number.isInteger(prefetch) && prefetch >= 0 && prefetch <= 65_535))
      throw new UsageError(`${label}: prefetch is ${prefetch}; allowed: a whole number, 0 to 65535`);
    const args = consumeArguments(options, label);
    const begin = async (): Promise<OpenedConsumer> => {
      const channel = await this.connection.ownChannel();
      const consumer = new OpenedConsumer(channel, {
        ...{ queue, label, shown: this.url, isAutoAck: autoAck, hold: this.connection.holder(), answer: this.answer },
        gone: (one) => this.consumers.delete(one),
      });
      if (prefetch > 0) await channel.prefetch(prefetch);
      const consuming = channel.consume(queue, consumer.heard, {
        ...{ noAck: autoAck, exclusive, arguments: args },
        ...(consumerTag !== undefined && { consumerTag }),
      });
      consumer.tag = (await this.refusing(consuming, "consume", label)).consumerTag;
      this.consumers.add(consumer);
      return consumer;
    };
    return this.bounded(
      operation,
      options,
      (bounds) => this.connection.use("control", label, begin, bounds, rabbitRepeats(label, this.url)),
      (late) => void late.close(),
    );
  }

  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private get label(): string {
    return `rabbit ${this.url}`;
  }

  private readonly answer = (to: string, body: string | Uint8Array, options: RabbitPublishOptions): Promise<void> =>
    // direct reply-to: a caller that is gone is an exchange's key that leads nowhere
    this.publish("", to, body, options).catch((error) => {
      if (!(error instanceof NotFoundError)) throw error;
    });

  private async end(): Promise<void> {
    // one more, since the calls that this ends let go of theirs
    this.connection.holder()(true);
    this.closing.close(new ClosedError(`${this.label}: the call after close()`, { resource: this.url }));
    await Promise.all([...this.consumers].map((consumer) => consumer.close()));
    await this.connection.close();
  }

  private bind(
    operation: string,
    names: readonly [string, string, string],
    options: BindOptions,
    body: (channel: Channel, to: string, from: string, key: string, args: Record<string, unknown>) => Promise<unknown>,
  ): Promise<unknown> {
    for (const name of names) rabbitProperties.shortText(name, "a name or key", operation);
    const table = rabbitTable.toWire(options.arguments ?? {}, `${operation}: arguments`);
    return this.control(operation, options, "other", (channel) => body(channel, ...names, table));
  }

  /** One declaration after the other. */
  private control<R>(
    operation: string,
    options: WaitOptions,
    ask: RabbitAsk,
    body: (channel: Channel) => Promise<R>,
  ): Promise<R> {
    const label = `${this.label}: ${operation}`;
    return this.bounded(operation, options, (bounds) => {
      const turn = this.line.then(() => {
        bounds.throwIfGivenUp();
        const again = rabbitRepeats(label, this.url);
        const asking = (channel: Channel): Promise<R> => this.refusing(body(channel), ask, label);
        return this.connection.use("control", label, asking, bounds, again);
      });
      this.line = turn.catch(() => undefined);
      return turn;
    });
  }

  private async refusing<R>(asked: Promise<R>, ask: RabbitAsk, label: string): Promise<R> {
    try {
      return await asked;
    } catch (error) {
      throw rabbitFailure(error, ask, label, this.url);
    }
  }

  private outgoing(
    operation: string,
    exchange: string,
    routingKey: string,
    body: string | Uint8Array,
    options: RabbitPublishOptions,
  ): RabbitOutgoing {
    const label = `${this.label}: ${operation}`;
    rabbitProperties.shortText(exchange, "exchange", label);
    rabbitProperties.shortText(routingKey, "routingKey", label);
    if (typeof body !== "string" && !(body instanceof Uint8Array))
      throw new UsageError(`${label} of ${body === null ? "null" : typeof body}; allowed: a string or a Uint8Array`);
    // a copy: what was published is a snapshot
    return { exchange, routingKey, content: Buffer.from(body), options: rabbitProperties.toWire(options, label) };
  }

  /** Runs a call of the user: bounded, and keeping the process alive meanwhile. */
  private async bounded<R>(
    operation: string,
    options: WaitOptions,
    body: (bounds: Bounds) => Promise<R>,
    late?: (value: R) => void,
  ): Promise<R> {
    if (this.closed) throw new ClosedError(`${this.label}: ${operation} after close()`, { resource: this.url });
    if (this.pending++ === 0) this.hold(true);
    try {
      return await bounded(`${this.label}: ${operation}`, options, this.closing, body, late);
    } finally {
      if (--this.pending === 0) this.hold(false);
    }
  }
}
