import type { Options } from "amqplib";
import type { QueueCapability } from "../../async-queue.js";
import { InterprocError, UsageError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Feed, Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { AmqpConnection } from "./amqp-connection.js";
import { publishConfirmed } from "./amqp-putting.js";
import { AmqpTaking } from "./amqp-taking.js";
import { Refused } from "./refused.js";

/** Who waits for room tries again after so long. */
const TRY_AGAIN_MS = 20;
/** A queue for one delay goes when it was not used for so long after its last message. */
const DELAY_IDLE_MS = 120_000;

const capabilities: ReadonlySet<QueueCapability> = new Set([
  ...(["size", "maxItems", "maxDeliveries", "deadLetter", "priorities"] as const),
  ...(["delay", "ttl", "headers", "front", "durable"] as const),
]);

/** Opens the queue of that name at RabbitMQ, or makes it. */
export async function openAmqpQueue(
  url: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
): Promise<QueueDriver> {
  checkOpen(options, capabilities, operation);
  if (options.capacity !== undefined)
    throw new UsageError(`${operation}: capacity is ${options.capacity}; allowed: in shared memory only`);
  if (options.maxDeliveries !== undefined && options.priorities !== undefined)
    throw new UsageError(
      `${operation}: maxDeliveries and priorities; allowed: one of them, RabbitMQ's queues have either`,
    );
  if (options.ttl !== undefined && options.delay !== undefined)
    throw new UsageError(`${operation}: ttl and delay; allowed: one of them, at RabbitMQ`);
  const connection = await AmqpConnection.open(url, operation, signal);
  const { name } = url;
  try {
    await connection.use("control", operation, async (channel) => {
      if (options.deadLetter !== undefined && options.deadLetter !== name)
        await channel.assertQueue(options.deadLetter, { durable: true });
      if (options.mustExist) await channel.checkQueue(name);
      else await channel.assertQueue(name, argumentsOf(options));
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new AmqpQueue(connection, url, options);
}

function argumentsOf({ maxItems, maxDeliveries, deadLetter, priorities }: QueueShape): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      ...(maxDeliveries !== undefined && { "x-queue-type": "quorum", "x-delivery-limit": maxDeliveries - 1 }),
      ...(deadLetter !== undefined && { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": deadLetter }),
      ...(priorities !== undefined && { "x-max-priority": priorities - 1 }),
      ...(maxItems !== undefined && { "x-max-length": maxItems, "x-overflow": "reject-publish" }),
    },
  };
}

/*
 * A queue of RabbitMQ
 *
 * Idea    A durable queue behind the default exchange, persistent messages, a channel that confirms. With `maxDeliveries` it is
 *         a quorum queue, which counts deliveries, else a classic one, which has priorities.
 * States  The server's: ready and unacknowledged. Delayed messages wait in a queue for each delay, whose messages expire
 *         into this one.
 * Order   One channel for all puts of an end: its order.
 * Death   See AmqpTaking. A put that was under way when the connection broke is made again and marked: it may come twice,
 *         and says `redelivered`.
 * Limits  How many others have taken is not told: no `unacked`, `join` or `shutdown`. A message's time to live is looked at
 *         when it is the first in line.
 * Source  RabbitMQ's publisher confirms, dead letter exchanges, quorum queues.
 */
class AmqpQueue implements QueueDriver {
  readonly capabilities: ReadonlySet<QueueCapability>;
  readonly hold: (isHeld: boolean) => void;
  private readonly taking: AmqpTaking;
  private readonly name: string;
  private readonly label: string;
  private readonly delays = new Map<number, number>();
  /** The end of the put before, for queues whose puts wait one after the other. */
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: AmqpConnection,
    { name, shown }: BrokerUrl,
    private readonly options: QueueShape,
  ) {
    this.name = name;
    this.label = `queue ${shown}`;
    // a quorum queue with a limit puts what comes back at its end
    this.capabilities =
      options.maxDeliveries === undefined ? capabilities : new Set([...capabilities].filter((one) => one !== "front"));
    this.hold = connection.holder();
    this.taking = new AmqpTaking(connection, name, this.label);
  }

  async put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    if (this.options.maxItems !== undefined) return this.putInLine(messages, bounds);
    const delay = messages[0]?.delay ?? 0;
    if (messages.some(({ ttl, delay }) => delay > 0 && ttl !== Number.POSITIVE_INFINITY))
      throw new UsageError(`${this.label}: put() with ttl and delay; allowed: one of them, at RabbitMQ`);
    const key = delay > 0 ? await this.delayQueue(Math.ceil(delay)) : this.name;
    await this.publish(key, messages, bounds);
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    return this.taking.take(max, isWaiting, bounds);
  }

  feed(prefetch: number, bounds?: Bounds): Promise<Feed> {
    return this.taking.feed(prefetch, bounds);
  }

  settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    return this.taking.settle(messages, how);
  }

  async size(): Promise<number> {
    const { messageCount } = await this.connection.use("take", `${this.label}: size()`, (channel) =>
      channel.checkQueue(this.name),
    );
    return messageCount;
  }

  unacked(): Promise<number> {
    return Promise.reject(new UsageError(`${this.label}: unacked()`));
  }

  join(): Promise<void> {
    return Promise.reject(new UsageError(`${this.label}: join()`));
  }

  shutdown(): Promise<void> {
    return Promise.reject(new UsageError(`${this.label}: shutdown()`));
  }

  async purge(): Promise<number> {
    const { messageCount } = await this.connection.use("take", `${this.label}: purge()`, (channel) =>
      channel.purgeQueue(this.name),
    );
    return messageCount;
  }

  async delete(): Promise<void> {
    await this.connection.use("control", `${this.label}: delete()`, (channel) => channel.deleteQueue(this.name));
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private publish(key: string, messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    const where = { exchange: "", key, label: this.label, mandatory: true };
    return publishConfirmed(this.connection, where, messages, this.options.priorities, bounds);
  }

  /** A full queue refuses: then the next one may not overtake the refused. */
  private putInLine(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    const putting = this.line.then(async () => {
      for (const message of messages)
        while (!(await this.isTaken(message, bounds))) {
          await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
          bounds.throwIfGivenUp();
        }
    });
    this.line = putting.catch(() => undefined);
    return putting;
  }

  private async isTaken(message: Outgoing, bounds: Bounds): Promise<boolean> {
    bounds.throwIfGivenUp();
    try {
      await this.publish(this.name, [message], bounds);
      return true;
    } catch (error) {
      if (error instanceof InterprocError && error.cause instanceof Refused) return false;
      throw error;
    }
  }

  /** Messages wait there until their time has come. */
  private async delayQueue(delay: number): Promise<string> {
    const queue = `${this.name}.delay.${delay}`;
    const known = this.delays.get(delay) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - known < DELAY_IDLE_MS / 4) return queue;
    await this.connection.use("control", `${this.label}: put()`, (channel) =>
      channel.assertQueue(queue, {
        ...{ durable: true, messageTtl: delay, expires: delay + DELAY_IDLE_MS },
        ...{ deadLetterExchange: "", deadLetterRoutingKey: this.name },
      }),
    );
    this.delays.set(delay, performance.now());
    return queue;
  }
}
