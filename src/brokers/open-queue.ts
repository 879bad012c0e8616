import type { AsyncQueue } from "../async-queue.js";
import { UsageError } from "../errors.js";
import { BodyCodec } from "./body-codec.js";
import { bounded, Closing } from "./bounds.js";
import type { OpenQueueOptions, QueueDriver, QueueShape } from "./broker.js";
import { type BrokerUrl, parseBrokerUrl } from "./broker-url.js";
import { DrivenQueue } from "./driven-queue.js";
import { refuseGatewayOptions } from "./refuse-gateway-options.js";

/**
 * Opens a queue by its url, or makes it: `shm:jobs` (shared memory, no server), `file:./jobs.queue` (durable, no server),
 * `amqp://host/jobs` (RabbitMQ), `activemq://host/jobs` (ActiveMQ), `nats://host/jobs` (JetStream), `redis://host/jobs` (Redis
 * streams), `http://host:port/queues/jobs` (a gateway). One interface over all; what a backend lacks is a
 * UsageError here, never ignored. A message is put as the `codec` says, and comes as its sender said what it is.
 *
 * Who is killed loses nothing that was confirmed: what a consumer had taken and not acknowledged comes again, marked as
 * `redelivered`. What "confirmed" means at each backend is in docs/guide/brokers.md. The drivers of servers are packages
 * of their own (`npm install amqplib`, `@redis/client` and so on: the error says which), loaded on use.
 *
 * @throws UsageError for an url or an option that is not allowed; NotFoundError when the driver or the host is missing
 * @throws AuthenticationError, MismatchError (a queue that was made with other options), SystemError, TimeoutError
 * @example
 * await using jobs = await openQueue<{ n: number }>(process.env.JOBS ?? "shm:jobs");
 * await jobs.put({ n: 1 });
 * for await (const message of jobs.messages()) {
 *   console.log(message.value.n);
 *   await message.ack();
 *   break;
 * }
 */
export async function openQueue<T = unknown>(url: string, options: OpenQueueOptions<T> = {}): Promise<AsyncQueue<T>> {
  const address = parseBrokerUrl(url, "openQueue()", options.tls);
  const operation = `openQueue() of ${address.shown}`;
  refuseGatewayOptions(options, address, operation);
  const bodies = new BodyCodec<T>(options, operation);
  if (address.scheme === "shm") {
    const { openShmQueue } = await import("./shm.js");
    return openShmQueue<T>(address, options, operation);
  }
  const { ownType } = bodies;
  return bounded(
    operation,
    options,
    new Closing(),
    async ({ signal }) =>
      new DrivenQueue(address.shown, await driverFor(address, options, operation, signal, ownType), bodies, options),
    (late) => void late.close().catch(() => undefined),
  );
}

async function driverFor(
  address: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
  ownType: string | undefined,
): Promise<QueueDriver> {
  switch (address.scheme) {
    case "file":
      return (await import("./file/file-queue.js")).openFileQueue(address, options, operation);
    case "redis":
    case "rediss":
      return (await import("./redis/redis-queue.js")).openRedisQueue(address, options, operation, signal);
    case "amqp":
    case "amqps":
      return (await import("./amqp/amqp-queue.js")).openAmqpQueue(address, options, operation, signal);
    case "http":
    case "https":
      return (await import("./http/http-queue.js")).openHttpQueue(address, options, operation, signal, ownType);
    case "nats":
    case "natss":
      return (await import("./nats/nats-queue.js")).openNatsQueue(address, options, operation, signal);
    case "activemq":
    case "activemqs":
      return (await import("./activemq/activemq-queue.js")).openActivemqQueue(address, options, operation, signal);
    default:
      throw new UsageError(
        `${operation}: queues at ${address.scheme}: are not there; allowed: shm, file, amqp, activemq, nats, redis, http`,
      );
  }
}
