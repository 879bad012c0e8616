import type { Message, Options } from "amqplib";
import { UsageError } from "../../errors.js";
import type { RabbitProperties } from "./rabbit-options.js";
import { rabbitTable } from "./rabbit-table.js";

const texts = [
  ...(["contentType", "contentEncoding", "correlationId", "replyTo"] as const),
  ...(["messageId", "type", "userId", "appId"] as const),
];

/** Properties of a message as the driver has them, and as users do. */
export const rabbitProperties = {
  /** @throws UsageError for a value that AMQP has no room for */
  toWire(properties: RabbitProperties, operation: string): Options.Publish {
    const found: Options.Publish = {};
    for (const name of texts) {
      const value = properties[name];
      if (value !== undefined) found[name] = shortText(value, name, operation);
    }
    const { persistent, headers, priority, expiration, timestamp } = properties;
    if (persistent !== undefined) found.persistent = persistent;
    if (headers !== undefined) found.headers = rabbitTable.toWire(headers, `${operation}: headers`);
    if (priority !== undefined) found.priority = whole(priority, 255, "priority", operation);
    if (expiration !== undefined)
      found.expiration = String(whole(Math.ceil(expiration), 2 ** 32 - 1, "expiration", operation));
    if (timestamp !== undefined) {
      const seconds = Math.floor(timestamp.getTime() / 1000);
      found.timestamp = whole(seconds, Number.MAX_SAFE_INTEGER, "timestamp in seconds", operation);
    }
    return found;
  },

  fromWire({ properties }: Pick<Message, "properties">): RabbitProperties {
    const found: { -readonly [Name in keyof RabbitProperties]: RabbitProperties[Name] } = {};
    for (const name of texts) if (properties[name] !== undefined) found[name] = properties[name] as string;
    const { headers, deliveryMode, priority, expiration, timestamp } = properties;
    if (headers !== undefined) found.headers = rabbitTable.fromWire(headers);
    if (deliveryMode !== undefined) found.persistent = deliveryMode === 2;
    if (priority !== undefined) found.priority = priority as number;
    if (expiration !== undefined) found.expiration = Number(expiration);
    if (timestamp !== undefined) found.timestamp = new Date((timestamp as number) * 1000);
    return found;
  },

  /** @throws UsageError for what is no string of at most 255 bytes */
  shortText,
};

function shortText(value: unknown, what: string, operation: string): string {
  if (typeof value === "string" && Buffer.byteLength(value) <= 255) return value;
  throw new UsageError(`${operation}: ${what} is ${JSON.stringify(value)}; allowed: a string of at most 255 bytes`);
}

function whole(value: number, most: number, what: string, operation: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new UsageError(`${operation}: ${what} is ${value}; allowed: a whole number, 0 to ${most}`);
}
