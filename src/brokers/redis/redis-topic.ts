import type { MessageHeaders } from "../../async-queue.js";
import type { TopicCapability } from "../../async-topic.js";
import { UsageError } from "../../errors.js";
import { keyPattern } from "../../key-pattern.js";
import type { Bounds } from "../bounds.js";
import type { Incoming, Outgoing, SubscriptionDriver, TopicDriver, Wanted } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { Inbox } from "../inbox.js";
import { RedisConnection } from "./redis-connection.js";
import { makeStream, RedisQueue, streamFields } from "./redis-queue.js";
import { PUBLISH } from "./redis-scripts.js";

const capabilities: ReadonlySet<TopicCapability> = new Set(["group", "durable", "headers"] as const);

/** What travels beside a body on a channel. */
interface Envelope {
  readonly k: string;
  readonly t: string;
  readonly i: string;
  readonly h: MessageHeaders;
}

/** Opens the topic of that name at a Redis server. */
export async function openRedisTopic(url: BrokerUrl, operation: string, signal: AbortSignal): Promise<TopicDriver> {
  return new RedisTopic(await RedisConnection.open(url, operation, signal), url.name);
}

/*
 * A topic at a Redis server
 *
 * Idea    What is published goes to a channel for those who listen now, and in the same script into a stream for each
 *         durable group whose pattern matches. A group is a queue with all that queues have (see RedisQueue).
 * Order   One script after the other: all subscribers see one order.
 * Death   A listener that dies is gone, with what it had not read; a group's messages are redelivered.
 * Limits  A listener that is cut off misses what is published until it is back, and is not told how much: for that there are
 *         groups. A listener that falls behind by more than 10,000 messages loses the oldest, which `missed` counts. What
 *         somebody else publishes on the channel comes as bytes without a key, and to no group.
 */
class RedisTopic implements TopicDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;

  constructor(
    private readonly connection: RedisConnection,
    private readonly name: string,
  ) {
    this.hold = connection.holder();
  }

  async publish(message: Outgoing, bounds: Bounds): Promise<void> {
    const { key = "", contentType, id, headers, body } = message;
    const head = Buffer.from(JSON.stringify({ k: key, t: contentType, i: id, h: headers } satisfies Envelope));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    let wasCut = false;
    const args = () => [this.name, key, Buffer.concat([length, head, body]), ...streamFields(message, wasCut)];
    await this.connection.run(PUBLISH, [`{${this.name}}:groups`], args, `topic ${this.name}: publish()`, bounds, () => {
      wasCut = true;
    });
  }

  async subscribe({ pattern, group, isDurable }: Wanted): Promise<SubscriptionDriver> {
    const operation = `topic ${this.name}: subscribe()`;
    if (group === undefined) return this.listen(pattern, operation);
    if (!isDurable)
      throw new UsageError(
        `${operation}: group ${JSON.stringify(group)} is not durable; allowed: durable groups, at Redis`,
      );
    const stream = `{${this.name}}:group:${group}`;
    await makeStream(this.connection, stream, operation, false);
    await this.connection.ask(["HSET", `{${this.name}}:groups`, group, pattern], operation);
    const queue = new RedisQueue(this.connection, stream, {}, false);
    return {
      missed: 0,
      take: (max, isWaiting, bounds) => queue.take(max, isWaiting, bounds),
      settle: (messages, how) => queue.settle(messages, how),
      hold: queue.hold,
      close: () => queue.close(),
      unsubscribe: async () => {
        await this.connection.ask(["HDEL", `{${this.name}}:groups`, group], operation);
        await queue.delete();
      },
    };
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  private async listen(pattern: string, operation: string): Promise<SubscriptionDriver> {
    const matches = keyPattern(pattern, operation);
    const inbox = new Inbox(this.connection.holder());
    const stop = await this.connection.subscribe(`{${this.name}}:topic`, (bytes) => {
      const message = bytes && opened(bytes);
      if (message && matches(message.key)) inbox.add(message);
    });
    return inbox.asSubscription(stop);
  }
}

/** What came on the channel; what somebody else has published there is bytes without a key. */
function opened(bytes: Buffer): Incoming & { readonly key: string } {
  const foreign = { ...fresh, body: bytes, contentType: undefined, id: undefined, headers: {}, key: "" };
  const headEnd = bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt32LE(0);
  if (headEnd > bytes.length) return foreign;
  try {
    const { k, t, i, h } = JSON.parse(bytes.subarray(4, headEnd).toString()) as Envelope;
    if (typeof k !== "string" || typeof t !== "string" || typeof h !== "object" || h === null) return foreign;
    return { ...fresh, body: bytes.subarray(headEnd), contentType: t, id: i, headers: h, key: k };
  } catch {
    return foreign;
  }
}

const fresh: Pick<Incoming, "deliveries" | "redelivered" | "token"> = {
  deliveries: 1,
  redelivered: false,
  token: undefined,
};
