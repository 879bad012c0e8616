import type { Bounds } from "./bounds.js";
import type { Incoming, SubscriptionDriver } from "./broker.js";

/** A listener that is further behind loses the oldest. */
const MOST_WAITING = 10_000;

/** Messages of a listener that nobody has taken yet; there is nothing to acknowledge. */
export class Inbox {
  private messages: Incoming[] = [];
  private readonly takers: (() => void)[] = [];
  private missed = 0;

  constructor(private readonly hold: (isHeld: boolean) => void) {}

  add(message: Incoming): void {
    this.messages.push(message);
    if (this.messages.length > MOST_WAITING) {
      this.messages.shift();
      this.missed++;
    }
    this.takers.shift()?.();
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    while (isWaiting && this.messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.takers.push(resolve);
        bounds.onGiveUp = () => {
          const at = this.takers.indexOf(resolve);
          if (at >= 0) this.takers.splice(at, 1);
          resolve();
        };
      });
      bounds.throwIfGivenUp();
    }
    return this.messages.splice(0, max);
  }

  /** What was taken for nobody goes back. */
  giveBack(messages: readonly Incoming[]): void {
    this.messages = [...messages, ...this.messages];
    this.takers.shift()?.();
  }

  asSubscription(stop: () => Promise<void>): SubscriptionDriver {
    const inbox = this;
    return {
      get missed() {
        return inbox.missed;
      },
      take: (max, isWaiting, bounds) => inbox.take(max, isWaiting, bounds),
      settle: async (messages, how) => {
        if (how === "return") inbox.giveBack(messages);
      },
      hold: inbox.hold,
      close: stop,
      unsubscribe: stop,
    };
  }
}
