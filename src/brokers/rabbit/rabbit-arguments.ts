import type { Options } from "amqplib";
import { UsageError } from "../../errors.js";
import type { ConsumeOptions, QueueDeclareOptions, RabbitTable, RabbitValue } from "./rabbit-options.js";
import { rabbitTable } from "./rabbit-table.js";

/** Our names of options, and the server's of the arguments that they are. */
const ofQueues = {
  type: "x-queue-type",
  messageTtl: "x-message-ttl",
  expires: "x-expires",
  maxLength: "x-max-length",
  maxLengthBytes: "x-max-length-bytes",
  overflow: "x-overflow",
  deadLetterExchange: "x-dead-letter-exchange",
  deadLetterRoutingKey: "x-dead-letter-routing-key",
  maxPriority: "x-max-priority",
  deliveryLimit: "x-delivery-limit",
  singleActiveConsumer: "x-single-active-consumer",
} as const satisfies Partial<Record<keyof QueueDeclareOptions, string>>;

/** What the driver is told of a queue. @throws UsageError for options that exclude each other */
export function queueArguments(options: QueueDeclareOptions, operation: string): Options.AssertQueue {
  const { type, exclusive = false, autoDelete = false } = options;
  const isReplicated = type === "quorum" || type === "stream";
  const { durable = isReplicated } = options;
  if (isReplicated && (!durable || exclusive || autoDelete))
    throw new UsageError(
      `${operation}: type is ${type}, with ${durable ? (exclusive ? "exclusive" : "autoDelete") : "durable: false"}; allowed: such queues are durable, and everybody's`,
    );
  const found: Record<string, RabbitValue | undefined> = {};
  for (const [name, argument] of Object.entries(ofQueues)) found[argument] = options[name as keyof typeof ofQueues];
  const all = merged(found, options.arguments, operation);
  return { durable, exclusive, autoDelete, arguments: rabbitTable.toWire(all, `${operation}: arguments`) };
}

/** The arguments of a consumer. @throws UsageError */
export function consumeArguments(options: ConsumeOptions, operation: string): Record<string, unknown> {
  const { priority, offset } = options;
  const found = { "x-priority": priority, "x-stream-offset": offset };
  return rabbitTable.toWire(merged(found, options.arguments, operation), `${operation}: arguments`);
}

function merged(
  named: Record<string, RabbitValue | undefined>,
  more: RabbitTable | undefined,
  operation: string,
): RabbitTable {
  for (const [name, value] of Object.entries(more ?? {}))
    if (value !== undefined && named[name] !== undefined && named[name] !== value)
      throw new UsageError(`${operation}: ${name} is said twice, by an option and in arguments; allowed: once`);
  return { ...named, ...more };
}
