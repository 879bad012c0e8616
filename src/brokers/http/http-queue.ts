import { randomUUID } from "node:crypto";
import type { QueueCapability } from "../../async-queue.js";
import { AbandonedError, ClosedError, SystemError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { gatewayAt } from "./gateway-at.js";
import { GatewayCalls } from "./gateway-calls.js";
import { HttpSession } from "./http-session.js";
import { paused } from "./paused.js";

/** One request waits so long at the gateway, then the next one does. */
const WAIT_MS = 20_000;
const MOST_PAUSE_MS = 2000;
/** Of the bodies of one request, before they are written as text; a gateway's own limit is 4 MiB by default. */
const PART_BYTES = 1 << 20;
const PART_MESSAGES = 500;

/** A message as the gateway sends it. */
interface Sent {
  readonly receipt: string;
  readonly body: string;
  readonly contentType: string;
  readonly id?: string;
  readonly headers: Incoming["headers"];
  readonly deliveries: number;
  readonly redelivered: boolean;
}

/** Opens the queue of that name at a gateway, or makes it. */
export async function openHttpQueue(
  url: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
  ownType: string | undefined,
): Promise<QueueDriver> {
  const { maxItems, capacity, priorities, maxDeliveries, deadLetter, mustExist } = options;
  const { calls, path } = gatewayAt(url, "queues", options, operation);
  const json = { maxItems, capacity, priorities, maxDeliveries, deadLetter, mustExist };
  try {
    const { capabilities } = await calls.json<{ capabilities: QueueCapability[] }>("PUT", path, operation, {
      ...{ json, signal },
    });
    const has: ReadonlySet<QueueCapability> = new Set(capabilities);
    checkOpen(options, has, operation);
    return new HttpQueue(calls, path, has, ownType);
  } catch (error) {
    calls.close();
    throw error;
  }
}

/*
 * A queue at a gateway
 *
 * Idea    The gateway has the queue and holds what this end has taken; requests say what is to be done. What waits waits
 *         there, for a while at a time, under a name by which it is given up: the request itself is always answered, so
 *         that this end knows whether something was taken or put.
 * States  The queue's own; what was taken is held by the gateway under a receipt, for this end's session.
 * Order   Puts of one end follow each other. What is given back stands in front in its order.
 * Death   Of this end: its session's connection ends, and the gateway gives back what it had. Behind a network that hides
 *         that, within a minute. Of the gateway: the queue does what it does for any dead consumer, and the receipts of
 *         this end are unknown to the next gateway: an acknowledgement is refused.
 * Limits  A put whose connection broke is repeated with the same Idempotency-Key: once, unless the gateway died meanwhile.
 */
class HttpQueue implements QueueDriver {
  private readonly session: HttpSession;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly calls: GatewayCalls,
    private readonly path: string,
    readonly capabilities: ReadonlySet<QueueCapability>,
    private readonly ownType: string | undefined,
  ) {
    this.session = new HttpSession(calls);
  }

  put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    const put = this.last.then(() => this.putAll(messages, bounds));
    this.last = put.catch(() => undefined);
    return put;
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    const operation = this.says("take()");
    for (let pause = 20; ; ) {
      bounds.throwIfGivenUp();
      try {
        const session = await this.session.name(operation);
        const query = `session=${session}&max=${Math.min(max, PART_MESSAGES)}`;
        const { messages } = await this.waiting<{ messages: Sent[] }>("GET", "messages", query, isWaiting, bounds, {});
        if (messages.length > 0 || !isWaiting) return messages.map((message) => this.incoming(message));
        pause = 20;
      } catch (error) {
        if (error instanceof ClosedError) return undefined;
        if (error instanceof AbandonedError) this.session.lose();
        else if (!GatewayCalls.isCut(error)) throw error;
        await paused(pause, bounds);
        pause = Math.min(MOST_PAUSE_MS, 2 * pause);
      }
    }
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const receipts = messages.map(({ token }) => token as string);
    const json = { receipts, how: how === "return" ? "requeue" : how };
    const operation = this.says(how === "ack" ? "ack()" : "nack()");
    const { lost } = await this.calls.json<{ lost: number }>("POST", `${this.path}/settle`, operation, { json });
    if (lost > 0 && how === "ack")
      throw new SystemError(
        `${operation} of ${lost} of ${receipts.length} messages that the gateway has given back, because this end was cut off`,
        { errno: "ECONNRESET", resource: this.calls.shown },
      );
  }

  async size(): Promise<number> {
    return (await this.state("size()")).size;
  }

  async unacked(): Promise<number> {
    return (await this.state("unacked()")).unacked;
  }

  async join(bounds: Bounds): Promise<void> {
    for (;;) {
      bounds.throwIfGivenUp();
      const { done } = await this.waiting<{ done: boolean }>("GET", "join", "", true, bounds, {});
      if (done) return;
    }
  }

  async shutdown(immediate: boolean): Promise<void> {
    await this.calls.json("POST", `${this.path}/shutdown?immediate=${immediate}`, this.says("shutdown()"));
  }

  async purge(): Promise<number> {
    return (await this.calls.json<{ purged: number }>("POST", `${this.path}/purge`, this.says("purge()"))).purged;
  }

  async delete(): Promise<void> {
    await this.calls.json("DELETE", this.path, this.says("delete()"));
  }

  async close(): Promise<void> {
    this.session.close();
    this.calls.close();
  }

  /** Nothing to do: a request that is under way keeps the process alive, an idle connection does not. */
  hold(): void {}

  private async putAll(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    for (let done = 0; done < messages.length; ) {
      bounds.throwIfGivenUp();
      const json = { messages: partOf(messages, done) };
      const headers = { "idempotency-key": randomUUID() };
      for (let pause = 20; ; pause = Math.min(MOST_PAUSE_MS, 2 * pause)) {
        try {
          done += (await this.waiting<{ put: number }>("POST", "messages", "", true, bounds, { json, headers })).put;
          break;
        } catch (error) {
          if (!GatewayCalls.isCut(error)) throw error;
          await paused(pause, bounds);
        }
      }
    }
  }

  /** A request that waits at the gateway, and that is given up there. */
  private async waiting<R>(
    method: string,
    what: string,
    query: string,
    isWaiting: boolean,
    bounds: Bounds,
    sending: { readonly json?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<R> {
    const operation = this.says(what === "join" ? "join()" : method === "POST" ? "put()" : "take()");
    const call = randomUUID();
    bounds.onGiveUp = () => void this.calls.json("DELETE", `/calls/${call}`, operation).catch(() => undefined);
    try {
      const wait = isWaiting ? WAIT_MS : 0;
      const path = `${this.path}/${what}?${query}${query && "&"}wait=${wait}&call=${call}`;
      return await this.calls.json<R>(method, path, operation, sending);
    } finally {
      bounds.onGiveUp = undefined;
    }
  }

  private incoming({ receipt, body, contentType, ...rest }: Sent): Incoming {
    const type = contentType === "application/octet-stream" ? (this.ownType ?? contentType) : contentType;
    // no Buffer: what is put as a Uint8Array comes as one
    return {
      ...rest,
      id: rest.id,
      body: new Uint8Array(Buffer.from(body, "base64")),
      contentType: type,
      token: receipt,
    };
  }

  private state(operation: string): Promise<{ size: number; unacked: number }> {
    return this.calls.json("GET", `${this.path}/state`, this.says(operation));
  }

  private says(operation: string): string {
    return `queue ${this.calls.shown}: ${operation}`;
  }
}

/** As many of the messages as one request may have, as the gateway wants them. */
function partOf(messages: readonly Outgoing[], from: number): unknown[] {
  const part: unknown[] = [];
  let bytes = 0;
  for (const { body, contentType, id, headers, priority, delay, ttl } of messages.slice(from, from + PART_MESSAGES)) {
    bytes += body.length;
    if (part.length > 0 && bytes > PART_BYTES) break;
    part.push({
      ...{ body: Buffer.from(body.buffer, body.byteOffset, body.length).toString("base64"), contentType, id, headers },
      ...(priority > 0 && { priority }),
      ...(delay > 0 && { delay }),
      ...(ttl !== Number.POSITIVE_INFINITY && { ttl }),
    });
  }
  return part;
}
