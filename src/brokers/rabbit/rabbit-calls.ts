import { randomUUID } from "node:crypto";
import type { Channel, ConfirmChannel, ConsumeMessage, Message } from "amqplib";
import { UsageError } from "../../errors.js";
import type { AmqpConnection } from "../amqp/amqp-connection.js";
import { amqpFailure } from "../amqp/amqp-failure.js";
import type { Bounds } from "../bounds.js";
import type { RabbitOutgoing } from "./rabbit-publishing.js";
import { rabbitRefusal } from "./rabbit-refusal.js";

/** The queue that is none: what goes to it goes to the channel that has asked. */
const DIRECT = "amq.rabbitmq.reply-to";

interface Waiting {
  readonly outgoing: RabbitOutgoing;
  readonly operation: string;
  resolve(answer: ConsumeMessage): void;
  reject(error: unknown): void;
}

/** A channel that asks, once it listens for answers. */
interface Course {
  readonly ready: Promise<unknown>;
  readonly waiting: Map<string, Waiting>;
  /** Why the server has closed it. */
  failure: unknown;
}

/*
 * Asking at RabbitMQ
 *
 * Idea    Direct reply-to: a caller's channel consumes from a queue that is none, and the server leads what is published under the
 *         name that it puts into `replyTo` to that channel. So there is no queue to be made, or to be left behind.
 * States  A call waits until the answer with its `correlationId` comes, it came back as unroutable, or its channel ends.
 * Order   Answers come in any.
 * Death   Who answers and dies before its acknowledgement: the server hands the question to the next one. If the caller is cut off,
 *         its calls reject; an answer that comes later goes nowhere.
 * Limits  A channel for each exchange that is asked.
 * Source  RabbitMQ's direct reply-to.
 */
export class RabbitCalls {
  private readonly courses = new WeakMap<Channel, Course>();

  constructor(private readonly connection: AmqpConnection) {}

  async call(outgoing: RabbitOutgoing, operation: string, bounds: Bounds): Promise<ConsumeMessage> {
    const { exchange, routingKey, content, options } = outgoing;
    const [channel, course] = await this.connection.use(
      `put and hear ${exchange}`,
      operation,
      async (open) => {
        const known = this.courseOf(open);
        await known.ready;
        return [open, known] as const;
      },
      bounds,
    );
    bounds.throwIfGivenUp();
    const { waiting } = course;
    const { shown } = this.connection;
    const correlationId = options.correlationId ?? randomUUID();
    if (waiting.has(correlationId))
      throw new UsageError(`${operation}: correlationId ${JSON.stringify(correlationId)} is that of a call under way`);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        waiting.delete(correlationId);
        reject(amqpFailure(error, operation, shown));
      };
      bounds.onGiveUp = () => waiting.delete(correlationId);
      waiting.set(correlationId, { outgoing, operation, resolve, reject: fail });
      const asking = { ...options, correlationId, replyTo: DIRECT, mandatory: true };
      try {
        (channel as ConfirmChannel).publish(exchange, routingKey, content, asking, (error) => {
          if (error === null) return;
          const refusal = rabbitRefusal.unconfirmed(error, course.failure, operation, shown);
          waiting.get(correlationId)?.reject(refusal);
        });
      } catch (error) {
        fail(error);
      }
    });
  }

  private courseOf(channel: Channel): Course {
    const known = this.courses.get(channel);
    if (known) return known;
    const waiting = new Map<string, Waiting>();
    const take = ({ properties }: Message): Waiting | undefined => {
      const found = waiting.get(String(properties.correlationId));
      waiting.delete(String(properties.correlationId));
      return found;
    };
    channel.on("error", (error) => {
      course.failure = error;
    });
    channel.once("close", () => {
      for (const one of [...waiting.values()]) one.reject(course.failure ?? new Error("channel closed"));
    });
    channel.on("return", (message) => {
      const back = take(message);
      back?.reject(rabbitRefusal.unroutable(back.outgoing, back.operation, this.connection.shown));
    });
    const heard = (message: ConsumeMessage | null): void => {
      if (message) take(message)?.resolve(message);
    };
    const ready = channel.consume(DIRECT, heard, { noAck: true });
    const course: Course = { ready, waiting, failure: undefined };
    ready.catch(() => undefined);
    this.courses.set(channel, course);
    return course;
  }
}
