import { Failure } from "../failure.js";
import type { ExchangeOptions } from "./exchange-options.js";

/** What an url leads to. */
export type Target =
  | { readonly kind: "queue"; readonly url: string }
  | { readonly kind: "topic"; readonly url: string }
  | { readonly kind: "connection"; readonly url: string };

const ALWAYS_CONNECTIONS = new Set(["unix", "tcp", "tls", "ws", "wss", "fd", "stdio"]);

/** `shm:` and brokers' urls are queues unless it is said otherwise. @throws Failure also for options that it has no use for */
export function targetOf(url: string, options: ExchangeOptions): Target {
  const target = kindOf(url, options);
  const { framing, authkeyFile, codec, json, bytes } = options;
  if (json && bytes) throw new Failure("--json with --bytes: choose one", 2);
  if (target.kind !== "connection") {
    if (framing !== undefined) throw new Failure(`--framing is for connections, and ${url} is a ${target.kind}`, 2);
    if (authkeyFile !== undefined)
      throw new Failure(`--authkey-file is for connections, and ${url} is a ${target.kind}`, 2);
  }
  if (codec !== undefined && target.kind === "topic") throw new Failure("--codec with --topic: it needs none", 2);
  return target;
}

function kindOf(url: string, { topic, connection, listen }: ExchangeOptions): Target {
  const scheme = /^([a-z]+):/.exec(url)?.[1];
  if (scheme === undefined)
    throw new Failure(
      `${JSON.stringify(url)} is no url; allowed: shm:NAME, file:FOLDER, amqp://HOST/NAME, tcp://HOST:PORT, unix:/PATH and the like`,
      2,
    );
  if (topic && (connection || listen)) throw new Failure("--topic with --connection or --listen: choose one", 2);
  if (ALWAYS_CONNECTIONS.has(scheme)) {
    if (topic) throw new Failure(`--topic with ${url}: a topic's url begins with shm: or a broker's name`, 2);
    return { kind: "connection", url };
  }
  if (connection || listen) return { kind: "connection", url };
  return { kind: topic ? "topic" : "queue", url };
}
