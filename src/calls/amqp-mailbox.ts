import { randomUUID } from "node:crypto";
import { AmqpConnection } from "../brokers/amqp/amqp-connection.js";
import { publishConfirmed } from "../brokers/amqp/amqp-putting.js";
import { Bounds } from "../brokers/bounds.js";
import { letterOut } from "./letter-out.js";
import type { Letter, Mailbox, MailboxOpening } from "./mailbox.js";

/** The server removes the queue of an end that was cut off for so long, or has died. */
const EXPIRES_MS = 60_000;

/**
 * A mailbox at RabbitMQ: a queue of the end's own, whose name is the address, so that any program answers by `reply_to`. It keeps what
 * comes while the connection is cut.
 */
export class AmqpMailbox implements Mailbox {
  readonly hold: (isHeld: boolean) => void;
  private isClosed = false;

  private constructor(
    private readonly connection: AmqpConnection,
    readonly address: string,
    private readonly opening: MailboxOpening,
  ) {
    this.hold = connection.holder();
  }

  static async open(opening: MailboxOpening): Promise<AmqpMailbox> {
    const connection = await AmqpConnection.open(opening.url, opening.operation, opening.signal);
    const mailbox = new AmqpMailbox(connection, `${opening.url.name}.mail.${randomUUID()}`, opening);
    try {
      await mailbox.listen();
      mailbox.hold(false);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return mailbox;
  }

  async send(letter: Letter): Promise<void> {
    const where = { exchange: "", key: letter.to, label: this.opening.operation, mandatory: false };
    await publishConfirmed(this.connection, where, [letterOut(letter)], undefined, new Bounds());
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.hold(true);
    const remove = this.connection.channel("control").then((channel) => channel.deleteQueue(this.address));
    await remove.catch(() => undefined);
    await this.connection.close();
  }

  private async listen(): Promise<void> {
    const { operation, heard } = this.opening;
    await this.connection.use("control", operation, async () => {
      const channel = await this.connection.ownChannel();
      channel.once("close", () => {
        if (!this.isClosed) this.listen().catch(() => undefined);
      });
      await channel.assertQueue(this.address, { durable: false, expires: EXPIRES_MS });
      await channel.consume(
        this.address,
        (message) => {
          // null: the queue was deleted; with the channel's end it is made again
          if (message === null) return void channel.close().catch(() => undefined);
          const { contentType, correlationId } = message.properties;
          heard({ body: message.content, contentType: text(contentType), id: text(correlationId) });
        },
        { noAck: true },
      );
    });
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
