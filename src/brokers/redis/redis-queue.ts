import { randomUUID } from "node:crypto";
import type { MessageHeaders, QueueCapability } from "../../async-queue.js";
import { ClosedError, NotFoundError, SystemError, UsageError } from "../../errors.js";
import type { Bounds } from "../bounds.js";
import type { Incoming, Outgoing, QueueDriver, QueueShape, Settlement } from "../broker.js";
import type { BrokerUrl } from "../broker-url.js";
import { checkOpen } from "../check-options.js";
import { RedisAcks, type RedisToken } from "./redis-acks.js";
import { RedisConnection, type Reply } from "./redis-connection.js";
import { RedisPuts } from "./redis-puts.js";
import { BEAT, COUNT, PARKED, PURGE, PUT, RELEASE, SETTLE, TAKE } from "./redis-scripts.js";
import { RedisWakes } from "./redis-wakes.js";

export const GROUP = "interproc";
/** Who has not shown life for so long has lost what it had taken, even if the server still believes it connected. */
const LEASE_MS = 60_000;
/** Who waits looks so often for consumers that have died. */
const LOOK_EVERY_MS = 500;

const capabilities: ReadonlySet<QueueCapability> = new Set([
  ...(["size", "unacked", "join", "shutdown", "maxItems", "maxDeliveries", "deadLetter"] as const),
  ...(["delay", "ttl", "headers", "front", "deliveries", "durable"] as const),
]);

/** Opens the queue of that name at a Redis server, or makes it. */
export async function openRedisQueue(
  url: BrokerUrl,
  options: QueueShape,
  operation: string,
  signal: AbortSignal,
): Promise<QueueDriver> {
  checkOpen(options, capabilities, operation);
  if (options.capacity !== undefined)
    throw new UsageError(`${operation}: capacity is ${options.capacity}; allowed: in shared memory only`);
  const connection = await RedisConnection.open(url, operation, signal);
  try {
    await makeStream(connection, url.name, operation, options.mustExist === true);
    if (options.deadLetter !== undefined) await makeStream(connection, options.deadLetter, operation, false);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new RedisQueue(connection, url.name, options, true);
}

/** A stream with our group of consumers. */
export async function makeStream(
  connection: RedisConnection,
  name: string,
  operation: string,
  mustExist: boolean,
): Promise<void> {
  if (mustExist && Number(await connection.ask(["EXISTS", name], operation)) === 0)
    throw new NotFoundError(`${operation}: there is no such key`, { resource: connection.shown });
  try {
    await connection.ask(["XGROUP", "CREATE", name, GROUP, "0", "MKSTREAM"], operation);
  } catch (error) {
    if (!String((error as Error).message).includes("BUSYGROUP")) throw error;
  }
}

/*
 * A queue at a Redis server
 *
 * Idea    A stream with one group of consumers. What is acknowledged is deleted from the stream, so that its length is the
 *         queue's. Each step is one script, which no other client sees half done; what waits hears of news on a channel.
 * States  Delayed (in a sorted set by its moment), ready (in the stream, not delivered), taken (pending under its
 *         consumer's name), given back (pending under the name "parked", idle for ever, so that the next take claims it
 *         before anything new). An entry keeps its place in the stream: what comes back is in front.
 * Order   That of the stream; delayed messages enter it when their time has come.
 * Death   A consumer's name ends with its connection's name and number. Who waits asks the server now and then whether the
 *         connections of those that hold something still are: a dead one's messages are given back. Behind a network that
 *         hides a death the lease ends: consumers touch what they hold, and what was untouched for a minute is claimed.
 *         A consumer that was cut off has lost what it had taken: its acknowledgement is refused.
 * Limits  A put that was under way when the connection broke is made again, and marked: its message may come twice, and says
 *         `redelivered`. How durable "confirmed" is depends on the server's appendfsync.
 * Source  Redis's streams: XREADGROUP, XAUTOCLAIM, XCLAIM.
 */
export class RedisQueue implements QueueDriver {
  readonly capabilities = capabilities;
  readonly hold: (isHeld: boolean) => void;
  private readonly delayed: string;
  private readonly flags: string;
  private readonly channel: string;
  private readonly wakes: RedisWakes;
  private readonly puts: RedisPuts;
  private readonly acks = new RedisAcks((tokens) => this.settleAll(tokens, "ack"));
  private readonly held = new Map<string, RedisToken>();
  private readonly me = randomUUID();
  private beat: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly name: string,
    private readonly options: QueueShape,
    private readonly ownsConnection: boolean,
  ) {
    this.hold = connection.holder();
    this.delayed = `{${name}}:delayed`;
    this.flags = `{${name}}:flags`;
    this.channel = `{${name}}:wake`;
    this.wakes = new RedisWakes(connection, this.channel);
    this.puts = new RedisPuts(connection, [name, this.delayed, this.flags], [GROUP, this.channel, "0"], fieldsOf);
  }

  async put(messages: readonly Outgoing[], bounds: Bounds): Promise<void> {
    if (this.options.maxItems === undefined) return this.puts.put(messages, bounds);
    let wasCut = false;
    for (let done = 0; done < messages.length; ) {
      const { count } = this.wakes;
      const rest = messages.slice(done);
      const head = [GROUP, this.channel, String(this.options.maxItems ?? 0)];
      const placed = Number(
        await this.connection.run(
          PUT,
          [this.name, this.delayed, this.flags],
          () => [...head, ...rest.flatMap((message) => fieldsOf(message, wasCut))],
          `queue ${this.name}: put()`,
          bounds,
          () => {
            wasCut = true;
          },
        ),
      );
      if (placed < 0)
        throw new ClosedError(`queue ${this.connection.shown}: put(), and it was shut down`, {
          resource: this.connection.shown,
        });
      done += placed;
      if (done >= messages.length) return;
      await this.wakes.listen();
      await this.wakes.next(count, LOOK_EVERY_MS, bounds);
      bounds.throwIfGivenUp();
    }
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[] | undefined> {
    if (isWaiting) await this.wakes.listen();
    for (;;) {
      bounds.throwIfGivenUp();
      const { count } = this.wakes;
      let consumer = "";
      const limits = [String(this.options.maxDeliveries ?? 0), this.options.deadLetter ?? ""];
      const [found, isShut, wait, others] = (await this.connection.run(
        TAKE,
        [this.name, this.delayed, this.flags],
        async () => {
          // under the name of the connection that brings them
          consumer = `${this.me}/${await this.connection.mark()}`;
          return [GROUP, consumer, String(Math.min(max, 1000)), String(LEASE_MS), ...limits];
        },
        `queue ${this.name}: take()`,
        bounds,
      )) as [[Buffer, number, Buffer[]][], number, number, number];
      if (found.length > 0) return found.map((entry) => this.incoming(entry, consumer));
      if (!isWaiting) return [];
      if (isShut === 1 && wait < 0 && others === 0) return undefined;
      if (others > 0 && (await this.releaseDead(consumer))) continue;
      await this.wakes.next(count, wait < 0 ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, wait + 1), bounds);
    }
  }

  settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    const tokens = messages.map(({ token }) => token as RedisToken);
    if (how === "ack") return this.acknowledge(tokens);
    const settling = this.settleAll(tokens, how);
    // what is given back while there is no connection is so anyway: nobody waits for that
    return how === "reject" ? settling.then(() => undefined) : this.connection.orCut(settling);
  }

  private async acknowledge(tokens: readonly RedisToken[]): Promise<void> {
    const lost = await this.acks.ack(tokens);
    if (lost > 0)
      throw new SystemError(
        `queue ${this.connection.shown}: ack() of ${lost} of ${tokens.length} messages that were given to somebody else, ` +
          "because this end was cut off",
        { errno: "ECONNRESET", resource: this.connection.shown },
      );
  }

  /** Gives the ids of those that were not this end's any more. */
  private async settleAll(tokens: readonly RedisToken[], how: Settlement): Promise<ReadonlySet<string>> {
    let wasCut = false;
    const lost = await this.connection.run(
      SETTLE,
      [this.name, this.flags],
      [
        ...[GROUP, this.channel, how, String(this.options.maxDeliveries ?? 0), this.options.deadLetter ?? ""],
        ...tokens.flatMap(({ consumer, id }) => [consumer, id]),
      ],
      `queue ${this.name}: ${how}`,
      undefined,
      () => {
        wasCut = true;
      },
    );
    for (const { id } of tokens) this.held.delete(id);
    if (this.held.size === 0) this.stopBeat();
    // done twice, the second time finds nothing
    return new Set(wasCut ? [] : (lost as Reply[]).map(String));
  }

  size(): Promise<number> {
    return this.count(0);
  }

  unacked(): Promise<number> {
    return this.count(1);
  }

  async join(bounds: Bounds): Promise<void> {
    await this.wakes.listen();
    for (;;) {
      const { count } = this.wakes;
      if ((await this.count(2)) === 0) return;
      await this.wakes.next(count, LOOK_EVERY_MS, bounds);
      bounds.throwIfGivenUp();
    }
  }

  async shutdown(immediate: boolean): Promise<void> {
    await this.connection.ask(["HSET", this.flags, "shut", "1"], `queue ${this.name}: shutdown()`);
    if (immediate) await this.purge();
    await this.connection.ask(["PUBLISH", this.channel, "1"], `queue ${this.name}: shutdown()`);
  }

  async purge(): Promise<number> {
    const consumer = `${this.me}/${await this.connection.mark()}`;
    const dropped = await this.connection.run(
      PURGE,
      [this.name, this.delayed],
      [GROUP, consumer],
      `queue ${this.name}: purge()`,
    );
    return Number(dropped);
  }

  async delete(): Promise<void> {
    await this.connection.ask(["DEL", this.name, this.delayed, this.flags], `queue ${this.name}: delete()`);
    await this.connection.ask(["PUBLISH", this.channel, "1"], `queue ${this.name}: delete()`);
  }

  async close(): Promise<void> {
    this.acks.flush();
    this.stopBeat();
    await this.wakes.close();
    if (this.ownsConnection) await this.connection.close();
  }

  /** Gives back what consumers had whose connections are gone; whether there were any. */
  private async releaseDead(mine: string): Promise<boolean> {
    const operation = `queue ${this.name}: take()`;
    const consumers = (await this.connection.ask(["XPENDING", this.name, GROUP], operation)) as Reply[];
    const names = ((consumers[3] ?? []) as Reply[][]).map(([name]) => String(name));
    const others = names.filter((name) => name !== PARKED && name !== mine && /\/.+:\d+\/\d+$/.test(name));
    if (others.length === 0) return false;
    const marks = others.map((name) => name.slice(name.indexOf("/") + 1));
    let gone: Set<string>;
    try {
      gone = new Set(await this.connection.gone(marks, operation));
    } catch {
      // not allowed to ask: their leases end
      return false;
    }
    const dead = others.filter((_, index) => gone.has(marks[index]));
    if (dead.length === 0) return false;
    await this.connection.run(RELEASE, [this.name], [GROUP, this.channel, ...dead], operation);
    return true;
  }

  private async count(which: 0 | 1 | 2): Promise<number> {
    const counts = await this.connection.run(COUNT, [this.name, this.delayed], [GROUP], `queue ${this.name}: size()`);
    return Number((counts as Reply[])[which]);
  }

  private incoming([id, deliveries, pairs]: [Buffer, number, Buffer[]], consumer: string): Incoming {
    const token: RedisToken = { id: id.toString(), consumer };
    this.held.set(token.id, token);
    this.startBeat();
    const fields = new Map<string, Buffer>();
    for (let i = 0; i + 1 < pairs.length; i += 2) fields.set(pairs[i].toString(), pairs[i + 1]);
    const body = fields.get("body");
    if (body === undefined) {
      // not ours: its fields are what it is
      const plain = Object.fromEntries([...fields].map(([name, value]) => [name, value.toString()]));
      const json = Buffer.from(JSON.stringify(plain));
      return {
        body: json,
        contentType: "application/json",
        id: token.id,
        headers: {},
        deliveries,
        redelivered: deliveries > 1,
        token,
      };
    }
    const headers = fields.get("headers");
    return {
      body,
      contentType: fields.get("type")?.toString(),
      id: fields.get("id")?.toString() ?? token.id,
      headers: headers ? (JSON.parse(headers.toString()) as MessageHeaders) : {},
      deliveries,
      redelivered: deliveries > 1 || fields.has("again"),
      ...(fields.has("key") && { key: fields.get("key")?.toString() }),
      token,
    };
  }

  private startBeat(): void {
    this.beat ??= setInterval(() => {
      for (const consumer of new Set([...this.held.values()].map((token) => token.consumer))) {
        const ids = [...this.held.values()].filter((token) => token.consumer === consumer).map(({ id }) => id);
        this.connection.run(BEAT, [this.name], [GROUP, consumer, ...ids], "beat").catch(() => undefined);
      }
    }, LEASE_MS / 4).unref();
  }

  private stopBeat(): void {
    clearInterval(this.beat);
    this.beat = undefined;
  }
}

/** A message as what the script takes. */
export function fieldsOf(message: Outgoing, isAgain: boolean): (string | Buffer)[] {
  const { ttl, delay } = message;
  const fields = streamFields(message, isAgain);
  return [
    String(delay),
    String(ttl === Number.POSITIVE_INFINITY ? 0 : Math.max(1, ttl)),
    String(fields.length),
    ...fields,
  ];
}

/** A message as an entry of a stream. */
export function streamFields(message: Outgoing, isAgain: boolean): (string | Buffer)[] {
  const { body, contentType, id, headers, key } = message;
  return [
    ...["body", Buffer.from(body.buffer, body.byteOffset, body.length)],
    ...["type", contentType, "id", id],
    ...(Object.keys(headers).length > 0 ? ["headers", JSON.stringify(headers)] : []),
    ...(key !== undefined ? ["key", key] : []),
    ...(isAgain ? ["again", "1"] : []),
  ];
}
