import type { AsyncSubscription, AsyncTopicMessage } from "../async-topic.js";
import { HeldMessages } from "./held-messages.js";
import type { Session } from "./sessions.js";

type Messages = AsyncGenerator<AsyncTopicMessage<unknown>, void, undefined>;

/** What a client gets of a message that it has to settle, or not. */
export interface HandedOut {
  readonly message: AsyncTopicMessage<unknown>;
  /** Of a durable group's only. */
  readonly receipt?: string;
}

/*
 * One client's subscription, from which it takes by asking
 *
 * Idea    Nothing is taken from the topic before the client asks for it, so that its own back-pressure is the topic's. A
 *         durable group's message is taken by a loop of its own, which stays until the message is settled: a client that
 *         asks in vain has taken nothing from the other members. Of all other subscriptions there is nothing to settle, and
 *         one loop reads ahead by one.
 * Death   Of the client: its session ends, and what it had not acknowledged goes back to its group.
 */
export class ServedSubscription {
  readonly held = new HeldMessages();
  private readonly loop: Messages;
  private next: Promise<IteratorResult<AsyncTopicMessage<unknown>, void>> | undefined;

  constructor(
    readonly topic: string,
    readonly visitor: string,
    private readonly subscription: AsyncSubscription,
    private readonly isDurable: boolean,
    private readonly session: Session,
    private readonly lease: number,
    private readonly gone: () => void,
  ) {
    this.loop = subscription.messages();
  }

  get missed(): number {
    return this.subscription.missed;
  }

  /** Takes up to so many messages, waiting for the first; none once it is given up. */
  async take(max: number, wait: number, signal: AbortSignal): Promise<HandedOut[]> {
    const until = AbortSignal.any([signal, AbortSignal.timeout(wait)]);
    if (this.isDurable) return this.takeHeld(until);
    const found: HandedOut[] = [];
    while (found.length < max) {
      if (this.next === undefined) {
        this.next = this.loop.next();
        // nobody may ask any more when it fails
        this.next.catch(() => undefined);
      }
      const result = await before(this.next, found.length === 0 ? until : undefined);
      if (result === undefined) break;
      this.next = undefined;
      if (result.done) break;
      await result.value.ack();
      found.push({ message: result.value });
    }
    return found;
  }

  /** Ends the group with all that it has gathered, and this subscription. */
  async unsubscribe(): Promise<void> {
    await this.subscription.unsubscribe();
    await this.close();
  }

  async close(): Promise<void> {
    this.gone();
    await this.held.close();
    await this.subscription.close();
  }

  private async takeHeld(signal: AbortSignal): Promise<HandedOut[]> {
    const loop = this.subscription.messages({ signal });
    try {
      const { value: message } = await loop.next();
      if (!message) return [];
      const end = (): void => void loop.return().catch(() => undefined);
      return [{ message, receipt: this.held.hold(message, this.lease, this.session, end) }];
    } catch (error) {
      if (signal.aborted) return [];
      throw error;
    }
  }
}

/** What a promise gives, or undefined when the signal comes first; without a signal, when it is not there already. */
async function before<R>(promise: Promise<R>, signal: AbortSignal | undefined): Promise<R | undefined> {
  let stop = (): void => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    if (signal === undefined || signal.aborted) setImmediate(stop);
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, stopped]);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
