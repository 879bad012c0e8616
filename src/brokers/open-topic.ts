import type { AsyncTopic } from "../async-topic.js";
import { UsageError } from "../errors.js";
import { BodyCodec } from "./body-codec.js";
import { bounded, Closing } from "./bounds.js";
import type { OpenTopicOptions, TopicDriver } from "./broker.js";
import { type BrokerUrl, parseBrokerUrl } from "./broker-url.js";
import { DrivenTopic } from "./driven-topic.js";
import { refuseGatewayOptions } from "./refuse-gateway-options.js";

/**
 * Opens a topic by its url, or makes it: `shm:events` (shared memory, no server), `file:./events.topic` (durable, no
 * server), `amqp://host/events` (a topic exchange of RabbitMQ), `activemq://host/events` (a topic of ActiveMQ),
 * `nats://host/events` (subjects, and JetStream for groups), `redis://host/events` (publish and subscribe of Redis, and
 * streams for groups), `http://host:port/topics/events` (a gateway). Keys and patterns are the same everywhere.
 *
 * A subscriber sees what is published once `subscribe()` has resolved. A group that is `durable` keeps what is published
 * while nobody is there; without one a message that nobody has subscribed to is gone.
 *
 * @throws UsageError for an url or an option that is not allowed; NotFoundError when the driver or the host is missing
 * @throws AuthenticationError, MismatchError, SystemError, TimeoutError
 * @example
 * await using events = await openTopic<number>("shm:events");
 * await using prices = await events.subscribe("prices.#");
 * await events.publish(7, { key: "prices.eu" });
 * console.log(await prices.get()); // 7
 */
export async function openTopic<T = unknown>(url: string, options: OpenTopicOptions<T> = {}): Promise<AsyncTopic<T>> {
  const address = parseBrokerUrl(url, "openTopic()", options.tls);
  const operation = `openTopic() of ${address.shown}`;
  refuseGatewayOptions(options, address, operation);
  const bodies = new BodyCodec<T>(options, operation);
  if (address.scheme === "shm") {
    const { openShmTopic } = await import("./shm.js");
    return openShmTopic<T>(address, options, operation);
  }
  for (const name of ["capacity", "lossless"] as const)
    if (options[name] !== undefined)
      throw new UsageError(`${operation}: ${name} is ${options[name]}; allowed: in shared memory only`);
  return bounded(
    operation,
    options,
    new Closing(),
    async ({ signal }) =>
      new DrivenTopic(address.shown, await driverFor(address, options, operation, signal, bodies.ownType), bodies),
    (late) => void late.close().catch(() => undefined),
  );
}

async function driverFor(
  address: BrokerUrl,
  options: Pick<OpenTopicOptions, "token" | "tls">,
  operation: string,
  signal: AbortSignal,
  ownType: string | undefined,
): Promise<TopicDriver> {
  switch (address.scheme) {
    case "file":
      return (await import("./file/file-topic.js")).openFileTopic(address, operation);
    case "redis":
    case "rediss":
      return (await import("./redis/redis-topic.js")).openRedisTopic(address, operation, signal);
    case "amqp":
    case "amqps":
      return (await import("./amqp/amqp-topic.js")).openAmqpTopic(address, operation, signal);
    case "nats":
    case "natss":
      return (await import("./nats/nats-topic.js")).openNatsTopic(address, operation, signal);
    case "activemq":
    case "activemqs":
      return (await import("./activemq/activemq-topic.js")).openActivemqTopic(address, operation, signal);
    case "http":
    case "https":
      return (await import("./http/http-topic.js")).openHttpTopic(address, options, operation, signal, ownType);
    default:
      throw new UsageError(
        `${operation}: there are no topics at ${address.scheme}:; allowed: shm, file, amqp, activemq, nats, redis, http`,
      );
  }
}
