import { connect } from "node:net";
import { parseBrokerUrl } from "../../brokers/broker-url.js";
import { Failure } from "../failure.js";
import type { Mechanism } from "./mechanism.js";
import { ownName } from "./own-name.js";
import { queueByUrl } from "./queue-by-url.js";

const KNOCK_MS = 2000;

interface Kind {
  readonly name: string;
  readonly title: string;
  readonly port: number;
  readonly mostBytes?: number;
}

/** A NATS server takes 1 MiB unless it is told otherwise, and the headers count. */
const NATS_BYTES = 2 ** 20 - 1024;
const kinds: Readonly<Record<string, Kind>> = {
  amqp: { name: "rabbitmq", title: "RabbitMQ", port: 5672 },
  amqps: { name: "rabbitmq", title: "RabbitMQ (TLS)", port: 5671 },
  activemq: { name: "activemq", title: "ActiveMQ", port: 61_613 },
  activemqs: { name: "activemq", title: "ActiveMQ (TLS)", port: 61_614 },
  nats: { name: "nats", title: "NATS JetStream", port: 4222, mostBytes: NATS_BYTES },
  natss: { name: "nats", title: "NATS JetStream (TLS)", port: 4222, mostBytes: NATS_BYTES },
  redis: { name: "redis", title: "Redis streams", port: 6379 },
  rediss: { name: "redis", title: "Redis streams (TLS)", port: 6379 },
};

/** A server by its url, without a queue in it: queues of its own are made there, and removed. @throws Failure */
export function brokerMechanism(url: string, takenNames: ReadonlySet<string> = new Set()): Mechanism {
  const { server, shown, kind } = serverOf(url);
  const name = [kind.name, ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `${kind.name}-${n}`)].find(
    (one) => !takenNames.has(one),
  );
  if (name === undefined) throw new Failure(`--brokers names ${kind.title} ten times; allowed: nine times`, 2);
  const [host, port] = [server.hostname.replace(/^\[|\]$/g, ""), Number(server.port) || kind.port];
  const urlOf = (queue: string): string => {
    const whole = new URL(server);
    whole.pathname = `/${queue}`;
    return whole.href;
  };
  return {
    traits: {
      name,
      title: name === kind.name ? kind.title : `${kind.title} (${shown})`,
      carries: "messages",
      reach: ["machine", "network", "python"],
      survives: "everyone",
      hasManyTakers: true,
      blocks: false,
      losesMessages: false,
      ...(kind.mostBytes !== undefined && { mostBytes: kind.mostBytes }),
    },
    whyNot: async () => ((await answersAt(host, port)) ? undefined : `nobody answers at ${host}:${port}`),
    open: () => queueByUrl(urlOf(ownName()), urlOf(ownName())),
  };
}

function serverOf(url: string): { server: URL; shown: string; kind: Kind } {
  const scheme = /^([a-z]+):\/\//.exec(url)?.[1] ?? "";
  if (!Object.hasOwn(kinds, scheme))
    throw new Failure(`--brokers: no server's url; allowed: ${Object.keys(kinds).join("://, ")}://HOST`, 2);
  let server: URL;
  try {
    server = new URL(url);
  } catch {
    throw new Failure(`--brokers: a url that begins with ${scheme}:// is none`, 2); // it may have a password
  }
  if (server.pathname.length > 1)
    throw new Failure(`--brokers: the url of ${server.hostname} names a queue; allowed: none, it gets its own`, 2);
  const probe = new URL(server);
  probe.pathname = "/queue";
  const { shown } = parseBrokerUrl(probe.href, "--brokers");
  return { server, shown: shown.replace(/\/queue(?=\?|$)/, ""), kind: kinds[scheme] };
}

function answersAt(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: KNOCK_MS });
    const say = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", say(true)).once("error", say(false)).once("timeout", say(false));
  });
}
