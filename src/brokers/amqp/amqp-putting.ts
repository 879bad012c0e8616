import type { Channel, ConfirmChannel, Message, Options } from "amqplib";
import { NotFoundError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Outgoing } from "../broker.js";
import type { AmqpConnection } from "./amqp-connection.js";
import { publishOptions } from "./amqp-message.js";
import { Refused } from "./refused.js";

/** What is known of a channel that publishes. */
interface Course {
  /** The ids of messages that came back because no queue takes them; that is told before they are confirmed. */
  readonly back: Set<string>;
  /** Why the server has closed it: what was under way hears only that it ended. */
  failure: Error | undefined;
}

const courses = new WeakMap<Channel, Course>();

interface Where {
  readonly exchange: string;
  readonly key: string;
  readonly label: string;
  readonly mandatory: boolean;
}

/** Publishes and waits until the server has confirmed it; again, marked, after a cut. @throws NotFoundError when no queue takes it */
export function publishConfirmed(
  connection: AmqpConnection,
  where: Where,
  messages: readonly Outgoing[],
  levels: number | undefined,
  bounds: Bounds,
): Promise<void> {
  let isAgain = false;
  const publish = (channel: Channel, message: Outgoing): Promise<void> =>
    publishOne(channel as ConfirmChannel, where, message, publishOptions(message, where.mandatory, isAgain, levels));
  const waiting = new Set(messages);
  const publishAll = async (channel: Channel): Promise<void> => {
    const outcomes = [...waiting].map(async (message) => {
      await publish(channel, message);
      waiting.delete(message);
    });
    const failed = (await Promise.allSettled(outcomes)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  };
  const [message] = messages;
  const body = messages.length === 1 ? (channel: Channel) => publish(channel, message) : publishAll;
  return connection.use("put", `${where.label}: put()`, body, bounds, () => {
    isAgain = true;
  });
}

function publishOne(
  channel: ConfirmChannel,
  { exchange, key, label }: Where,
  { body, id }: Outgoing,
  options: Options.Publish,
): Promise<void> {
  const course = courseOf(channel);
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, Buffer.from(body.buffer, body.byteOffset, body.length), options, (error) => {
      if (error) reject(error.message === "message nacked" ? new Refused() : (course.failure ?? error));
      else if (course.back.delete(id))
        reject(new NotFoundError(`${label}: put(): there is no queue any more that takes it`, { resource: label }));
      else resolve();
    });
  });
}

function courseOf(channel: Channel): Course {
  const known = courses.get(channel);
  if (known) return known;
  const course: Course = { back: new Set(), failure: undefined };
  courses.set(channel, course);
  channel.on("return", ({ properties }: Message) => course.back.add(String(properties.messageId)));
  channel.on("error", (error) => {
    course.failure = error;
  });
  return course;
}
