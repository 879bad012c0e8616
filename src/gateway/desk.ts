import type { AsyncTopic } from "../async-topic.js";
import { openTopic } from "../brokers/open-topic.js";
import { UsageError } from "../errors.js";
import { Bodies } from "./bodies.js";
import { checkPrefix } from "./check-prefix.js";
import { DeskQueue, type QueueMaking } from "./desk-queue.js";
import type { GatewayOptions } from "./gateway-options.js";
import { Idempotency } from "./idempotency.js";
import { OpenObjects } from "./open-objects.js";
import { Places } from "./places.js";
import type { Call } from "./route.js";
import type { ServedSubscription } from "./served-subscription.js";
import { Sessions } from "./sessions.js";
import type { ServedValue } from "./shared-objects.js";
import { WaitingCalls } from "./waiting-calls.js";

/** A name that is safe in an url, in a file's path and in shared memory. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** What the routes of one gateway share. */
export class Desk {
  readonly bodies: Bodies;
  readonly sessions = new Sessions();
  readonly calls = new WaitingCalls();
  readonly puts = new Idempotency();
  readonly lease: number;
  /** Of clients that ask for them by name. */
  readonly subscriptions = new Map<string, ServedSubscription>();
  readonly streams: Places;
  readonly values: OpenObjects<ServedValue>;
  private readonly closers: (() => void)[] = [];
  private readonly queues: OpenObjects<DeskQueue>;
  private readonly topics: OpenObjects<AsyncTopic>;
  private readonly queuePrefix: string;
  private readonly topicPrefix: string;

  constructor(options: GatewayOptions) {
    const { maxBody = 4 << 20, maxObjects = 1000, maxStreams = 1000, lease = 30_000 } = options;
    const { queues = "shm:", topics = "shm:" } = options;
    for (const [name, value] of Object.entries({ maxBody, maxObjects, maxStreams, lease }))
      if (!(Number.isInteger(value) && value >= 1 && value <= 2 ** 31 - 1))
        throw new UsageError(`gateway(): ${name} is ${String(value)}; allowed: a whole number, 1 to 2147483647`);
    checkPrefix("queues", queues);
    checkPrefix("topics", topics);
    this.bodies = new Bodies(maxBody);
    this.queues = new OpenObjects(maxObjects);
    this.topics = new OpenObjects(maxObjects);
    this.values = new OpenObjects(maxObjects);
    this.streams = new Places(maxStreams, "streams (maxStreams)");
    this.lease = lease;
    this.queuePrefix = queues;
    this.topicPrefix = topics;
  }

  /** @throws UsageError for a name that no object has here */
  checkName(name: string): void {
    if (!NAME.test(name))
      throw new UsageError(
        `the name is ${JSON.stringify(name.slice(0, 140))}; allowed: 1 to 128 of A-Z a-z 0-9 _ - and, not in front, a dot`,
      );
  }

  /** The queue of that name, made when it is not there. @throws MismatchError when it was made in another way */
  async queue(name: string, making: QueueMaking = {}): Promise<DeskQueue> {
    if (making.deadLetter !== undefined) this.checkName(making.deadLetter);
    const open = (): Promise<DeskQueue> => DeskQueue.open(name, this.queuePrefix, making);
    let found = await this.queues.get(name, open);
    if (found.queue.closed) {
      this.queues.forget(name);
      found = await this.queues.get(name, open);
    }
    found.checkMadeLike(making);
    return found;
  }

  /** The topic of that name, made when it is not there. */
  topic(name: string): Promise<AsyncTopic> {
    return this.topics.get(name, () => openTopic(this.topicPrefix + name));
  }

  /** Removes a queue. */
  async deleteQueue(name: string): Promise<void> {
    const served = await this.queue(name, { mustExist: true });
    this.queues.forget(name);
    await served.queue.delete();
  }

  /** Runs a call that waits, and that its client may give up by the name in its query. */
  waiting<R>({ query, signal, visitor }: Call, body: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const name = query.get("call");
    return this.calls.run(name === null ? null : `${visitor.id} ${name}`, signal, body);
  }

  /** What is to be done when the gateway closes. */
  atClose(act: () => void): void {
    this.closers.push(act);
  }

  async close(): Promise<void> {
    this.sessions.close();
    for (const act of this.closers) act();
    for (const one of [...this.subscriptions.values()]) await one.close().catch(() => undefined);
    await this.queues.close();
    await this.topics.close();
    await this.values.close();
  }
}
