import type { WaitOptions } from "../../deadline.js";
import type { RabbitConsumer } from "./rabbit-consumer.js";
import type { RabbitMessage } from "./rabbit-message.js";
import type {
  BindOptions,
  ConsumeOptions,
  ExchangeDeclareOptions,
  QueueDeclared,
  QueueDeclareOptions,
  RabbitCallOptions,
  RabbitExchangeType,
  RabbitPublishOptions,
} from "./rabbit-options.js";

/**
 * RabbitMQ in its own words: queues, exchanges and bindings are declared, messages published and consumed. Names and
 * defaults are AMQP's, as in pika: what is declared without options is neither durable nor exclusive.
 *
 * The calls take their own channels of one connection, so that one that the server refuses ends no other. When the connection
 * breaks, it comes back by itself for the next call; what lived with it does not: exclusive queues are gone, consumers
 * end, and what was being published or asked rejects with a SystemError that is `retryable`.
 */
export interface Rabbit extends AsyncDisposable {
  /** Where it is; never with a password. */
  readonly url: string;
  readonly closed: boolean;
  /**
   * Declares a queue; without a name, the server makes one up, which is in what is given back.
   *
   * @throws MismatchError when it is there with other options; NotFoundError with `passive`; SystemError (`EBUSY`) when it is
   *   exclusive to another connection
   */
  queueDeclare(queue?: string, options?: QueueDeclareOptions): Promise<QueueDeclared>;
  /** Removes a queue; gives how many messages were in it. @throws SystemError (`EBUSY`) when it is used, or not empty */
  queueDelete(
    queue: string,
    options?: {
      ifUnused?: boolean;
      ifEmpty?: boolean;
    } & WaitOptions,
  ): Promise<number>;
  /** Drops the messages that are ready; gives how many that were. @throws NotFoundError */
  queuePurge(queue: string, options?: WaitOptions): Promise<number>;
  /** Lets a queue get what an exchange leads there by a key or, of a `headers` exchange, by arguments. @throws NotFoundError */
  queueBind(queue: string, exchange: string, routingKey?: string, options?: BindOptions): Promise<void>;
  /** Ends such a binding, which was made with the same key and arguments. */
  queueUnbind(queue: string, exchange: string, routingKey?: string, options?: BindOptions): Promise<void>;
  /** Declares an exchange. @throws MismatchError when it is there with other options; NotFoundError with `passive` */
  exchangeDeclare(exchange: string, type?: RabbitExchangeType, options?: ExchangeDeclareOptions): Promise<void>;
  /** Removes an exchange. @throws SystemError (`EBUSY`) with `ifUnused`, when something is bound to it */
  exchangeDelete(
    exchange: string,
    options?: {
      ifUnused?: boolean;
    } & WaitOptions,
  ): Promise<void>;
  /** Lets an exchange, `destination`, get what another one, `source`, leads there. @throws NotFoundError */
  exchangeBind(destination: string, source: string, routingKey?: string, options?: BindOptions): Promise<void>;
  /** Ends such a binding. */
  exchangeUnbind(destination: string, source: string, routingKey?: string, options?: BindOptions): Promise<void>;
  /**
   * Publishes a message; the exchange `""` leads it to the queue that is called like the routing key. It resolves when the server
   * has taken it (a durable queue's persistent message is then on its disk). Calls need not wait for each other, and keep
   * their order, for one exchange. A string goes out as UTF-8.
   *
   * @throws NotFoundError when there is no such exchange or, with `mandatory`, no queue takes it; `undelivered` is the body
   * @throws SystemError that is `retryable` when a queue refuses it, or the connection broke: then it may have arrived
   * @throws TimeoutError, or the reason of `signal`: then too, if it was under way; ClosedError, UsageError
   */
  publish(
    exchange: string,
    routingKey: string,
    body: string | Uint8Array,
    options?: RabbitPublishOptions,
  ): Promise<void>;
  /**
   * Publishes a question and gives the answer, which goes to this connection alone (direct reply-to) and is known by its
   * `correlationId`. Whoever answers publishes to the queue that `replyTo` names, as `message.reply()` does.
   *
   * @throws NotFoundError when no queue takes the question
   * @throws TimeoutError, or the reason of `signal`: an answer that comes later is dropped
   * @throws SystemError that is `retryable` when the connection broke: whether somebody has answered is not known
   */
  call(
    exchange: string,
    routingKey: string,
    body: string | Uint8Array,
    options?: RabbitCallOptions,
  ): Promise<RabbitMessage>;
  /**
   * Takes the next message of a queue, if one is ready. To wait for messages, and for many, `consume`.
   *
   * @throws NotFoundError when there is no such queue
   */
  get(
    queue: string,
    options?: {
      autoAck?: boolean;
    } & WaitOptions,
  ): Promise<RabbitMessage | undefined>;
  /**
   * Begins to consume: the server sends messages from then on.
   *
   * @throws NotFoundError when there is no such queue; SystemError (`EBUSY`) when somebody consumes exclusively
   * @example
   * for await (const message of await rabbit.consume("jobs", { prefetch: 1 })) {
   *   await work(message.text);
   *   await message.ack();
   * }
   */
  consume(queue: string, options?: ConsumeOptions): Promise<RabbitConsumer>;
  /** Ends the consumers, which give back what was not settled, and the connection, with its exclusive queues. Allowed twice. */
  close(): Promise<void>;
}
