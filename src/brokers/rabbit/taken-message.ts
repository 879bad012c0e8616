import type { Channel, Message } from "amqplib";
import { SystemError, UsageError } from "../../errors.js";
import type { RabbitMessage } from "./rabbit-message.js";
import type { RabbitProperties, RabbitPublishOptions } from "./rabbit-options.js";
import { rabbitProperties } from "./rabbit-properties.js";

/** What a message is settled by: the channel on which it came, and those that came there and are open. */
export interface RabbitCourse {
  readonly channel: Channel;
  readonly open: Map<number, TakenMessage>;
  readonly label: string;
  readonly answer: (to: string, body: string | Uint8Array, options: RabbitPublishOptions) => Promise<void>;
}

/** A message on the channel on which it came. */
export class TakenMessage implements RabbitMessage {
  constructor(
    private readonly message: Message,
    private readonly course: RabbitCourse,
    private isSettled: boolean,
  ) {
    if (!isSettled) course.open.set(message.fields.deliveryTag, this);
  }

  get body(): Uint8Array {
    return this.message.content;
  }

  get text(): string {
    return this.message.content.toString();
  }

  get properties(): RabbitProperties {
    return rabbitProperties.fromWire(this.message);
  }

  get exchange(): string {
    return this.message.fields.exchange;
  }

  get routingKey(): string {
    return this.message.fields.routingKey;
  }

  get redelivered(): boolean {
    return this.message.fields.redelivered;
  }

  get deliveryTag(): number {
    return this.message.fields.deliveryTag;
  }

  get consumerTag(): string | undefined {
    return this.message.fields.consumerTag;
  }

  get messageCount(): number | undefined {
    return this.message.fields.messageCount;
  }

  get settled(): boolean {
    return this.isSettled;
  }

  async ack({ multiple = false }: { multiple?: boolean } = {}): Promise<void> {
    this.settle("ack()", multiple, (channel, message) => channel.ack(message, multiple));
  }

  async nack({ requeue = true, multiple = false }: { requeue?: boolean; multiple?: boolean } = {}): Promise<void> {
    this.settle("nack()", multiple, (channel, message) => channel.nack(message, multiple, requeue));
  }

  async reject({ requeue = false }: { requeue?: boolean } = {}): Promise<void> {
    this.settle("reject()", false, (channel, message) => channel.reject(message, requeue));
  }

  async reply(body: string | Uint8Array, options: RabbitPublishOptions = {}): Promise<void> {
    const { replyTo, correlationId } = this.properties;
    if (replyTo === undefined)
      throw new UsageError(`${this.course.label}: reply() to a message without replyTo; allowed: to one that has it`);
    await this.course.answer(replyTo, body, { ...(correlationId !== undefined && { correlationId }), ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isSettled) await this.nack();
  }

  private settle(operation: string, isMultiple: boolean, send: (channel: Channel, message: Message) => void): void {
    const { label, channel, open } = this.course;
    if (this.isSettled)
      throw new UsageError(`${label}: ${operation} of a message that was settled, or taken with autoAck`);
    const last = this.deliveryTag;
    const settled = isMultiple ? [...open.values()].filter(({ deliveryTag }) => deliveryTag <= last) : [this];
    for (const one of settled) {
      one.isSettled = true;
      open.delete(one.deliveryTag);
    }
    try {
      send(channel, this.message);
    } catch (cause) {
      throw new SystemError(
        `${label}: ${operation} of a message that the server has taken back, because its consumer or the connection ended`,
        { errno: "ECONNRESET", resource: label, cause },
      );
    }
  }
}
