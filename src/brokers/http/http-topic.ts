import { randomUUID } from "node:crypto";
import type { TopicCapability } from "../../async-topic.js";
import { AbandonedError, ClosedError, SystemError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type {
  Incoming,
  OpenTopicOptions,
  Outgoing,
  Settlement,
  SubscriptionDriver,
  TopicDriver,
  Wanted,
} from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { gatewayAt } from "./gateway-at.js";
import { GatewayCalls } from "./gateway-calls.js";
import { HttpSession } from "./http-session.js";
import { paused } from "./paused.js";

/** One request waits so long at the gateway, then the next one does. */
const WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 20;
const MOST_PAUSE_MS = 2000;
const MOST_MESSAGES = 500;

/** A message as the gateway sends it. */
interface Sent extends Pick<Incoming, "headers" | "deliveries" | "redelivered"> {
  readonly body: string;
  readonly contentType: string;
  readonly key: string;
  readonly id?: string;
  readonly receipt?: string;
}

/** Opens the topic of that name at a gateway, or makes it. */
export async function openHttpTopic(
  url: BrokerUrl,
  options: Pick<OpenTopicOptions, "token" | "tls">,
  operation: string,
  signal: AbortSignal,
  ownType: string | undefined,
): Promise<TopicDriver> {
  const { calls, path } = gatewayAt(url, "topics", options, operation);
  try {
    const { capabilities } = await calls.json<{ capabilities: TopicCapability[] }>("PUT", path, operation, { signal });
    return new HttpTopic(calls, path, new Set(capabilities), ownType);
  } catch (error) {
    calls.close();
    throw error;
  }
}

/*
 * A topic at a gateway
 *
 * Idea    The gateway subscribes for this end, in the name of its session, and this end asks for what has come whenever its
 *         program takes: so a slow program is a slow subscriber of the topic behind the gateway, and is told what it missed.
 * Order   The topic's own; what one end publishes follows each other.
 * Death   Of this end: its session's connection ends, and with it its subscriptions; what it had taken from a durable group
 *         goes back. Of the gateway: this end subscribes anew at the next one.
 * Limits  What is published while this end is cut off it misses, and is not told how much: for that there are durable
 *         groups, where the topic behind the gateway has them. What is repeated because its connection broke is published
 *         once, unless the gateway died meanwhile.
 */
class HttpTopic implements TopicDriver {
  readonly session: HttpSession;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly calls: GatewayCalls,
    readonly path: string,
    readonly capabilities: ReadonlySet<TopicCapability>,
    readonly ownType: string | undefined,
  ) {
    this.session = new HttpSession(calls);
  }

  publish(message: Outgoing, bounds: Bounds): Promise<void> {
    const published = this.last.then(() => this.publishOne(message, bounds));
    this.last = published.catch(() => undefined);
    return published;
  }

  async subscribe(wanted: Wanted): Promise<SubscriptionDriver> {
    const subscription = new HttpSubscription(this, wanted);
    await subscription.open(this.says("subscribe()"));
    return subscription;
  }

  async close(): Promise<void> {
    this.session.close();
    this.calls.close();
  }

  /** Nothing to do: a request that is under way keeps the process alive, an idle connection does not. */
  hold(): void {}

  says(operation: string): string {
    return `topic ${this.calls.shown}: ${operation}`;
  }

  private async publishOne({ body, contentType, key, id, headers }: Outgoing, bounds: Bounds): Promise<void> {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length).toString("base64");
    const hasHeaders = this.capabilities.has("headers");
    const json = { messages: [{ body: bytes, contentType, key, ...(hasHeaders && { id, headers }) }] };
    const sending = { json, headers: { "idempotency-key": randomUUID() }, signal: bounds.signal };
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MOST_PAUSE_MS, 2 * pause)) {
      bounds.throwIfGivenUp();
      try {
        return await this.calls.json("POST", `${this.path}/messages`, this.says("publish()"), sending);
      } catch (error) {
        if (!GatewayCalls.isCut(error)) throw error;
        await paused(pause, bounds);
      }
    }
  }
}

/** One subscription of a topic at a gateway. */
class HttpSubscription implements SubscriptionDriver {
  missed = 0;
  /** Its path at the gateway, as long as that knows it. */
  private place: Promise<string> | undefined;
  /** What came for a call that had been given up. */
  private back: Incoming[] = [];
  /** Of subscriptions that the gateway has lost. */
  private missedBefore = 0;

  constructor(
    private readonly topic: HttpTopic,
    private readonly wanted: Wanted,
  ) {}

  /** Subscribes, unless it has. */
  open(operation: string): Promise<string> {
    if (this.place) return this.place;
    const place = this.subscribe(operation);
    this.place = place;
    place.catch(() => this.lose(place));
    return place;
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    const operation = this.topic.says("subscription");
    for (let pause = FIRST_PAUSE_MS; ; ) {
      bounds.throwIfGivenUp();
      if (this.back.length > 0) return this.back.splice(0, max);
      const { place } = this;
      try {
        const found = await this.ask(await this.open(operation), max, isWaiting, bounds, operation);
        if (found.length > 0 || !isWaiting) return found;
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        if (error instanceof ClosedError) return undefined;
        if (error instanceof AbandonedError) this.lose(place);
        else if (!GatewayCalls.isCut(error)) throw error;
        await paused(pause, bounds);
        pause = Math.min(MOST_PAUSE_MS, 2 * pause);
      }
    }
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    // only those of durable groups have a receipt: of others there is nothing to settle, but what nobody got stays
    const receipts = messages.flatMap(({ token }) => (token === undefined ? [] : [token as string]));
    if (receipts.length === 0) {
      if (how === "return") this.back = [...messages, ...this.back];
      return;
    }
    const operation = this.topic.says(how === "ack" ? "ack()" : "nack()");
    const json = { receipts, how: how === "return" ? "requeue" : how };
    const lost = await this.lostOf(await this.open(operation), json, operation);
    if (lost > 0 && how === "ack")
      throw new SystemError(
        `${operation} of ${lost} of ${receipts.length} messages that the gateway has given back, because this end was cut off`,
        { errno: "ECONNRESET", resource: this.topic.calls.shown },
      );
  }

  unsubscribe(): Promise<void> {
    return this.end(this.wanted.group !== undefined);
  }

  close(): Promise<void> {
    return this.end(false).catch(() => undefined); // a gateway that is gone knows of no subscriptions
  }

  hold(): void {}

  private async subscribe(operation: string): Promise<string> {
    const { topic, wanted } = this;
    const { pattern, group, isDurable } = wanted;
    const query = (session: string) =>
      new URLSearchParams({ session, pattern, ...(group !== undefined && { group, durable: String(isDurable) }) });
    const add = async (): Promise<{ subscription: string }> =>
      topic.calls.json("POST", `${topic.path}/subscriptions?${query(await topic.session.name(operation))}`, operation);
    const { subscription } = await add().catch((error) => {
      if (!(error instanceof AbandonedError)) throw error;
      // the gateway does not know that session any more
      topic.session.lose();
      return add();
    });
    this.missedBefore = this.missed;
    return `${topic.path}/subscriptions/${subscription}`;
  }

  private async ask(
    place: string,
    max: number,
    isWaiting: boolean,
    bounds: Bounds,
    operation: string,
  ): Promise<Incoming[]> {
    const { calls, ownType } = this.topic;
    const call = randomUUID();
    bounds.onGiveUp = () => void calls.json("DELETE", `/calls/${call}`, operation).catch(() => undefined);
    try {
      const query = `max=${Math.min(max, MOST_MESSAGES)}&wait=${isWaiting ? WAIT_MS : 0}&call=${call}`;
      const path = `${place}/messages?${query}`;
      const { messages, missed } = await calls.json<{ messages: Sent[]; missed: number }>("GET", path, operation);
      this.missed = this.missedBefore + missed;
      return messages.map(({ receipt, body, contentType, ...rest }) => ({
        ...rest,
        id: rest.id,
        // no Buffer: what is published as a Uint8Array comes as one
        body: new Uint8Array(Buffer.from(body, "base64")),
        contentType: contentType === "application/octet-stream" ? (ownType ?? contentType) : contentType,
        token: receipt,
      }));
    } finally {
      bounds.onGiveUp = undefined;
    }
  }

  private async lostOf(place: string, json: { receipts: string[]; how: string }, operation: string): Promise<number> {
    try {
      return (await this.topic.calls.json<{ lost: number }>("POST", `${place}/settle`, operation, { json })).lost;
    } catch (error) {
      if (error instanceof AbandonedError) return json.receipts.length;
      throw error;
    }
  }

  private async end(withGroup: boolean): Promise<void> {
    const place = await this.place;
    this.place = undefined;
    if (place === undefined) return;
    const operation = this.topic.says(withGroup ? "unsubscribe()" : "close()");
    try {
      await this.topic.calls.json("DELETE", `${place}?group=${withGroup}`, operation);
    } catch (error) {
      if (!(error instanceof AbandonedError)) throw error;
    }
  }

  private lose(place: Promise<string> | undefined): void {
    if (this.place === place) this.place = undefined;
  }
}
