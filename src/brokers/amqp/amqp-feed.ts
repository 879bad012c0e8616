import type { Channel } from "amqplib";
import type { Bounds } from "../bounds.js";
import type { Feed, Incoming } from "../broker.js";
import type { AmqpConnection } from "./amqp-connection.js";
import { amqpFailure, hasForgotten } from "./amqp-failure.js";
import { type AmqpToken, incomingOf } from "./amqp-message.js";

/** Messages that came on a loop's channel and are not settled; once a loop has ended, its channel goes with the last. */
interface Course {
  open: number;
  isEnding: boolean;
  /** The channel is closed: the server has them back. */
  isOver: boolean;
}

const courses = new WeakMap<Channel, Course>();

/** Messages that the server sends for one loop, on a channel of its own; after a cut on a new one. */
export class AmqpFeed implements Feed {
  private buffer: Incoming[] = [];
  private wake: (() => void) | undefined;
  private channel: Channel | undefined;
  private tag = "";
  private failure: unknown;
  private isEnding = false;

  private constructor(
    private readonly connection: AmqpConnection,
    private readonly queue: string,
    private readonly prefetch: number,
    private readonly label: string,
  ) {}

  static async begin(
    connection: AmqpConnection,
    queue: string,
    prefetch: number,
    label: string,
    bounds?: Bounds,
  ): Promise<AmqpFeed> {
    const feed = new AmqpFeed(connection, queue, prefetch, label);
    await feed.subscribe(bounds);
    return feed;
  }

  /** So many messages of a channel were settled. */
  static async settledOn(channel: Channel, count: number): Promise<void> {
    const course = courses.get(channel);
    if (course === undefined) return;
    course.open -= count;
    if (course.isEnding && course.open <= 0) await channel.close().catch(() => undefined);
  }

  async next(bounds: Bounds): Promise<Incoming[] | undefined> {
    while (this.buffer.length === 0) {
      bounds.throwIfGivenUp();
      if (this.failure !== undefined)
        throw amqpFailure(this.failure, `${this.label}: messages()`, this.connection.shown);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        bounds.onGiveUp = () => resolve();
      });
    }
    return this.buffer.splice(0);
  }

  hasLost({ token }: Incoming): boolean {
    return courses.get((token as AmqpToken).channel)?.isOver ?? false;
  }

  settled(): void {}

  async end(): Promise<void> {
    this.isEnding = true;
    const { channel } = this;
    if (channel === undefined) return;
    await channel.cancel(this.tag).catch(() => undefined);
    const rest = this.buffer.splice(0);
    const course = courses.get(channel) as Course;
    course.open -= rest.length;
    course.isEnding = true;
    try {
      for (const { token } of rest.reverse()) channel.nack((token as { message: never }).message, false, true);
    } catch {
      // the channel is gone: the server has them back
    }
    if (course.open <= 0) await channel.close().catch(() => undefined);
  }

  private async subscribe(bounds?: Bounds): Promise<void> {
    const operation = `${this.label}: messages()`;
    const begun = await this.connection.use("control", operation, () => this.beginCourse(), bounds);
    if (begun === undefined) return;
    // it ended meanwhile: what came goes back with the channel
    if (this.isEnding) return begun.channel.close().catch(() => undefined);
    this.channel = begun.channel;
    this.tag = begun.tag;
  }

  private async beginCourse(): Promise<{ readonly channel: Channel; readonly tag: string } | undefined> {
    // nobody would take what came
    if (this.isEnding) return undefined;
    const channel = await this.connection.ownChannel();
    const course: Course = { open: 0, isEnding: false, isOver: false };
    courses.set(channel, course);
    let why: unknown;
    let isBegun = false;
    channel.on("error", (error) => {
      why = error;
    });
    channel.once("close", () => {
      course.isOver = true;
      // one that has not begun is begun again by whoever waits for it
      if (isBegun) this.lost(why);
      else this.buffer = [];
    });
    await channel.prefetch(this.prefetch);
    const { consumerTag: tag } = await channel.consume(this.queue, (message) => {
      // null: the queue was deleted
      if (message === null) return this.lost(Object.assign(new Error("the queue was deleted"), { code: 404 }));
      course.open++;
      this.buffer.push(incomingOf(message, channel));
      this.wake?.();
    });
    isBegun = true;
    return { channel, tag };
  }

  private lost(why: unknown): void {
    // what was not handed out is the server's again
    this.buffer = [];
    if (this.isEnding || this.failure !== undefined) return;
    if (why !== undefined && !hasForgotten(why)) {
      this.failure = why;
      this.wake?.();
      return;
    }
    this.channel = undefined;
    this.subscribe().catch((error) => {
      this.failure = error;
      this.wake?.();
    });
  }
}
