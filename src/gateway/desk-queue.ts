import type { AsyncMessage, AsyncPutOptions, AsyncQueue } from "../async-queue.js";
import type { OpenQueueOptions } from "../brokers/broker.js";
import { parseBrokerUrl } from "../brokers/broker-url.js";
import { openQueue } from "../brokers/open-queue.js";
import { deadlineOf, now } from "../deadline.js";
import { ClosedError, MismatchError, TimeoutError } from "../errors.js";
import { HeldMessages } from "./held-messages.js";

const LEAST_WAIT_MS = 1000;

/** What of a queue a client may say when it makes it. */
export type QueueMaking = Pick<
  OpenQueueOptions,
  "maxItems" | "capacity" | "priorities" | "maxDeliveries" | "deadLetter" | "mustExist"
>;

/** A queue that is open for clients, and what they have taken from it. */
export class DeskQueue {
  readonly held: HeldMessages;
  private readonly making: string;

  private constructor(
    readonly queue: AsyncQueue,
    making: QueueMaking,
  ) {
    this.making = shapeOf(making);
    this.held = new HeldMessages(making.maxDeliveries);
  }

  static async open(name: string, prefix: string, making: QueueMaking): Promise<DeskQueue> {
    const { deadLetter } = making;
    const letters = deadLetter !== undefined && parseBrokerUrl(prefix + deadLetter, "gateway").name;
    const queue = await openQueue(prefix + name, { ...making, ...(letters !== false && { deadLetter: letters }) });
    return new DeskQueue(queue, making);
  }

  /** Whether it was made like that; who asks for nothing takes it as it is. */
  isMadeLike(making: QueueMaking): boolean {
    const shape = shapeOf(making);
    return shape === "{}" || shape === this.making;
  }

  /** @throws MismatchError */
  checkMadeLike(making: QueueMaking): void {
    if (!this.isMadeLike(making))
      throw new MismatchError(
        `queue ${this.queue.url}: it was made with ${this.making}, not with ${shapeOf(making)}; allowed: the same`,
      );
  }

  /** Puts as many as there is room for within so many milliseconds; gives how many. @throws ClosedError and others */
  async put(
    messages: readonly { readonly value: unknown; readonly options: AsyncPutOptions }[],
    wait: number,
    signal: AbortSignal,
  ): Promise<number> {
    // a server needs some time to say even that it has no room
    const deadline = deadlineOf(this.queue.url.startsWith("shm:") ? wait : Math.max(wait, LEAST_WAIT_MS), "put()");
    let done = 0;
    for (const { value, options } of messages) {
      try {
        await this.queue.put(value, { ...options, timeout: Math.max(0, deadline - now()), signal });
      } catch (error) {
        if (error instanceof TimeoutError || signal.aborted) break;
        if (done > 0) break; // the next call is told
        throw error;
      }
      done++;
    }
    return done;
  }

  /** Takes up to so many messages, waiting for the first. @throws ClosedError once nothing more will come */
  async take(max: number, wait: number, signal: AbortSignal): Promise<AsyncMessage<unknown>[]> {
    const first = await this.first(wait, signal);
    if (first === undefined) return [];
    const found = [first];
    while (found.length < max && !signal.aborted) {
      const next = await this.queue.tryTake().catch(() => undefined);
      if (next === undefined) break;
      found.push(next);
    }
    return found;
  }

  async close(): Promise<void> {
    await this.held.close();
    await this.queue.close();
  }

  private async first(wait: number, signal: AbortSignal): Promise<AsyncMessage<unknown> | undefined> {
    const deadline = deadlineOf(wait, "take()");
    for (;;) {
      if (signal.aborted) return undefined;
      const left = Math.max(0, deadline - now());
      try {
        return left > 0 ? await this.queue.take({ timeout: left, signal }) : await this.queue.tryTake();
      } catch (error) {
        if (error instanceof TimeoutError || signal.aborted) return undefined;
        // what other clients hold may come back, which the queue does not know: to it they are one consumer
        if (!(error instanceof ClosedError) || this.queue.closed || this.held.size === 0) throw error;
        if (left === 0) return undefined;
        await this.held.oneSettled(signal, Math.ceil(left));
      }
    }
  }
}

const shapeOf = ({ mustExist: _, ...making }: QueueMaking): string =>
  JSON.stringify(Object.fromEntries(Object.entries(making).sort(([a], [b]) => (a < b ? -1 : 1))));
