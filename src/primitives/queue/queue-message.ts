import type { Carried } from "../../carried.js";
import { UsageError } from "../../errors.js";
import type { Unpacked } from "../message-body.js";
import type { QueueTaking } from "./queue-taking.js";
import type { Taker } from "./queue-wait.js";

/**
 * A message that was taken from a queue and belongs to this thread until it is acknowledged or given back. If this
 * thread dies first, the message goes to another consumer, who sees `redelivered`.
 */
export class QueueMessage<T> implements Disposable {
  private isSettled = false;
  readonly value: T;

  /** @internal */
  constructor(
    /** @internal */
    readonly unpacked: Unpacked,
    /** How often it was taken, this time included. */
    readonly deliveries: number,
    /** @internal */
    readonly item: number,
    private readonly taking: QueueTaking,
    /** @internal */
    readonly taker: Taker,
  ) {
    this.value = unpacked.value as T;
  }

  /** Whether somebody had taken it before, and neither acknowledged it nor lived to do so. */
  get redelivered(): boolean {
    return this.deliveries > 1;
  }

  /** Texts that came along with it, which a subscriber of diagnostics wrote where it was put; else none. */
  get headers(): Carried {
    return this.unpacked.headers ?? {};
  }

  /** Whether it was acknowledged or given back. */
  get settled(): boolean {
    return this.isSettled;
  }

  /** It is done with: nobody gets it again. @throws UsageError when it was settled already; ClosedError */
  ack(): void {
    this.settle("ack()");
    this.taking.ack(this);
  }

  /**
   * It is not done with. It goes to the front of the queue or, with `requeue: false`, to the dead letters if the queue
   * has them, else away. While there is no room among the dead letters it stays with this thread.
   *
   * @throws UsageError when it was settled already; ClosedError
   */
  nack({ requeue = true }: { requeue?: boolean } = {}): void {
    this.settle("nack()");
    this.taking.nack(this, requeue);
  }

  /** Gives it back unless it was settled, by whomever. */
  [Symbol.dispose](): void {
    if (!this.isSettled && this.taking.isOpen) this.nack();
  }

  private settle(operation: string): void {
    if (this.isSettled) throw new UsageError(`${operation} of a message that was acknowledged or given back already`);
    this.taking.requireOpen(operation);
    this.isSettled = true;
  }
}
