import type { Channel, GetMessage, Message, Options } from "amqplib";
import type { MessageHeaders } from "../../async-queue.js";
import type { Incoming, Outgoing } from "../broker.js";

/** Marks what was put again because the connection broke while it was under way. */
const AGAIN = "interproc-again";

/** By what a taken message is known: its channel too, for with that it goes back. */
export interface AmqpToken {
  readonly message: Message;
  readonly channel: Channel;
}

/** What the server is told of a message. `levels` is how many priorities there are. */
export function publishOptions(
  message: Outgoing,
  mandatory: boolean,
  isAgain: boolean,
  levels: number | undefined,
): Options.Publish {
  const { contentType, id, headers, priority, ttl, correlationId } = message;
  const options: Options.Publish = { persistent: true, mandatory, contentType, messageId: id, headers };
  if (isAgain) options.headers = { ...headers, [AGAIN]: true };
  if (correlationId !== undefined) options.correlationId = correlationId;
  // there the largest goes first
  if (levels !== undefined) options.priority = levels - 1 - priority;
  if (ttl !== Number.POSITIVE_INFINITY) options.expiration = String(Math.ceil(ttl));
  return options;
}

/** A message as it came, from whatever program. */
export function incomingOf(message: Message | GetMessage, channel: Channel): Incoming {
  const { content, fields, properties } = message;
  const all = (properties.headers ?? {}) as Record<string, unknown>;
  const count = Number(all["x-delivery-count"] ?? (fields.redelivered ? 1 : 0));
  const headers: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(all))
    if (!name.startsWith("x-") && name !== AGAIN && ["string", "number", "boolean"].includes(typeof value))
      headers[name] = value as string | number | boolean;
  return {
    body: content,
    contentType: properties.contentType as string | undefined,
    id: properties.messageId as string | undefined,
    headers: headers satisfies MessageHeaders,
    deliveries: count + 1,
    redelivered: fields.redelivered || count > 0 || all[AGAIN] === true,
    key: fields.routingKey,
    ...(properties.replyTo !== undefined && { replyTo: String(properties.replyTo) }),
    ...(properties.correlationId !== undefined && { correlationId: String(properties.correlationId) }),
    token: { message, channel } satisfies AmqpToken,
  };
}
