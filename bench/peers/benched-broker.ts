import type { PeerQuestion } from "../broker-cells.js";
import type { Backend } from "../broker-question.js";
import { ours } from "../floors.js";

/** A queue as the benchmark uses it. */
export interface BenchedBroker {
  /** Puts one message; resolves when it is confirmed. */
  put(body: Buffer): Promise<unknown>;
  /** Puts many in one call; without it they are put at once. */
  putMany?(bodies: readonly Buffer[]): Promise<unknown>;
  /**
   * Takes messages until it is stopped, and calls `seen` with each once its acknowledgement is through; or, with acks under
   * way, as soon as that was asked for and the driver says that it is through.
   */
  consume?(seen: (body: Uint8Array) => void, acksUnderWay: boolean, stop: AbortSignal): Promise<void>;
  /** Drops what is there and gives how many that were; for queues that ours cannot open. */
  clear?(): Promise<number>;
  close(): Promise<unknown>;
}

/** Where the queue is: what all processes of a measurement are told. */
export interface BrokerPlace {
  readonly backend: Backend;
  /** Its url, for ours. */
  readonly url: string;
  readonly name: string;
  /** A folder of the measurement's own. */
  readonly folder: string;
}

const openers: Record<string, (place: BrokerPlace, question: PeerQuestion) => Promise<BenchedBroker>> = {
  [ours]: async (place) => (await import("./interproc-broker.js")).openOurs(place),
  amqplib: async (place) => (await import("./amqplib-broker.js")).openAmqplib(place),
  "@stomp/stompjs": async (place) => (await import("./stomp-broker.js")).openStomp(place),
  "@nats-io/jetstream": async (place) => (await import("./jetstream-broker.js")).openJetstream(place),
  "@redis/client": async (place) => (await import("./redis-broker.js")).openRedis(place),
  "append, fdatasync": async (place) => (await import("./append-broker.js")).openAppend(place),
  BullMQ: async (place) => (await import("./bullmq-broker.js")).openBullmq(place),
  SQLite: async (place) => (await import("./sqlite-store.js")).openSqlite(place),
  lmdb: async (place, { measure }) => (await import("./lmdb-broker.js")).openLmdb(place, measure !== "consume"),
};

export async function openBroker(question: PeerQuestion, place: BrokerPlace): Promise<BenchedBroker> {
  const open = openers[question.as];
  if (open === undefined) throw new Error(`broker: no peer "${question.as}"`);
  return open(place, question);
}
