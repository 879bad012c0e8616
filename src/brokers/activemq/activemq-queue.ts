import type { QueueCapability } from "../../async-queue.js";
import { UsageError } from "../../errors.js";
import { Bounds } from "../bounds.js";
import type { Feed, Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { ActivemqConnection } from "./activemq-connection.js";
import { ActivemqCourse } from "./activemq-course.js";
import { Cut } from "./activemq-failure.js";
import { activemqHeaders, queueDestination } from "./activemq-message.js";
import { ActivemqTaking } from "./activemq-taking.js";

/** How long the message waits that finds out whether the server can let messages wait. */
const PROBE_MS = "2000";

const capabilities: ReadonlySet<QueueCapability> = new Set([
  ...(["maxDeliveries", "deadLetter", "delay", "ttl", "headers", "durable"] as const),
]);

/** Opens the queue of that name at ActiveMQ; the server makes it when it is used. */
export async function openActivemqQueue(
  url: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
): Promise<QueueDriver> {
  checkOpen(options, capabilities, operation);
  if (options.capacity !== undefined)
    throw new UsageError(`${operation}: capacity is ${options.capacity}; allowed: in shared memory only`);
  if (options.mustExist)
    throw new UsageError(`${operation}: mustExist is true; allowed: false, for STOMP does not say what is there`);
  const connection = await ActivemqConnection.open(url, operation, signal);
  const queue = new ActivemqQueue(connection, url, options);
  try {
    if ((options.delay ?? 0) > 0) await queue.checkDelays();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return queue;
}

/*
 * A queue of ActiveMQ
 *
 * Idea    STOMP 1.2: persistent messages with receipts, subscriptions with `client-individual` acknowledgements. Giving back and
 *         dead letters are ours, in transactions of the server (see ActivemqTaking).
 * States  The server's: ready and unacknowledged; delayed in its scheduler.
 * Order   One connection for all puts of an end: its order.
 * Death   See ActivemqTaking. A put that was under way when the connection broke is made again and marked: it may come twice,
 *         and says `redelivered`.
 * Limits  STOMP says neither how long a queue is nor who has taken from it, and does not remove it: no `size`, `unacked`, `join`
 *         or `shutdown`; `delete` empties it. Delays need the server's scheduler, which is asked for once. A time to live ends
 *         by the clocks of who puts and who takes, when the message is taken.
 * Source  STOMP 1.2; ActiveMQ's STOMP headers, AMQ_SCHEDULED_DELAY.
 */
class ActivemqQueue implements QueueDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly taking: ActivemqTaking;
  private readonly destination: string;
  private readonly label: string;
  private delays: Promise<void> | undefined;

  constructor(
    private readonly connection: ActivemqConnection,
    { name, shown }: BrokerUrl,
    { maxDeliveries, deadLetter }: QueueShape,
  ) {
    this.destination = queueDestination(name);
    this.label = `queue ${shown}`;
    this.hold = connection.holder();
    this.taking = new ActivemqTaking(connection, this.destination, this.label, {
      maxDeliveries,
      deadLetter: deadLetter === undefined ? undefined : queueDestination(deadLetter),
    });
  }

  async put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    if (messages.some(({ delay }) => delay > 0)) await this.checkDelays();
    const outcomes = messages.map(async (message) => {
      let isAgain = false;
      await this.connection.use(
        `${this.label}: put()`,
        (link) =>
          link.publish({
            destination: this.destination,
            headers: activemqHeaders(message, isAgain),
            body: message.body,
          }),
        bounds,
        () => {
          isAgain = true;
        },
      );
    });
    const failed = (await Promise.allSettled(outcomes)).find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    return this.taking.take(max, isWaiting, bounds);
  }

  feed(prefetch: number, bounds?: Bounds): Promise<Feed> {
    return this.taking.feed(prefetch, bounds);
  }

  settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    return this.taking.settle(messages, how);
  }

  size(): Promise<number> {
    return Promise.reject(new UsageError(`${this.label}: size()`));
  }

  unacked(): Promise<number> {
    return Promise.reject(new UsageError(`${this.label}: unacked()`));
  }

  join(): Promise<void> {
    return Promise.reject(new UsageError(`${this.label}: join()`));
  }

  shutdown(): Promise<void> {
    return Promise.reject(new UsageError(`${this.label}: shutdown()`));
  }

  async purge(): Promise<number> {
    for (let dropped = 0; ; ) {
      const found = await this.taking.take(1000, false, new Bounds());
      if (found.length === 0) return dropped;
      await this.taking.settle(found, "ack");
      dropped += found.length;
    }
  }

  async delete(): Promise<void> {
    await this.purge();
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** Without its scheduler the server would deliver at once. @throws UsageError */
  checkDelays(): Promise<void> {
    this.delays ??= this.connection.use(`${this.label}: put() with delay`, async (link) => {
      const course = new ActivemqCourse(link, "/temp-queue/interproc-delays", 2);
      await course.begin();
      const came = new Promise<void>((resolve) => {
        course.wake = resolve;
      });
      const probe = { destination: "/temp-queue/interproc-delays", body: new Uint8Array([0]) };
      await link.publish({ ...probe, headers: { AMQ_SCHEDULED_DELAY: PROBE_MS } });
      await link.publish({ ...probe, headers: { prompt: "1" } });
      await came;
      if (course.isOver) throw new Cut("the connection was lost");
      const canWait = course.buffer[0]?.headers.prompt === "1";
      await course.end();
      if (!canWait)
        throw new UsageError(
          `${this.label}: put() with delay; allowed: at a server whose scheduler is on (schedulerSupport="true")`,
        );
    });
    // what the server cannot do stays so; anything else may be asked again
    this.delays.catch((error) => {
      if (!(error instanceof UsageError)) this.delays = undefined;
    });
    return this.delays;
  }
}
