import type { Channel, ConsumeMessage } from "amqplib";
import { SystemError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Feed, Incoming, Settlement } from "../broker.js";
import type { AmqpConnection } from "./amqp-connection.js";
import { AmqpFeed } from "./amqp-feed.js";
import { type AmqpToken, incomingOf } from "./amqp-message.js";
import { untilClosed } from "./until-closed.js";

/*
 * Taking from a queue of RabbitMQ
 *
 * Idea    `get` asks (basic.get) and, where nothing is there, subscribes for one message only and ends that when it has
 *         come: so nobody ever holds a message that nobody asked for. Loops subscribe for as many as they take ahead.
 * States  A message is ready, or unacknowledged on the channel that it came on.
 * Order   That of the server; what is given back stands where it stood.
 * Death   The server gives back what was unacknowledged when a connection ends, however it ends; one that says nothing for
 *         two heartbeats (20 s) has ended.
 * Limits  After a cut the messages that were taken are the server's again: to acknowledge one is a SystemError.
 * Source  AMQP 0-9-1; RabbitMQ's consumer acknowledgements.
 */
export class AmqpTaking {
  constructor(
    private readonly connection: AmqpConnection,
    private readonly queue: string,
    private readonly label: string,
  ) {}

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    const operation = `${this.label}: take()`;
    const found = await this.connection.use(
      "take",
      operation,
      (channel) => this.takeReady(channel, max, bounds),
      bounds,
    );
    if (found.length > 0 || !isWaiting) return found;
    return this.connection.use("take", operation, (channel) => this.awaitOne(channel, bounds), bounds);
  }

  feed(prefetch: number, bounds?: Bounds): Promise<Feed> {
    return AmqpFeed.begin(this.connection, this.queue, prefetch, this.label, bounds);
  }

  /** @throws SystemError for an acknowledgement of what the server has taken back */
  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    let lost = 0;
    // from the last to the first: the server puts each in front of those that came after it
    for (const { token } of [...messages].reverse()) {
      const { message, channel } = token as AmqpToken;
      try {
        if (how === "ack") channel.ack(message);
        else channel.nack(message, false, how !== "reject");
      } catch {
        lost++;
      }
    }
    if (lost > 0 && how === "ack")
      throw new SystemError(
        `${this.label}: ack() of ${lost} of ${messages.length} messages that the server has taken back, because the connection broke`,
        { errno: "ECONNRESET", resource: this.label },
      );
    // a settlement is not answered: what the channel does next is done after it
    const channels = new Set(messages.map(({ token }) => (token as AmqpToken).channel));
    for (const channel of channels) await AmqpFeed.settledOn(channel, messages.length);
  }

  private async takeReady(channel: Channel, max: number, bounds: Bounds): Promise<Incoming[]> {
    const found: Incoming[] = [];
    while (found.length < max && !bounds.isGivenUp) {
      const message = await untilClosed(channel, channel.get(this.queue));
      if (message === false) break;
      found.push(incomingOf(message, channel));
    }
    return found;
  }

  private async awaitOne(channel: Channel, bounds: Bounds): Promise<Incoming[]> {
    const found: ConsumeMessage[] = [];
    let wake = (): void => undefined;
    let cut = (): void => undefined;
    const come = new Promise<void>((resolve, reject) => {
      wake = resolve;
      cut = () => reject(new Error("channel closed"));
    });
    come.catch(() => undefined);
    channel.once("close", cut);
    await channel.prefetch(1);
    const { consumerTag } = await channel.consume(this.queue, (message) => {
      if (message) found.push(message);
      wake();
    });
    bounds.onGiveUp = () => wake();
    if (bounds.isGivenUp) wake();
    await come.finally(() => channel.off("close", cut));
    bounds.onGiveUp = undefined;
    await channel.cancel(consumerTag);
    if (found.length === 0) {
      bounds.throwIfGivenUp();
      throw new Error("channel closed");
    }
    return found.map((message) => incomingOf(message, channel));
  }
}
