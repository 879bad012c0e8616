import { randomUUID } from "node:crypto";
import { Bounds } from "../brokers/bounds.js";
import type { SubscriptionDriver, TopicDriver } from "../brokers/broker.js";
import type { BrokerUrl } from "../brokers/broker-url.js";
import { ClosedError } from "../errors.js";
import { letterOut } from "./letter-out.js";
import type { Letter, Mailbox, MailboxOpening } from "./mailbox.js";

const BATCH = 256;

/** A mailbox where the server has topics: one topic of all ends, and the address is the key. What comes during a cut is lost. */
export class TopicMailbox implements Mailbox {
  readonly address = randomUUID();
  private readonly bounds = new Bounds();
  private subscription: SubscriptionDriver | undefined;

  private constructor(
    private readonly topic: TopicDriver,
    private readonly opening: MailboxOpening,
  ) {}

  static async open(
    opening: MailboxOpening,
    openTopic: (url: BrokerUrl, operation: string, signal: AbortSignal) => Promise<TopicDriver>,
  ): Promise<TopicMailbox> {
    const { url, operation, signal } = opening;
    const topic = await openTopic({ ...url, name: `${url.name}.mail` }, operation, signal);
    const mailbox = new TopicMailbox(topic, opening);
    try {
      mailbox.subscription = await topic.subscribe({ pattern: mailbox.address, group: undefined, isDurable: false });
    } catch (error) {
      await topic.close();
      throw error;
    }
    mailbox.listen(mailbox.subscription).catch(() => undefined);
    mailbox.hold(false);
    return mailbox;
  }

  async send(letter: Letter): Promise<void> {
    await this.topic.publish(letterOut(letter), new Bounds());
  }

  hold(isHeld: boolean): void {
    this.topic.hold(isHeld);
    this.subscription?.hold(isHeld);
  }

  async close(): Promise<void> {
    if (this.bounds.isGivenUp) return;
    this.hold(true);
    this.bounds.giveUp(new ClosedError(`${this.opening.operation}: it was closed`));
    await this.subscription?.close().catch(() => undefined);
    await this.topic.close();
  }

  private async listen(subscription: SubscriptionDriver): Promise<void> {
    for (;;) {
      const found = await subscription.take(BATCH, true, this.bounds);
      for (const { body, contentType } of found ?? []) this.opening.heard({ body, contentType, id: undefined });
      if (found === undefined) return;
    }
  }
}
