import { randomUUID } from "node:crypto";
import type { AsyncPutOptions, AsyncQueue, QueueCapability } from "../async-queue.js";
import type { WaitOptions } from "../deadline.js";
import { diagnostics } from "../diagnostics.js";
import { ClosedError, UsageError } from "../errors.js";
import type { BodyCodec } from "./body-codec.js";
import { Bounds } from "./bounds.js";
import type { OpenQueueOptions, Outgoing, QueueDriver } from "./broker.js";
import { checkPut } from "./check-options.js";
import type { DrivenMessage } from "./driven-message.js";
import { Taking } from "./taking.js";
import { withCarried } from "./with-carried.js";

const BATCH = 256;

/** A queue at a broker, as its users have it. */
export class DrivenQueue<T> implements AsyncQueue<T> {
  private readonly taking: Taking<T>;
  private ended: Promise<void> | undefined;

  constructor(
    readonly url: string,
    private readonly driver: QueueDriver,
    private readonly bodies: BodyCodec<T>,
    private readonly options: OpenQueueOptions<T>,
  ) {
    this.taking = new Taking(`queue ${url}`, driver, bodies, options.prefetch ?? 32, {
      url,
      got: diagnostics.queueGet,
    });
  }

  get capabilities(): ReadonlySet<QueueCapability> {
    return this.driver.capabilities;
  }

  get closed(): boolean {
    return this.taking.isClosed;
  }

  async put(value: T, options: AsyncPutOptions = {}): Promise<void> {
    const { queuePut } = diagnostics;
    if (!queuePut.isWatched) return this.putOne(value, options);
    const event = { operation: "put()", url: this.url, count: 1, headers: {} };
    return queuePut.trace(event, () => this.putOne(value, withCarried(options, event.headers, this.capabilities)));
  }

  private async putOne(value: T, options: AsyncPutOptions): Promise<void> {
    if (this.closed) throw this.taking.closedError("put()", value);
    const message = this.outgoing(value, options, "put()");
    const put = async (bounds: Bounds): Promise<void> => {
      try {
        await this.driver.put([message], bounds);
      } catch (error) {
        // the driver knows bytes only
        if (error instanceof ClosedError && error.undelivered === undefined)
          throw new ClosedError(error.message, { resource: this.url, cause: error, undelivered: value });
        throw error;
      }
    };
    await this.taking.call("put()", options, put, undefined, value);
  }

  async putMany(values: Iterable<T>, options: AsyncPutOptions = {}): Promise<void> {
    const { queuePut } = diagnostics;
    if (!queuePut.isWatched) return this.putAll(values, options);
    const event = { operation: "putMany()", url: this.url, count: 0, headers: {} };
    return queuePut.trace(event, () =>
      this.putAll(values, withCarried(options, event.headers, this.capabilities), (count) => {
        event.count = count;
      }),
    );
  }

  private async putAll(
    values: Iterable<T>,
    options: AsyncPutOptions,
    counted?: (count: number) => void,
  ): Promise<void> {
    if (this.closed) throw this.taking.closedError("putMany()");
    if (typeof values?.[Symbol.iterator] !== "function")
      throw new UsageError(`queue ${this.url}: putMany() of ${String(values)}; allowed: a list of values`);
    const messages = Array.from(values, (value) => this.outgoing(value, { ...options, id: undefined }, "putMany()"));
    counted?.(messages.length);
    await this.taking.call("putMany()", options, async (bounds) => {
      for (let i = 0; i < messages.length; i += BATCH) {
        bounds.throwIfGivenUp();
        // between the parts it can still be given up
        const part = new Bounds(() => !bounds.isGivenUp);
        bounds.onGiveUp = (reason) => part.giveUp(reason);
        await this.driver.put(messages.slice(i, i + BATCH), part);
      }
    });
  }

  async get(options?: WaitOptions): Promise<T> {
    const found = await this.taking.get("get()", 1, true, options);
    if (found === undefined) throw this.taking.overError("get()");
    return found[0];
  }

  async tryGet(options?: WaitOptions): Promise<T | undefined> {
    return (await this.taking.get("tryGet()", 1, false, options))?.[0];
  }

  async getMany(max = Number.POSITIVE_INFINITY, options?: WaitOptions): Promise<T[]> {
    if (max !== Number.POSITIVE_INFINITY && !(Number.isInteger(max) && max >= 1))
      throw new UsageError(`queue ${this.url}: getMany() of ${String(max)} messages; allowed: 1 or more`);
    const found = await this.taking.get("getMany()", Math.min(max, 10_000), true, options);
    if (found === undefined) throw this.taking.overError("getMany()");
    return found;
  }

  async take(options?: WaitOptions): Promise<DrivenMessage<T>> {
    const found = await this.taking.take("take()", true, options);
    if (found === undefined) throw this.taking.overError("take()");
    return found[0];
  }

  async tryTake(options?: WaitOptions): Promise<DrivenMessage<T> | undefined> {
    return (await this.taking.take("tryTake()", false, options))?.[0];
  }

  messages(options?: WaitOptions): AsyncGenerator<DrivenMessage<T>, void, undefined> {
    return this.taking.messages(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.taking.values();
  }

  size(options: WaitOptions = {}): Promise<number> {
    return this.asked("size", "size()", options, () => this.driver.size());
  }

  unacked(options: WaitOptions = {}): Promise<number> {
    return this.asked("unacked", "unacked()", options, () => this.driver.unacked());
  }

  join(options: WaitOptions = {}): Promise<void> {
    return this.asked("join", "join()", options, (bounds) => this.driver.join(bounds));
  }

  shutdown({ immediate = false, ...options }: { immediate?: boolean } & WaitOptions = {}): Promise<void> {
    return this.asked("shutdown", "shutdown()", options, () => this.driver.shutdown(immediate));
  }

  purge(options: WaitOptions = {}): Promise<number> {
    return this.taking.call("purge()", options, () => this.driver.purge());
  }

  async delete(options: WaitOptions = {}): Promise<void> {
    await this.taking.call("delete()", options, () => this.driver.delete());
    await this.close();
  }

  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    try {
      await this.taking.close();
    } finally {
      this.driver.hold(true);
      await this.driver.close();
    }
  }

  private async asked<R>(
    capability: QueueCapability,
    operation: string,
    options: WaitOptions,
    body: (bounds: Bounds) => Promise<R>,
  ): Promise<R> {
    if (!this.capabilities.has(capability))
      throw new UsageError(
        `queue ${this.url}: ${operation}; this broker cannot; it can: ${[...this.capabilities].join(", ")}`,
      );
    return this.taking.call(operation, options, body);
  }

  private outgoing(value: T, put: AsyncPutOptions, operation: string): Outgoing {
    checkPut(put, this.options, this.capabilities, `queue ${this.url}: ${operation}`);
    const { ttl = this.options.ttl, delay = this.options.delay } = put;
    return {
      body: this.bodies.encode(value),
      contentType: this.bodies.contentType,
      id: put.id ?? randomUUID(),
      headers: put.headers ?? {},
      priority: put.priority ?? 0,
      delay: delay ?? 0,
      ttl: ttl ?? Number.POSITIVE_INFINITY,
    };
  }
}
