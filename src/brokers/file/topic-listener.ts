import { nextTurn, turnIsDue } from "../../loop-turn.js";
import type { Bounds } from "../bounds.js";
import type { Incoming, Settlement, SubscriptionDriver } from "../broker.js";
import { FolderNews } from "./folder-news.js";
import type { TopicTail } from "./topic-tail.js";

/** A plain subscription: what comes after it, read when it is asked for. There is nothing to acknowledge. */
export class TopicListener implements SubscriptionDriver {
  private ready: Incoming[] = [];
  private readonly takers = new Set<() => void>();

  constructor(
    private readonly news: FolderNews,
    private readonly tail: TopicTail,
  ) {
    news.join(this.wake);
  }

  get missed(): number {
    return this.tail.missed;
  }

  async take(max: number, isWaiting: boolean, bounds: Bounds): Promise<Incoming[]> {
    if (turnIsDue()) await nextTurn();
    for (;;) {
      bounds.throwIfGivenUp();
      if (this.ready.length > 0) return this.ready.splice(0, max);
      const { found, isMore } = this.tail.read();
      this.ready = found;
      if (found.length > 0) continue;
      if (isMore) await nextTurn();
      else if (isWaiting) await this.somethingNew(bounds);
      else return [];
    }
  }

  async settle(messages: readonly Incoming[], how: Settlement): Promise<void> {
    if (how !== "return") return;
    this.ready = [...messages, ...this.ready];
    this.wake();
  }

  async unsubscribe(): Promise<void> {}

  async close(): Promise<void> {
    this.news.leave(this.wake);
    this.tail.close();
  }

  /** The timer of whoever waits holds the process. */
  hold(): void {}

  private readonly wake = (): void => {
    for (const taker of [...this.takers]) taker();
  };

  private somethingNew(bounds: Bounds): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.takers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, FolderNews.lookEveryMs);
      this.takers.add(end);
      bounds.onGiveUp = end;
    });
  }
}
