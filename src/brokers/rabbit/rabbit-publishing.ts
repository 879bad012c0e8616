import { once } from "node:events";
import type { Channel, ConfirmChannel, Message, Options } from "amqplib";
import { UsageError } from "../../errors.js";
import { nextTurn } from "../../loop-turn.js";
import type { AmqpConnection } from "../amqp/amqp-connection.js";
import type { Bounds } from "../bounds.js";
import type { RabbitReturned } from "./rabbit-options.js";
import { rabbitProperties } from "./rabbit-properties.js";
import { rabbitRefusal } from "./rabbit-refusal.js";

/** A message on its way. */
export interface RabbitOutgoing {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** What is known of a channel that publishes. */
interface Course {
  /** Why the server closed it. */
  failure: unknown;
  /** How many messages of a name came back that are not confirmed yet. */
  readonly back: Map<string, number>;
}

/*
 * Publishing to RabbitMQ
 *
 * Idea    A channel for each exchange that is published to, since the server closes a channel when something is wrong with one
 *         message (there is no such exchange), and with it goes what else was under way there.
 * States  A message is under way, then confirmed, refused, or came back.
 * Order   One exchange's messages keep the order of the calls.
 * Death   What was under way when the connection broke may have arrived: the call rejects, and nothing is repeated.
 * Limits  That a message came back is told before it is confirmed, and by its properties only: it is known by its `messageId`, so
 *         mandatory ones without get a random one.
 * Source  RabbitMQ's publisher confirms.
 */
export class RabbitPublishing {
  private readonly courses = new WeakMap<Channel, Course>();

  constructor(
    private readonly connection: AmqpConnection,
    private readonly onReturned: ((message: RabbitReturned) => void) | undefined,
  ) {}

  /** Resolves when the server has taken it. @throws NotFoundError, SystemError */
  async confirmed(message: RabbitOutgoing, operation: string, bounds: Bounds): Promise<void> {
    const { exchange, routingKey, content, options } = message;
    const { shown } = this.connection;
    await this.send(`put ${exchange}`, operation, bounds, (channel, course) => {
      return new Promise<void>((resolve, reject) => {
        const confirmed = (error: Error | null): void => {
          if (error !== null) reject(rabbitRefusal.unconfirmed(error, course.failure, operation, shown));
          else if (options.mandatory && cameBack(course, nameOf(options.messageId, routingKey)))
            reject(rabbitRefusal.unroutable(message, operation, shown));
          else resolve();
        };
        (channel as ConfirmChannel).publish(exchange, routingKey, content, options, confirmed);
      });
    });
  }

  /** Resolves when it is on its way. */
  async unconfirmed(message: RabbitOutgoing, operation: string, bounds: Bounds): Promise<void> {
    const { exchange, routingKey, content, options } = message;
    await this.send(`out ${exchange}`, operation, bounds, async (channel) => {
      if (channel.publish(exchange, routingKey, content, options)) return;
      const end = new AbortController();
      channel.once("close", () => end.abort());
      await once(channel, "drain", { signal: end.signal }).catch(() => undefined);
    });
  }

  /** A channel may end between two turns of the loop: what could not be sent at all goes to the next one. */
  private async send(
    name: string,
    operation: string,
    bounds: Bounds,
    body: (channel: Channel, course: Course) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const channel = await this.connection.use(name, operation, async (open) => open, bounds);
      bounds.throwIfGivenUp();
      try {
        return await body(channel, this.courseOf(channel));
      } catch (error) {
        if ((error as Error).name !== "IllegalOperationError") {
          if (error instanceof TypeError || error instanceof RangeError)
            throw new UsageError(`${operation}: ${error.message}`, { cause: error });
          throw error;
        }
        await nextTurn();
      }
    }
  }

  private courseOf(channel: Channel): Course {
    const known = this.courses.get(channel);
    if (known) return known;
    const course: Course = { failure: undefined, back: new Map() };
    this.courses.set(channel, course);
    channel.on("error", (error) => {
      course.failure = error;
    });
    channel.on("return", (message: Message) => {
      const { messageId } = message.properties;
      const name = nameOf(messageId, message.fields.routingKey);
      // who publishes with confirmations hears of it by the call
      if ("waitForConfirms" in channel) course.back.set(name, (course.back.get(name) ?? 0) + 1);
      else this.onReturned?.(returnedOf(message));
    });
    return course;
  }
}

const nameOf = (messageId: unknown, routingKey: string): string => `${String(messageId)}\0${routingKey}`;

function cameBack({ back }: Course, name: string): boolean {
  const count = back.get(name);
  if (count === undefined) return false;
  if (count > 1) back.set(name, count - 1);
  else back.delete(name);
  return true;
}

function returnedOf(message: Message): RabbitReturned {
  const { exchange, routingKey, replyCode, replyText } = message.fields as Message["fields"] & RabbitReturned;
  const properties = rabbitProperties.fromWire(message);
  return { exchange, routingKey, properties, body: message.content, replyCode, replyText };
}
