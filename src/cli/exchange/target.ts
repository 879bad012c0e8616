import { Failure } from "../failure.js";
import type { ExchangeOptions } from "./exchange-options.js";

/** What an url leads to. */
export type Target =
  | { readonly kind: "queue"; readonly url: string }
  | { readonly kind: "topic"; readonly url: string }
  | { readonly kind: "connection"; readonly url: string };

const ALWAYS_CONNECTIONS = new Set(["unix", "tcp", "tls", "ws", "wss", "fd", "stdio"]);

/** `shm:` and brokers' urls are queues unless it is said otherwise. @throws Failure */
export function targetOf(url: string, { topic, connection, listen }: ExchangeOptions): Target {
  const scheme = /^([a-z]+):/.exec(url)?.[1];
  if (scheme === undefined)
    throw new Failure(
      `${JSON.stringify(url)} is no url; allowed: shm:NAME, tcp://HOST:PORT, unix:/PATH and the like`,
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
