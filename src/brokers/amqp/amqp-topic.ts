import { randomUUID } from "node:crypto";
import type { TopicCapability } from "../../async-topic.js";
import type { Bounds } from "../bounds.js";
import type { Outgoing, SubscriptionDriver, TopicDriver, Wanted } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { AmqpConnection } from "./amqp-connection.js";
import { publishConfirmed } from "./amqp-putting.js";
import { AmqpTaking } from "./amqp-taking.js";

const capabilities: ReadonlySet<TopicCapability> = new Set(["group", "durable", "headers"] as const);

/** Opens the topic exchange of that name at RabbitMQ, or makes it. */
export async function openAmqpTopic(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<TopicDriver> {
  const connection = await AmqpConnection.open(url, operation, signal);
  try {
    await connection.use("control", operation, (channel) =>
      channel.assertExchange(url.name, "topic", { durable: true }),
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new AmqpTopic(connection, url);
}

/*
 * A topic of RabbitMQ
 *
 * Idea    A durable topic exchange, whose patterns are the ones of this package. A subscriber is a queue that is bound to it:
 *         one of its own that goes with its connection, or its group's, which others share and which, when durable, stays.
 * Order   That in which the server takes what is published.
 * Death   A subscriber that is cut off loses its own queue; when it is back it has a new one, and what was published in
 *         between is missed. A group's queue keeps it.
 * Limits  Subscribers that are slow are not slowed down, and miss nothing: the server keeps what they have not read.
 * Source  AMQP 0-9-1, exchanges and bindings.
 */
class AmqpTopic implements TopicDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly name: string;
  private readonly label: string;

  constructor(
    private readonly connection: AmqpConnection,
    { name, shown }: BrokerUrl,
  ) {
    this.name = name;
    this.label = `topic ${shown}`;
    this.hold = connection.holder();
  }

  publish(message: Outgoing, bounds: Bounds): Promise<void> {
    // that nobody listens is no failure
    const where = { exchange: this.name, key: message.key ?? "", label: this.label, mandatory: false };
    return publishConfirmed(this.connection, where, [message], undefined, bounds);
  }

  async subscribe({ pattern, group, isDurable }: Wanted): Promise<SubscriptionDriver> {
    const { connection } = this;
    const operation = `${this.label}: subscribe()`;
    const queue = group === undefined ? `${this.name}.${randomUUID()}` : `${this.name}.group.${group}`;
    const options = {
      ...{ durable: isDurable, exclusive: group === undefined },
      // the queue of a group goes with its last consumer or, if there never was one, after an hour
      ...(group !== undefined && !isDurable && { expires: 3_600_000 }),
    };
    const remove = async (): Promise<void> => {
      await connection.use("control", operation, (channel) => channel.deleteQueue(queue));
    };
    await connection.use("control", operation, async (channel) => {
      await channel.assertQueue(queue, options);
      await channel.bindQueue(queue, this.name, pattern);
    });
    const taking = new AmqpTaking(connection, queue, this.label);
    return {
      missed: 0,
      take: (max, isWaiting, bounds) => taking.take(max, isWaiting, bounds),
      feed: (prefetch, bounds) => taking.feed(prefetch, bounds),
      settle: (messages, how) => taking.settle(messages, how),
      hold: connection.holder(),
      close: async () => {
        if (group === undefined) await remove().catch(() => undefined);
      },
      unsubscribe: remove,
    };
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
