import type { Channel, ConsumeMessage } from "amqplib";
import type { WaitOptions } from "../../deadline.js";
import { ClosedError, NotFoundError } from "../../errors.js";
import { amqpFailure } from "../amqp/amqp-failure.js";
import { closeChannel } from "../amqp/close-channel.js";
import { type Bounds, bounded, Closing } from "../bounds.js";
import type { RabbitConsumer } from "./rabbit-consumer.js";
import type { RabbitMessage } from "./rabbit-message.js";
import { type RabbitCourse, TakenMessage } from "./taken-message.js";

/** What a consumer is told when it begins. */
export interface RabbitConsuming {
  readonly queue: string;
  readonly label: string;
  readonly shown: string;
  readonly isAutoAck: boolean;
  readonly hold: (isHeld: boolean) => void;
  readonly answer: RabbitCourse["answer"];
  /** It has ended. */
  readonly gone: (consumer: OpenedConsumer) => void;
}

/** A consumer on a channel of its own. */
export class OpenedConsumer implements RabbitConsumer {
  /** By what the server knows it. */
  tag = "";
  private readonly closing = new Closing();
  private readonly ready: RabbitMessage[] = [];
  private readonly takers: (() => void)[] = [];
  private readonly course: RabbitCourse;
  private failure: unknown;
  private waiting = 0;
  private ended: Promise<void> | undefined;

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

  /** What the driver calls for each message; null: the server has ended the consumer. */
  readonly heard = (message: ConsumeMessage | null): void => {
    if (this.closed) return;
    if (message === null) {
      const { label, queue } = this.about;
      this.failure ??= new NotFoundError(`${label}: the queue was deleted`, { resource: queue });
      for (const wake of this.takers.splice(0)) wake();
      return;
    }
    this.ready.push(new TakenMessage(message, this.course, this.about.isAutoAck));
    this.takers.shift()?.();
  };

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
      // where it has ended, the server has them back
      await closeChannel(this.channel);
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
