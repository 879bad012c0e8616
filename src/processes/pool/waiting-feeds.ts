import type { Feed } from "./feed.js";

/** The feeds of which more will be drawn, in their order. One that is spent is none of them. */
export class WaitingFeeds implements Iterable<Feed> {
  private feeds = new Set<Feed>();

  get size(): number {
    return this.feeds.size;
  }

  add(feed: Feed): void {
    if (feed.isSpent) return;
    // the table of a Set that has lived for long grows anew among V8's old objects, as feeds come and go; see WaitLine
    if (this.feeds.size === 0) this.feeds = new Set();
    this.feeds.add(feed);
  }

  delete(feed: Feed): void {
    this.feeds.delete(feed);
  }

  [Symbol.iterator](): Iterator<Feed> {
    return this.feeds.values();
  }
}
