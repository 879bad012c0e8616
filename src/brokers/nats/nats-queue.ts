import { randomUUID } from "node:crypto";
import type { QueueCapability } from "../../async-queue.js";
import { InterprocError, UsageError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Feed, Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { TakingFeed } from "../taking-feed.js";
import { NatsConnection } from "./nats-connection.js";
import { FULL, Refusal } from "./nats-failure.js";
import { natsHeaders } from "./nats-message.js";
import { natsToken } from "./nats-names.js";
import { consumerConfig, workQueue } from "./nats-shapes.js";
import { NatsTaking } from "./nats-taking.js";

/** Who waits for room tries again after so long. */
const TRY_AGAIN_MS = 20;
/** Who waits for the queue to be empty asks so often. */
const LOOK_EVERY_MS = 50;
/** The server knows a put that is repeated for so long; later ones are marked. */
const KNOWN_MS = 100_000;

const capabilities: ReadonlySet<QueueCapability> = new Set([
  ...(["size", "unacked", "join", "maxItems", "maxDeliveries", "deadLetter"] as const),
  ...(["delay", "ttl", "headers", "front", "deliveries", "durable"] as const),
]);

/** Opens the queue of that name at a NATS server with JetStream, or makes it. */
export async function openNatsQueue(
  url: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
): Promise<QueueDriver> {
  checkOpen(options, capabilities, operation);
  if (options.capacity !== undefined)
    throw new UsageError(`${operation}: capacity is ${options.capacity}; allowed: in shared memory only`);
  const ackWaitMs = ackWaitOf(url, operation);
  const connection = await NatsConnection.open(url, operation, signal);
  const stream = natsToken(url.name);
  try {
    await connection.use(operation, async ({ manager }) => {
      if (options.deadLetter !== undefined) await manager.streams.add(workQueue(natsToken(options.deadLetter), {}));
      if (options.mustExist) await manager.streams.info(stream);
      else await manager.streams.add(workQueue(stream, options));
      await manager.consumers.add(stream, consumerConfig("interproc", ackWaitMs));
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new NatsQueue(connection, url, options, ackWaitMs);
}

/** @throws UsageError */
export function ackWaitOf({ server }: BrokerUrl, operation: string): number {
  const given = server?.searchParams.get("ackWait") ?? "30000";
  const ackWaitMs = Number(given);
  if (!(Number.isInteger(ackWaitMs) && ackWaitMs >= 100 && ackWaitMs <= 86_400_000))
    throw new UsageError(`${operation}: ackWait is ${given}; allowed: milliseconds, 100 to 86400000`);
  return ackWaitMs;
}

/*
 * A queue of JetStream
 *
 * Idea    A stream that keeps a message until it is acknowledged (a work queue), in files, with one subject, and one durable
 *         consumer. See NatsTaking.
 * States  In the stream: ready, or taken by somebody.
 * Order   That in which the server takes puts: one connection's, its order.
 * Death   See NatsTaking. A put that was under way when the connection broke is made again under the same number, which the
 *         server knows for two minutes: it is put once. One that is repeated later than that, or at a server that was started
 *         again meanwhile, is marked `redelivered`.
 * Limits  What was given back and is not taken again yet counts as taken: `size` leaves it out and `unacked` has it. With
 *         `maxDeliveries` nothing is taken ahead, for the server counts that too. There is no `shutdown`, and there are no
 *         priorities.
 * Source  JetStream's streams, work queue retention, Nats-Msg-Id.
 */
class NatsQueue implements QueueDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly taking: NatsTaking;
  private readonly stream: string;
  private readonly label: string;
  /** The end of the put before, for queues whose puts wait one after the other. */
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly connection: NatsConnection,
    { name, shown }: BrokerUrl,
    private readonly options: QueueShape,
    ackWaitMs: number,
  ) {
    this.stream = natsToken(name);
    this.label = `queue ${shown}`;
    this.hold = connection.holder();
    const { deadLetter, maxDeliveries } = options;
    this.taking = new NatsTaking(
      connection,
      {
        ...{ stream: this.stream, consumer: "interproc", ackWaitMs, maxDeliveries },
        ...(deadLetter !== undefined && { bury: (message) => this.bury(message, natsToken(deadLetter)) }),
      },
      this.label,
    );
  }

  async put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    if (this.options.maxItems !== undefined) return this.putInLine(messages, bounds);
    const outcomes = messages.map((message) => this.publish(this.stream, message, randomUUID(), bounds));
    const failed = (await Promise.allSettled(outcomes)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    return this.taking.take(max, isWaiting, bounds);
  }

  async feed(prefetch: number): Promise<Feed> {
    return new TakingFeed(this, this.options.maxDeliveries === undefined ? prefetch : 1);
  }

  settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    return this.taking.settle(messages, how);
  }

  async size(): Promise<number> {
    return (await this.counts("size()")).ready;
  }

  async unacked(): Promise<number> {
    return (await this.counts("unacked()")).taken;
  }

  async join(bounds: Bounds): Promise<void> {
    for (;;) {
      const { ready, taken } = await this.counts("join()");
      if (ready + taken === 0) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      bounds.throwIfGivenUp();
    }
  }

  shutdown(): Promise<void> {
    return Promise.reject(new UsageError(`${this.label}: shutdown()`));
  }

  purge(): Promise<number> {
    return this.taking.drop();
  }

  async delete(): Promise<void> {
    await this.connection.use(`${this.label}: delete()`, (link) =>
      link.until(link.manager.streams.delete(this.stream)),
    );
  }

  async close(): Promise<void> {
    this.taking.close();
    await this.connection.close();
  }

  private async counts(operation: string): Promise<{ readonly ready: number; readonly taken: number }> {
    const { num_pending: ready, num_ack_pending: taken } = await this.connection.use(
      `${this.label}: ${operation}`,
      (link) => link.until(link.manager.consumers.info(this.stream, "interproc")),
    );
    return { ready, taken };
  }

  private async publish(subject: string, message: Outgoing, putId: string, bounds?: Bounds): Promise<void> {
    const { connection, label } = this;
    const begun = performance.now();
    let server: string | undefined;
    let isAgain = false;
    await connection.use(
      `${label}: put()`,
      (link) => {
        // one that was started again knows only what is still in the stream
        server ??= link.driver.info?.server_id;
        isAgain ||= link.driver.info?.server_id !== server;
        const headers = natsHeaders(connection.transport.headers(), message, putId, isAgain);
        return link.publish(subject, message.body, headers, `${label}: put()`);
      },
      bounds,
      () => {
        isAgain ||= performance.now() - begun > KNOWN_MS;
      },
    );
  }

  /** A full queue refuses: then the next one may not overtake the refused. */
  private putInLine(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    const putting = this.line.then(async () => {
      for (const message of messages)
        while (!(await this.isTaken(message, bounds))) {
          await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
          bounds.throwIfGivenUp();
        }
    });
    this.line = putting.catch(() => undefined);
    return putting;
  }

  private async isTaken(message: Outgoing, bounds: Bounds): Promise<boolean> {
    bounds.throwIfGivenUp();
    try {
      await this.publish(this.stream, message, randomUUID(), bounds);
      return true;
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      if (error instanceof InterprocError && cause instanceof Refusal && cause.code === FULL) return false;
      throw error;
    }
  }

  /** By a number that is the message's own, so that somebody who does it again after a death does it once. */
  private bury({ body, contentType = "", id, headers, token }: Incoming, letters: string): Promise<void> {
    const { sequence } = token as { sequence: number };
    const number = `${this.stream}.${sequence}`;
    const letter = {
      body,
      contentType,
      id: id ?? number,
      headers,
      priority: 0,
      delay: 0,
      ttl: Number.POSITIVE_INFINITY,
    };
    return this.publish(letters, letter, number);
  }
}
