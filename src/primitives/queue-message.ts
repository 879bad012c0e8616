import { UsageError } from "../errors.js";
import type { QueueHolding } from "./queue-holding.js";

/**
 * A message that was taken from a queue and belongs to this thread until it is acknowledged or given back. If this
 * thread dies first, the message goes to another consumer, who sees `redelivered`.
 */
export class QueueMessage<T> implements Disposable {
  private isSettled = false;

  /** @internal */
  constructor(
    readonly value: T,
    /** How often it was taken, this time included. */
    readonly deliveries: number,
    private readonly item: number,
    private readonly links: readonly string[],
    private readonly holding: QueueHolding,
  ) {}

  /** Whether somebody had taken it before, and neither acknowledged it nor lived to do so. */
  get redelivered(): boolean {
    return this.deliveries > 1;
  }

  /** Whether it was acknowledged or given back. */
  get settled(): boolean {
    return this.isSettled;
  }

  /** It is done with: nobody gets it again. @throws UsageError when it was settled already; ClosedError */
  ack(): void {
    this.settle("ack()");
    this.holding.finish(this.item, this.links);
  }

  /**
   * It is not done with. It goes to the front of the queue or, with `requeue: false`, to the dead letters if the queue
   * has them, else away. @throws UsageError when it was settled already; ClosedError
   */
  nack({ requeue = true }: { requeue?: boolean } = {}): void {
    this.settle("nack()");
    if (requeue) this.holding.giveBack(this.item);
    else this.holding.bury(this.item, this.value, this.links);
  }

  /** Gives it back unless it was settled. */
  [Symbol.dispose](): void {
    if (!this.isSettled && !this.holding.isClosed) this.nack();
  }

  private settle(operation: string): void {
    if (this.isSettled) throw new UsageError(`${operation} of a message that was acknowledged or given back already`);
    this.holding.requireOpen(operation);
    this.isSettled = true;
    this.holding.settled(this);
  }
}
