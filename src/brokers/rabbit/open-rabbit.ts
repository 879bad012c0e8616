import { UsageError } from "../../errors.js";
import { bounded, Closing } from "../bounds.js";
import { type BrokerUrl, redact } from "../broker-url.js";
import type { Rabbit } from "./rabbit.js";
import type { OpenRabbitOptions } from "./rabbit-options.js";

const ALLOWED = "amqp://user:password@host:port/vhost and amqps://…";

/**
 * Connects to RabbitMQ, for all that its own protocol has: exchanges, bindings, confirmations, answers. A program that needs queues
 * and topics only, at RabbitMQ or elsewhere, is better off with `openQueue` and `openTopic`. In the url the path is the
 * virtual host, which `?vhost=` may say instead. Needs the package `amqplib` (`npm install amqplib`).
 *
 * @throws UsageError for an url that is none; NotFoundError when the package, the host or the virtual host is missing
 * @throws AuthenticationError, SystemError, TimeoutError
 * @example
 * await using rabbit = await openRabbit("amqp://localhost");
 * await rabbit.queueDeclare("hello");
 * await rabbit.publish("", "hello", "Hello World!");
 * console.log((await rabbit.get("hello", { autoAck: true }))?.text); // Hello World!
 */
export async function openRabbit(url: string, options: OpenRabbitOptions = {}): Promise<Rabbit> {
  const address = rabbitUrl(url);
  const operation = `openRabbit() of ${address.shown}`;
  return bounded(
    operation,
    options,
    new Closing(),
    async ({ signal }) => {
      const [{ AmqpConnection }, { OpenedRabbit }] = await Promise.all([
        import("../amqp/amqp-connection.js"),
        import("./opened-rabbit.js"),
      ]);
      return new OpenedRabbit(await AmqpConnection.open(address, operation, signal), options);
    },
    (late) => void late.close().catch(() => undefined),
  );
}

function rabbitUrl(url: string): BrokerUrl {
  const refuse = (why: string): never => {
    throw new UsageError(`openRabbit() of ${JSON.stringify(redact(String(url)))}: ${why}; allowed: ${ALLOWED}`);
  };
  if (typeof url !== "string" || !/^amqps?:\/\//.test(url)) return refuse("it is no url of RabbitMQ");
  let server: URL;
  try {
    server = new URL(url);
    const vhost = decodeURIComponent(server.pathname.replace(/^\//, ""));
    if (vhost !== "" && server.searchParams.has("vhost")) return refuse("it names two virtual hosts");
    if (vhost !== "") server.searchParams.set("vhost", vhost);
  } catch (error) {
    return error instanceof UsageError ? refuse("it names two virtual hosts") : refuse("it is no url");
  }
  if (server.hostname === "") return refuse("the host is missing");
  return { scheme: server.protocol === "amqps:" ? "amqps" : "amqp", name: "", shown: redact(url), server };
}
