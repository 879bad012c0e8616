import { SystemError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Feed, Incoming, Settlement } from "../broker.js";
import type { ActivemqConnection } from "./activemq-connection.js";
import { ActivemqCourse } from "./activemq-course.js";
import { activemqFailure, Cut, isCut } from "./activemq-failure.js";
import type { ActivemqLink } from "./activemq-link.js";
import { type ActivemqToken, headersAgain } from "./activemq-message.js";

/** A take subscribes for at most so many. */
const MOST = 1000;

/*
 * Taking from a queue of ActiveMQ
 *
 * Idea    STOMP has subscriptions only. A take subscribes for as many as it wants; that nothing is there is told by a browser of
 *         the queue that begins behind it, wants nothing, and so brings its mark of the end. Loops subscribe for as many as
 *         they take ahead.
 * States  A message is ready, or unacknowledged on its subscription (see ActivemqCourse).
 * Order   That of the server. What goes back because its subscription ends stands in front of what nobody has had, behind
 *         what went back before; a single message of many, and one whose deliveries are counted, is put again and
 *         acknowledged in one transaction: it stands at the end.
 * Death   The server gives back what was unacknowledged when a connection ends; one that says nothing for two heartbeats
 *         (20 s) has ended.
 * Limits  While a message is acknowledged the server may already have sent the next one, which then goes back and is marked.
 *         After a cut the messages that were taken are the server's again: to acknowledge one is a SystemError. STOMP does
 *         not say how often a message was delivered: what is counted is how often it was given back, not deaths.
 * Source  STOMP 1.2; ActiveMQ's headers activemq.prefetchSize and browser.
 */
export class ActivemqTaking {
  constructor(
    private readonly connection: ActivemqConnection,
    private readonly destination: string,
    private readonly label: string,
    private readonly rules: { readonly maxDeliveries?: number; readonly deadLetter?: string },
  ) {}

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    for (;;) {
      bounds.throwIfGivenUp();
      const came = await this.connection.use(
        `${this.label}: take()`,
        async (link) => {
          const course = new ActivemqCourse(link, this.destination, Math.min(max, MOST));
          try {
            return await this.takeOn(course, max, isWaiting, bounds);
          } finally {
            await course.end();
          }
        },
        bounds,
      );
      const found = await this.wanted(came);
      if (found.length > 0 || (came.length === 0 && !isWaiting)) return found;
    }
  }

  feed(prefetch: number, bounds?: Bounds): Promise<Feed> {
    const wanted = (came: readonly Incoming[]) => this.wanted(came);
    return ActivemqFeed.begin(this.connection, this.destination, prefetch, this.label, wanted, bounds);
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const settling = messages.map((message) => this.settleOne(message, how));
    const outcomes = await Promise.allSettled(settling);
    const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    if (failures.length === 0) return;
    if (!isCut(failures[0])) throw activemqFailure(failures[0], `${this.label}: settling`, this.connection.shown);
    // the server has them back already
    if (how !== "ack" && how !== "reject") return;
    throw new SystemError(
      `${this.label}: ${how === "ack" ? "ack()" : "nack()"} of ${failures.length} of ${messages.length} messages that the server has taken back, because the connection broke`,
      { errno: "ECONNRESET", resource: this.label },
    );
  }

  private async takeOn(course: ActivemqCourse, max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    const awaken = (): Promise<void> =>
      new Promise((resolve) => {
        course.wake = resolve;
        bounds.onGiveUp = () => resolve();
        if (course.buffer.length > 0 || bounds.isGivenUp || course.isOver) resolve();
      });
    await course.begin();
    if (isWaiting) await awaken();
    if (bounds.isGivenUp) {
      bounds.onGiveUp = undefined;
      throw new Cut("given up");
    }
    if (course.buffer.length < Math.min(max, MOST)) await course.caughtUp();
    bounds.onGiveUp = undefined;
    if (course.isOver) throw new Cut("the connection was lost");
    return course.buffer.splice(0, max);
  }

  private async settleOne(incoming: Incoming, how: Settlement): Promise<void> {
    const { maxDeliveries } = this.rules;
    const token = incoming.token as ActivemqToken & { course: ActivemqCourse };
    const { message, course } = token;
    if (course.isOver) throw new Cut("the connection was lost");
    const isSpent = token.count + 1 >= (maxDeliveries ?? Number.POSITIVE_INFINITY);
    const isDead = how === "reject" || (how === "requeue" && isSpent);
    if (how === "ack") return course.finish(message, () => course.link.ack(message));
    if (isDead) return this.bury(incoming);
    if (how === "return" || (maxDeliveries === undefined && course.givesBack)) return course.giveBack(message);
    const again = { destination: this.destination, headers: headersAgain(token, token.count + 1), body: incoming.body };
    return course.finish(message, () => course.link.move(message, again));
  }

  /** To the dead letters if there are any, and away. */
  private async bury({ token, body }: Incoming): Promise<void> {
    const { message, course } = token as ActivemqToken & { course: ActivemqCourse };
    const { deadLetter } = this.rules;
    await course.finish(message, () => {
      if (deadLetter === undefined) return course.link.ack(message);
      const headers = headersAgain(token as ActivemqToken, undefined);
      return course.link.move(message, { destination: deadLetter, headers, body });
    });
  }

  /** Of what came, what is to be handed out. */
  private async wanted(came: readonly Incoming[]): Promise<Incoming[]> {
    const now = Date.now();
    const isDead = ({ token }: Incoming): boolean => (token as ActivemqToken).until <= now;
    await Promise.all(came.filter(isDead).map((one) => this.bury(one)));
    return came.filter((one) => !isDead(one));
  }
}

/** Messages that the server sends for one loop; after a cut on a new subscription. */
class ActivemqFeed implements Feed {
  private isEnding = false;

  private constructor(
    private course: ActivemqCourse,
    private readonly resume: (bounds?: Bounds) => Promise<ActivemqCourse>,
    private readonly wanted: (came: readonly Incoming[]) => Promise<Incoming[]>,
  ) {}

  static async begin(
    connection: ActivemqConnection,
    destination: string,
    prefetch: number,
    label: string,
    wanted: (came: readonly Incoming[]) => Promise<Incoming[]>,
    bounds?: Bounds,
  ): Promise<ActivemqFeed> {
    const beginOn = async (link: ActivemqLink): Promise<ActivemqCourse> => {
      const course = new ActivemqCourse(link, destination, prefetch);
      await course.begin();
      return course;
    };
    const resume = (bounds?: Bounds) => connection.use(`${label}: messages()`, beginOn, bounds);
    return new ActivemqFeed(await resume(bounds), resume, wanted);
  }

  async next(bounds: Bounds): Promise<Incoming[] | undefined> {
    for (;;) {
      bounds.throwIfGivenUp();
      if (this.course.isOver && !this.isEnding) this.course = await this.resume(bounds);
      // it ended meanwhile: nobody would take what comes
      if (this.isEnding) await this.course.end();
      const found = await this.wanted(this.course.buffer.splice(0)).catch((error) => {
        if (isCut(error)) return [];
        throw error;
      });
      if (found.length > 0) return found;
      await new Promise<void>((resolve) => {
        this.course.wake = resolve;
        bounds.onGiveUp = () => resolve();
        if (this.course.buffer.length > 0 || this.course.isOver || bounds.isGivenUp) resolve();
      });
    }
  }

  hasLost({ token }: Incoming): boolean {
    return (token as { course: ActivemqCourse }).course.isOver;
  }

  settled(): void {}

  async end(): Promise<void> {
    this.isEnding = true;
    await this.course.end();
  }
}
