import type { Channel, ConsumeMessage } from "amqplib";
import type { WaitOptions } from "../../deadline.js";
import { ClosedError, NotFoundError } from "../../errors.js";
import { amqpFailure } from "../amqp/amqp-failure.js";
import { type Bounds, bounded, Closing } from "../bounds.js";
import { type RabbitCourse, RabbitMessage } from "./rabbit-message.js";

/** What a consumer is told when it begins. */
export interface RabbitConsuming {
  readonly queue: string;
  readonly label: string;
  readonly shown: string;
  readonly isAutoAck: boolean;
  readonly hold: (isHeld: boolean) => void;
  readonly answer: RabbitCourse["answer"];
  /** It has ended. */
  readonly gone: (consumer: RabbitConsumer) => void;
}

/**
 * Messages that the server sends from one queue: `get()` gives the next one, `for await` all as they come. It ends by `close()`
 * and by leaving the loop; what was not settled then goes back into the queue.
 *
 * `get()` and the loop reject, once what has come was handed over, with a NotFoundError when the queue was deleted and with
 * a SystemError that is `retryable` when the connection broke: then the messages that were not settled are the server's again.
 */
export class RabbitConsumer implements AsyncIterable<RabbitMessage>, AsyncDisposable {
  /** By what the server knows it. */
  tag = "";
  private readonly closing = new Closing();
  private readonly ready: RabbitMessage[] = [];
  private readonly takers: (() => void)[] = [];
  private readonly course: RabbitCourse;
  private failure: unknown;
  private waiting = 0;
  private ended: Promise<void> | undefined;

  /** @internal */
  constructor(
    private readonly channel: Channel,
    private readonly about: RabbitConsuming,
  ) {
    this.course = { channel, open: new Map(), label: about.label, answer: about.answer };
    let why: unknown;
    channel.on("error", (error) => {
      why = error;
    });
    channel.once("close", () => this.lost(why ?? new Error("channel closed")));
  }

  get queue(): string {
    return this.about.queue;
  }

  get closed(): boolean {
    return this.closing.isClosed;
  }

  /** @internal What the driver calls for each message; null: the server has ended the consumer. */
  readonly heard = (message: ConsumeMessage | null): void => {
    if (this.closed) return;
    if (message === null) {
      const { label, queue } = this.about;
      this.failure ??= new NotFoundError(`${label}: the queue was deleted`, { resource: queue });
      for (const wake of this.takers.splice(0)) wake();
      return;
    }
    this.ready.push(new RabbitMessage(message, this.course, this.about.isAutoAck));
    this.takers.shift()?.();
  };

  /**
   * The next message, waiting for it.
   *
   * @throws TimeoutError, or the reason of `signal`: then nothing was taken
   * @throws ClosedError; NotFoundError when the queue was deleted; SystemError when the connection broke
   */
  async get(options: WaitOptions = {}): Promise<RabbitMessage> {
    const { label, hold } = this.about;
    if (this.closed) throw this.closedError("get()");
    if (this.waiting++ === 0) hold(true);
    try {
      const giveBack = (late: RabbitMessage): void => this.giveBack(late);
      return await bounded(`${label}: get()`, options, this.closing, (bounds) => this.next(bounds), giveBack);
    } finally {
      if (--this.waiting === 0) hold(false);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RabbitMessage, void, undefined> {
    try {
      for (;;) yield await this.get();
    } finally {
      await this.close();
    }
  }

  /** Ends it: what was not settled goes back into the queue, in its place. Allowed twice. */
  close(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async next(bounds: Bounds): Promise<RabbitMessage> {
    for (;;) {
      bounds.throwIfGivenUp();
      const found = this.ready.shift();
      if (found) return found;
      if (this.failure !== undefined) throw amqpFailure(this.failure, `${this.about.label}: get()`, this.about.shown);
      await new Promise<void>((resolve) => {
        this.takers.push(resolve);
        bounds.onGiveUp = () => {
          const at = this.takers.indexOf(resolve);
          if (at >= 0) this.takers.splice(at, 1);
          else this.takers.shift()?.(); // it was woken for a message that another one may have
          resolve();
        };
      });
    }
  }

  private giveBack(late: RabbitMessage): void {
    this.ready.unshift(late);
    this.takers.shift()?.();
  }

  private async end(): Promise<void> {
    this.closing.close(this.closedError("get()"));
    this.about.hold(true);
    try {
      // without a consumer first, what goes back would come again at once
      await this.channel.cancel(this.tag).catch(() => undefined);
      await this.channel.close().catch(() => undefined);
    } catch {
      // the channel has ended: the server has them back
    } finally {
      this.about.hold(false);
      this.about.gone(this);
    }
  }

  /** The channel has ended, by whatever. */
  private lost(why: unknown): void {
    if (this.closed) return;
    this.failure ??= why;
    // what was to be settled is the server's again
    if (!this.about.isAutoAck) this.ready.length = 0;
    for (const wake of this.takers.splice(0)) wake();
  }

  private closedError(operation: string): ClosedError {
    const { label, queue } = this.about;
    return new ClosedError(`${label}: ${operation} after close()`, { resource: queue });
  }
}
