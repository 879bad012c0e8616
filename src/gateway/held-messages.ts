import { randomBytes } from "node:crypto";
import type { AsyncMessage } from "../async-queue.js";
import type { Session } from "./sessions.js";

/** How a taken message ends. */
export type Ending = "ack" | "requeue" | "reject";

interface Held {
  readonly message: AsyncMessage<unknown>;
  readonly session: Session | undefined;
  readonly settled: () => void;
  readonly lease: number;
  timer: NodeJS.Timeout;
  readonly back: () => void;
  readonly renew: () => void;
}

/*
 * Messages that clients have taken from one queue
 *
 * Idea    A client cannot hold a message itself, so the gateway does, under a receipt that nobody can guess, for as long as
 *         a lease. Our own client's messages also belong to its session, which ends with its connection.
 * States  Held until it is settled; given back when the lease is over, the session ends or nobody hears the answer.
 * Death   Of a client: the session's end at once, or the lease. Of the gateway: whatever the queue does for a dead consumer.
 * Limits  A receipt whose lease is over settles nothing: the message may be somebody else's by then.
 */
export class HeldMessages {
  private readonly held = new Map<string, Held>();
  private readonly settledOnce: (() => void)[] = [];

  /** @param maxDeliveries how often the queue hands a message out, where that is known */
  constructor(private readonly maxDeliveries = Number.POSITIVE_INFINITY) {}

  get size(): number {
    return this.held.size;
  }

  /** Holds a message; gives its receipt. `settled` is called when it has ended, however. */
  hold(
    message: AsyncMessage<unknown>,
    lease: number,
    session?: Session,
    settled: () => void = () => undefined,
  ): string {
    const receipt = randomBytes(16).toString("base64url");
    const back = (): void => void this.settle(receipt, "requeue").catch(() => undefined);
    const renew = (): void => void this.renew(receipt);
    const one: Held = { message, session, settled, lease, timer: this.timerFor(back, lease), back, renew };
    session?.atEnd.add(back);
    session?.atBeat.add(renew);
    this.held.set(receipt, one);
    return receipt;
  }

  /** Ends one; false when there is none of that receipt any more. */
  async settle(receipt: string, how: Ending): Promise<boolean> {
    const one = this.held.get(receipt);
    if (one === undefined) return false;
    this.held.delete(receipt);
    clearTimeout(one.timer);
    one.session?.atEnd.delete(one.back);
    one.session?.atBeat.delete(one.renew);
    try {
      if (how === "ack") await one.message.ack();
      // in shared memory a message that was handed out too often is told only by the next take, which may never come
      else await one.message.nack({ requeue: how === "requeue" && one.message.deliveries < this.maxDeliveries });
    } finally {
      one.settled();
      for (const told of this.settledOnce.splice(0)) told();
    }
    return true;
  }

  /** Begins the lease anew; false when there is none of that receipt any more. */
  renew(receipt: string, lease?: number): boolean {
    const one = this.held.get(receipt);
    if (one === undefined) return false;
    clearTimeout(one.timer);
    one.timer = this.timerFor(one.back, lease ?? one.lease);
    return true;
  }

  /** Resolves once another one was settled, the time is over, or the signal is aborted. */
  async oneSettled(signal: AbortSignal, timeoutMs: number): Promise<void> {
    let tell: () => void = () => undefined;
    const told = new Promise<void>((resolve) => {
      tell = resolve;
    });
    this.settledOnce.push(tell);
    signal.addEventListener("abort", tell, { once: true });
    // an AbortSignal.timeout() would let the process end under whoever waits
    const timer = setTimeout(tell, timeoutMs);
    await told;
    clearTimeout(timer);
    signal.removeEventListener("abort", tell);
    const index = this.settledOnce.indexOf(tell);
    if (index >= 0) this.settledOnce.splice(index, 1);
  }

  /** Gives all back, the later ones first, so that they stand in front in their order. */
  async close(): Promise<void> {
    for (const receipt of [...this.held.keys()].reverse()) await this.settle(receipt, "requeue").catch(() => undefined);
  }

  private timerFor(back: () => void, lease: number): NodeJS.Timeout {
    return setTimeout(back, lease).unref();
  }
}
