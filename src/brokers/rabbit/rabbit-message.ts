import type { RabbitProperties, RabbitPublishOptions } from "./rabbit-options.js";

/** A message of RabbitMQ as it came, to be settled by hand unless it was taken with `autoAck`. */
export interface RabbitMessage extends AsyncDisposable {
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  readonly text: string;
  readonly properties: RabbitProperties;
  readonly exchange: string;
  readonly routingKey: string;
  /** Somebody may have had it before. */
  readonly redelivered: boolean;
  readonly deliveryTag: number;
  /** Undefined for one that `get` gave. */
  readonly consumerTag: string | undefined;
  /** How many more were ready in the queue, for one that `get` gave. */
  readonly messageCount: number | undefined;
  /** Whether it was settled, or was taken with `autoAck`. */
  readonly settled: boolean;
  /**
   * It is done with. `multiple`: and so are all that came to the same consumer before it.
   *
   * @throws UsageError when it was settled; SystemError when the server has taken it back, because the connection broke
   */
  ack(options?: { multiple?: boolean }): Promise<void>;
  /** It goes back into the queue or, with `requeue: false`, to the dead letters if there are any, else away. @throws as `ack` */
  nack(options?: { requeue?: boolean; multiple?: boolean }): Promise<void>;
  /** AMQP's own word for one message that is not wanted: as `nack`, but by default not back. @throws as `ack` */
  reject(options?: { requeue?: boolean }): Promise<void>;
  /**
   * Answers to the queue that `replyTo` names, with the same `correlationId`; resolves when the server has taken it. That nobody
   * listens there any more is no failure.
   *
   * @throws UsageError when the message asks for no answer; SystemError
   */
  reply(body: string | Uint8Array, options?: RabbitPublishOptions): Promise<void>;
}
