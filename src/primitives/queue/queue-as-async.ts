import type { AsyncMessage, AsyncPutOptions, AsyncQueue, MessageHeaders, QueueCapability } from "../../async-queue.js";
import type { WaitOptions } from "../../deadline.js";
import { deadlineOf } from "../../deadline.js";
import { ClosedError, UsageError } from "../../errors.js";
import type { Queue } from "./queue.js";
import type { QueueMessage } from "./queue-message.js";

const names = ["size", "unacked", "join", "shutdown", "maxItems", "maxDeliveries", "deadLetter", "front", "deliveries"];
const plain = new Set(names) as ReadonlySet<QueueCapability>;

/** A message of a queue in shared memory, with promises. */
class SharedMessage<T> implements AsyncMessage<T> {
  readonly bytes = undefined;
  readonly id = undefined;
  readonly contentType = undefined;

  constructor(private readonly message: QueueMessage<T>) {}

  get value(): T {
    return this.message.value;
  }

  get headers(): MessageHeaders {
    return this.message.headers;
  }

  get redelivered(): boolean {
    return this.message.redelivered;
  }

  get deliveries(): number {
    return this.message.deliveries;
  }

  get settled(): boolean {
    return this.message.settled;
  }

  async ack(): Promise<void> {
    this.message.ack();
  }

  async nack(options?: { requeue?: boolean }): Promise<void> {
    this.message.nack(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.message[Symbol.dispose]();
  }
}

/** What a queue in shared memory is besides itself when it is used like one at a broker. */
export interface AsAsyncOptions {
  /** Priorities that a put may have: 0 to one less. */
  priorities?: number;
  /** What such queues can do, where it is more than this very one can. */
  capabilities?: ReadonlySet<QueueCapability>;
  /** What is closed along with it. */
  owned?: Disposable;
}

/** A queue in shared memory with the interface of queues everywhere: promises only. */
export class QueueAsAsync<T> implements AsyncQueue<T> {
  readonly url: string;

  constructor(
    private readonly queue: Queue<T>,
    private readonly options: AsAsyncOptions = {},
  ) {
    this.url = `shm:${queue.name ?? ""}`;
  }

  get capabilities(): ReadonlySet<QueueCapability> {
    return this.options.capabilities ?? plain;
  }

  get closed(): boolean {
    return this.queue.closed;
  }

  async put(value: T, options: AsyncPutOptions = {}): Promise<void> {
    this.check(options, "put()");
    await this.queue.put(value, options);
  }

  async putMany(values: Iterable<T>, options: AsyncPutOptions = {}): Promise<void> {
    this.check(options, "putMany()");
    if (typeof values?.[Symbol.iterator] !== "function")
      throw new UsageError(`queue ${this.url}: putMany() of ${String(values)}; allowed: a list of values`);
    await this.queue.putMany(values, options);
  }

  get(options?: WaitOptions): Promise<T> {
    return this.queue.get(options);
  }

  async tryGet(options: WaitOptions = {}): Promise<T | undefined> {
    begin(options, "tryGet()");
    return this.queue.tryGet();
  }

  getMany(max?: number, options?: WaitOptions): Promise<T[]> {
    return this.queue.getMany(max, options);
  }

  async take(options?: WaitOptions): Promise<SharedMessage<T>> {
    return new SharedMessage(await this.queue.take(options));
  }

  async tryTake(options: WaitOptions = {}): Promise<SharedMessage<T> | undefined> {
    begin(options, "tryTake()");
    const message = this.queue.tryTake();
    return message && new SharedMessage(message);
  }

  async *messages(options?: WaitOptions): AsyncGenerator<SharedMessage<T>, void, undefined> {
    for await (const message of this.queue.messages(options)) yield new SharedMessage(message);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.queue[Symbol.asyncIterator]();
  }

  async size(options: WaitOptions = {}): Promise<number> {
    begin(options, "size()");
    return this.queue.size;
  }

  async unacked(options: WaitOptions = {}): Promise<number> {
    begin(options, "unacked()");
    return this.queue.unacked;
  }

  join(options?: WaitOptions): Promise<void> {
    return this.queue.join(options);
  }

  async shutdown(options: { immediate?: boolean } & WaitOptions = {}): Promise<void> {
    begin(options, "shutdown()");
    this.queue.shutdown(options);
  }

  async purge(options: WaitOptions = {}): Promise<number> {
    begin(options, "purge()");
    let dropped = 0;
    for (let one = this.queue.tryTake(); one !== undefined; one = this.queue.tryTake()) {
      one.ack();
      dropped++;
    }
    return dropped;
  }

  async delete(options: WaitOptions = {}): Promise<void> {
    begin(options, "delete()");
    // the name may be another's by now
    if (this.closed) throw new ClosedError(`queue ${this.url}: delete() after close()`, { resource: this.url });
    if (this.queue.name) this.queue.unlink();
    await this.close();
  }

  async close(): Promise<void> {
    this.queue.close();
    this.options.owned?.[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private check({ priority, delay, ttl, id, headers }: AsyncPutOptions, operation: string): void {
    for (const [name, value] of Object.entries({ delay, ttl, id, headers }))
      if (value !== undefined)
        throw new UsageError(`queue ${this.url}: ${operation} with ${name}; shared memory has no such thing`);
    const { priorities } = this.options;
    if (
      priority !== undefined &&
      priorities !== undefined &&
      !(Number.isInteger(priority) && priority >= 0 && priority < priorities)
    )
      throw new UsageError(
        `queue ${this.url}: ${operation}: priority is ${String(priority)}; allowed: a whole number, 0 to ${priorities - 1}`,
      );
  }
}

function begin({ signal, timeout }: WaitOptions, operation: string): void {
  deadlineOf(timeout, operation);
  signal?.throwIfAborted();
}
