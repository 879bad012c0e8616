import { randomUUID } from "node:crypto";
import type { TopicCapability } from "../../async-topic.js";
import { keyPattern } from "../../key-pattern.js";
import type { Bounds } from "../bounds.js";
import type { Outgoing, SubscriptionDriver, TopicDriver, Wanted } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { Inbox } from "../inbox.js";
import { ActivemqConnection } from "./activemq-connection.js";
import type { ActivemqLink } from "./activemq-link.js";
import { activemqHeaders, activemqIncoming, destinationName } from "./activemq-message.js";

const capabilities: ReadonlySet<TopicCapability> = new Set(["headers"] as const);

/** Opens the topic of that name at ActiveMQ; the server makes it when it is used. */
export async function openActivemqTopic(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<TopicDriver> {
  return new ActivemqTopic(await ActivemqConnection.open(url, operation, signal), url);
}

/*
 * A topic of ActiveMQ
 *
 * Idea    One topic of the server; the key travels beside the message, and each listener holds it against its pattern.
 * Order   That in which the server takes what is published.
 * Death   A listener that dies is gone, with what it had not read.
 * Limits  A listener that is cut off misses what is published until it is back, and is not told how much. One that falls
 *         behind by more than 10,000 messages loses the oldest, which `missed` counts. Groups are none: over STOMP their
 *         end cannot be said, and they would gather messages for ever.
 * Source  STOMP 1.2.
 */
class ActivemqTopic implements TopicDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly destination: string;
  private readonly label: string;

  constructor(
    private readonly connection: ActivemqConnection,
    { name, shown }: BrokerUrl,
  ) {
    this.destination = `/topic/${destinationName(name)}`;
    this.label = `topic ${shown}`;
    this.hold = connection.holder();
  }

  async publish(message: Outgoing, bounds: Bounds): Promise<void> {
    let isAgain = false;
    await this.connection.use(
      `${this.label}: publish()`,
      (link) => {
        const headers = activemqHeaders(message, isAgain);
        return link.publish({ destination: this.destination, headers, body: message.body });
      },
      bounds,
      () => {
        isAgain = true;
      },
    );
  }

  async subscribe({ pattern }: Wanted): Promise<SubscriptionDriver> {
    const operation = `${this.label}: subscribe()`;
    const matches = keyPattern(pattern, operation);
    const inbox = new Inbox(this.connection.holder());
    const id = randomUUID();
    let isOpen = true;
    let on: ActivemqLink | undefined;
    const listen = async (): Promise<void> => {
      await this.connection.use(operation, async (link) => {
        await link.subscribe(id, this.destination, { ack: "auto" }, (message) => {
          const incoming = activemqIncoming(message, undefined);
          if (matches(incoming.key ?? "")) inbox.add(incoming);
        });
        on = link;
      });
      on?.onEnd(() => {
        if (isOpen) listen().catch(() => undefined);
      });
    };
    await listen();
    return inbox.asSubscription(async () => {
      isOpen = false;
      await on?.unsubscribe(id).catch(() => undefined);
    });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
