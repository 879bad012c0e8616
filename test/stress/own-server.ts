import { pathToFileURL } from "node:url";
import { projectRoot } from "../project-root.js";

export const brokers = ["redis", "amqp", "nats", "activemq"] as const;
export type Broker = (typeof brokers)[number];

/** A broker's server that nobody else uses, so that it can be killed. */
export interface OwnServer {
  readonly url: string;
  /** Begins it, again where it was killed; resolves once it answers. */
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Kills it where it is; resolves once it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  stopNow(): void;
}

/** On a machine with other work a server may take so long to begin. */
const PATIENCE_MS = 240_000;

/** One of the servers that `npm run brokers` knows, on ports of its own; undefined where it is not installed. */
export async function ownServer(name: string, folder: string): Promise<OwnServer | undefined> {
  const script = pathToFileURL(`${projectRoot}/scripts/brokers.mjs`).href;
  const { ownBroker } = (await import(script)) as {
    ownBroker(name: string, folder: string, mostMs: number): Promise<OwnServer | undefined>;
  };
  return ownBroker(name, folder, PATIENCE_MS);
}
