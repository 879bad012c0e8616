import type { AsyncMessage, MessageHeaders } from "../async-queue.js";
import type { AsyncTopicMessage } from "../async-topic.js";
import { UsageError } from "../errors.js";
import type { Incoming, Settlement } from "./broker.js";

/** What a message's bytes turned out to be. */
export type Decoded<T> = { readonly value: T } | { readonly error: unknown };

/** A message of a broker in a consumer's hand. */
export class DrivenMessage<T> implements AsyncMessage<T>, AsyncTopicMessage<T> {
  private isSettled = false;

  constructor(
    /** What the driver gave. */
    readonly incoming: Incoming,
    private readonly decoded: Decoded<T>,
    private readonly settle: (message: DrivenMessage<T>, how: Settlement) => Promise<void>,
  ) {}

  get value(): T {
    if ("error" in this.decoded) throw this.decoded.error;
    return this.decoded.value;
  }

  get bytes(): Uint8Array {
    return this.incoming.body;
  }

  get id(): string | undefined {
    return this.incoming.id;
  }

  get headers(): MessageHeaders {
    return this.incoming.headers;
  }

  get contentType(): string | undefined {
    return this.incoming.contentType;
  }

  get deliveries(): number {
    return this.incoming.deliveries;
  }

  get redelivered(): boolean {
    return this.incoming.redelivered;
  }

  get key(): string {
    return this.incoming.key ?? "";
  }

  get settled(): boolean {
    return this.isSettled;
  }

  ack(): Promise<void> {
    return this.end("ack", "ack()");
  }

  nack({ requeue = true }: { requeue?: boolean } = {}): Promise<void> {
    return this.end(requeue ? "requeue" : "reject", "nack()");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isSettled) await this.nack();
  }

  /** Whether this call is the one that settles it. */
  mark(): boolean {
    const isFirst = !this.isSettled;
    this.isSettled = true;
    return isFirst;
  }

  private async end(how: Settlement, operation: string): Promise<void> {
    if (!this.mark()) throw new UsageError(`${operation} of a message that was acknowledged or given back already`);
    await this.settle(this, how);
  }
}
