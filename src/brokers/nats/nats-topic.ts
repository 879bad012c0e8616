import { randomUUID } from "node:crypto";
import type { Msg, Subscription } from "@nats-io/transport-node";
import type { TopicCapability } from "../../async-topic.js";
import { keyPattern } from "../../key-pattern.js";
import type { Bounds } from "../bounds.js";
import type { Outgoing, SubscriptionDriver, TopicDriver, Wanted } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { Inbox } from "../inbox.js";
import { NatsConnection } from "./nats-connection.js";
import { natsHeaders, natsIncoming } from "./nats-message.js";
import { keyOf, natsToken, subjectOf, subjectsFor } from "./nats-names.js";
import { ackWaitOf } from "./nats-queue.js";
import { consumerConfig, groupStream } from "./nats-shapes.js";
import { NatsTaking } from "./nats-taking.js";

const capabilities: ReadonlySet<TopicCapability> = new Set(["group", "durable", "headers"] as const);

/** Opens the topic of that name at a NATS server with JetStream, or makes it. */
export async function openNatsTopic(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<TopicDriver> {
  const ackWaitMs = ackWaitOf(url, operation);
  const connection = await NatsConnection.open(url, operation, signal);
  try {
    await connection.use(operation, ({ manager }) => manager.streams.add(groupStream(natsToken(url.name))));
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new NatsTopic(connection, url, ackWaitMs);
}

/*
 * A topic at a NATS server
 *
 * Idea    A key is what stands in a subject behind the topic's own word. Listeners subscribe to subjects of the server's core;
 *         a stream that takes the same subjects confirms what is published, and keeps it for durable groups, each of which
 *         is a consumer of it (see NatsTaking).
 * Order   That in which the server takes what is published.
 * Death   A listener that dies is gone, with what it had not read; a group's messages are redelivered.
 * Limits  A listener that is cut off misses what is published until it is back, and is not told how much. One that falls
 *         behind by more than 10,000 messages loses the oldest, which `missed` counts. The server knows `#` at the end and for
 *         one word or more only: the rest of a pattern is seen to here.
 * Source  NATS subjects, queue groups; JetStream's interest retention.
 */
class NatsTopic implements TopicDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly token: string;
  private readonly label: string;

  constructor(
    private readonly connection: NatsConnection,
    { name, shown }: BrokerUrl,
    private readonly ackWaitMs: number,
  ) {
    this.token = natsToken(name);
    this.label = `topic ${shown}`;
    this.hold = connection.holder();
  }

  async publish(message: Outgoing, bounds: Bounds): Promise<void> {
    const { connection, label } = this;
    const putId = randomUUID();
    const subject = subjectOf(this.token, message.key ?? "");
    let isAgain = false;
    await connection.use(
      `${label}: publish()`,
      (link) => {
        const headers = natsHeaders(connection.transport.headers(), message, putId, isAgain);
        return link.publish(subject, message.body, headers, `${label}: publish()`);
      },
      bounds,
      () => {
        // the stream knows it, but listeners may have had it
        isAgain = true;
      },
    );
  }

  subscribe({ pattern, group, isDurable }: Wanted): Promise<SubscriptionDriver> {
    const operation = `${this.label}: subscribe()`;
    if (group !== undefined && isDurable) return this.join(pattern, group, operation);
    return this.listen(pattern, group, operation);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async listen(pattern: string, group: string | undefined, operation: string): Promise<SubscriptionDriver> {
    const matches = keyPattern(pattern, operation);
    const inbox = new Inbox(this.connection.holder());
    let open: Subscription[] = [];
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return;
      const incoming = natsIncoming(message, Number.NEGATIVE_INFINITY, keyOf(this.token, message.subject));
      if (matches(incoming.key ?? "")) inbox.add(incoming);
    };
    const stop = this.connection.eachLink(({ driver }) => {
      open = subjectsFor(this.token, pattern).map((subject) =>
        driver.subscribe(subject, { callback, ...(group !== undefined && { queue: natsToken(group) }) }),
      );
    });
    // once the server has answered to what comes after it, it has subscribed
    await this.connection.use(operation, (link) => link.until(link.driver.flush()));
    return inbox.asSubscription(async () => {
      stop();
      for (const one of open) if (!one.isClosed()) one.unsubscribe();
    });
  }

  private async join(pattern: string, group: string, operation: string): Promise<SubscriptionDriver> {
    const { connection, token, ackWaitMs } = this;
    const consumer = natsToken(group);
    const subjects = subjectsFor(token, pattern);
    const filter = subjects.length === 1 ? subjects[0] : undefined;
    await connection.use(operation, (link) =>
      link.until(link.manager.consumers.add(token, consumerConfig(consumer, ackWaitMs, filter))),
    );
    const matches = keyPattern(pattern, operation);
    const taking = new NatsTaking(
      connection,
      { stream: token, consumer, ackWaitMs, keyOf: (subject) => keyOf(token, subject) },
      this.label,
    );
    return {
      missed: 0,
      take: async (max, isWaiting, bounds) => {
        for (;;) {
          const found = await taking.take(max, isWaiting, bounds);
          const others = found.filter(({ key = "" }) => !matches(key));
          if (others.length > 0) await taking.settle(others, "ack");
          if (found.length > others.length || !isWaiting) return found.filter((one) => !others.includes(one));
        }
      },
      settle: (messages, how) => taking.settle(messages, how),
      hold: connection.holder(),
      close: async () => taking.close(),
      unsubscribe: async () => {
        taking.close();
        await connection.use(operation, (link) => link.until(link.manager.consumers.delete(token, consumer)));
      },
    };
  }
}
