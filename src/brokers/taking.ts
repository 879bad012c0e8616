import type { Channel } from "node:diagnostics_channel";
import type { MessageHeaders } from "../async-queue.js";
import type { Carried } from "../carried.js";
import type { WaitOptions } from "../deadline.js";
import type { GetEvent } from "../diagnostics.js";
import { ClosedError } from "../errors.js";
import type { BodyCodec } from "./body-codec.js";
import { type Bounds, bounded, Closing } from "./bounds.js";
import type { Feed, Incoming, QueueDriver } from "./broker.js";
import { type Decoded, DrivenMessage } from "./driven-message.js";
import { TakingFeed } from "./taking-feed.js";
import { withinMs } from "./within-ms.js";

/** A server that has not taken back by then what is given back at the end is left without. */
const GOODBYE_MS = 2000;

/** The reading half of what drivers give: a queue's, and a subscription's. */
export class Taking<T> {
  private readonly taken = new Set<DrivenMessage<T>>();
  private readonly closing = new Closing();
  private readonly loops = new Set<() => Promise<void>>();
  private pending = 0;
  private readonly label: string;
  private readonly driver: Pick<QueueDriver, "take" | "feed" | "settle" | "hold">;
  private readonly bodies: BodyCodec<T>;
  private readonly prefetch: number;

  constructor(
    label: string,
    driver: Pick<QueueDriver, "take" | "feed" | "settle" | "hold">,
    bodies: BodyCodec<T>,
    prefetch: number,
    /** Who is told of what is taken. */
    private readonly told?: { readonly url: string; readonly got: Channel },
  ) {
    this.label = label;
    this.driver = driver;
    this.bodies = bodies;
    this.prefetch = prefetch;
    driver.hold(false);
  }

  get isClosed(): boolean {
    return this.closing.isClosed;
  }

  /** Runs a call of the user: bounded, and keeping the process alive meanwhile. */
  call<R>(
    operation: string,
    options: WaitOptions,
    body: (bounds: Bounds) => Promise<R>,
    late?: (value: R) => void,
    undelivered?: unknown,
  ): Promise<R> {
    if (this.isClosed) return Promise.reject(this.closedError(operation, undelivered));
    return this.held(() => bounded(`${this.label}: ${operation}`, options, this.closing, body, late, undelivered));
  }

  /** Takes and acknowledges; undefined when nothing more will come, [] when nothing is there. */
  async get(operation: string, max: number, isWaiting: boolean, options: WaitOptions = {}): Promise<T[] | undefined> {
    const found = await this.call(operation, options, async (bounds) => {
      const taken = await this.driver.take(max, isWaiting, bounds);
      if (taken === undefined || taken.length === 0) return taken;
      // from here on it cannot be given up: what is acknowledged belongs to the caller
      if (bounds.commit()) await this.driver.settle(taken, "ack");
      else await this.driver.settle(taken, "return");
      return taken;
    });
    if (found === undefined) return undefined;
    const values: T[] = [];
    if (this.told?.got.hasSubscribers) for (const incoming of found) this.tell(operation, incoming);
    for (const incoming of found) values.push(await this.bodies.decode(incoming.body, incoming.contentType));
    return values;
  }

  /** Takes; undefined when nothing more will come, [] when nothing is there. */
  async take(
    operation: string,
    isWaiting: boolean,
    options: WaitOptions = {},
  ): Promise<DrivenMessage<T>[] | undefined> {
    const found = await this.call(
      operation,
      options,
      (bounds) => this.driver.take(1, isWaiting, bounds),
      (late) => this.giveBack(late ?? []),
    );
    return found && Promise.all(found.map((incoming) => this.message(operation, incoming)));
  }

  async *messages(options: WaitOptions = {}): AsyncGenerator<DrivenMessage<T>, void, undefined> {
    const feed: Feed = await this.call(
      "messages()",
      options,
      async (bounds) => (await this.driver.feed?.(this.prefetch, bounds)) ?? new TakingFeed(this.driver, this.prefetch),
      (late) => void late.end().catch(() => undefined),
    );
    const open = new Set<DrivenMessage<T>>();
    const ready: Incoming[] = [];
    const leave = async (): Promise<void> => {
      if (this.loops.delete(leave)) await this.held(() => this.leave(feed, open, ready));
    };
    this.loops.add(leave);
    try {
      for (;;) {
        while (ready.length > 0 && feed.hasLost?.(ready[0])) ready.shift();
        if (ready.length === 0) {
          const next = await this.call(
            "messages()",
            options,
            (bounds) => feed.next(bounds),
            (late) => this.giveBack(late ?? []),
          );
          if (next === undefined) return;
          ready.push(...next);
          continue;
        }
        const message: DrivenMessage<T> = await this.message("messages()", ready.shift() as Incoming, () => {
          open.delete(message);
          feed.settled();
        });
        open.add(message);
        yield message;
        if (this.isClosed) throw this.closedError("messages()");
      }
    } finally {
      await leave();
    }
  }

  /** `get()` in a loop, which ends when nothing more will come. */
  async *values(): AsyncGenerator<T, undefined, undefined> {
    for (;;) {
      const found = await this.get("for await", 1, true);
      if (found === undefined) return undefined;
      yield found[0];
    }
  }

  /** Ends all waiting and gives back all that was not settled. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.closing.close(this.closedError("the call"));
    await this.held(async () => {
      const givingBack = (async () => {
        for (const leave of [...this.loops]) await leave();
        await this.requeue(this.taken);
      })();
      // a server that is away has them back by itself
      await withinMs(GOODBYE_MS, givingBack);
    });
  }

  closedError(operation: string, undelivered?: unknown): ClosedError {
    return new ClosedError(`${this.label}: ${operation} after close()`, { resource: this.label, undelivered });
  }

  overError(operation: string): ClosedError {
    return new ClosedError(`${this.label}: ${operation}, and it was shut down and nothing more will come`, {
      resource: this.label,
    });
  }

  private giveBack(incoming: readonly Incoming[]): void {
    if (incoming.length > 0) this.held(() => this.driver.settle(incoming, "return")).catch(() => undefined);
  }

  private async leave(feed: Feed, open: ReadonlySet<DrivenMessage<T>>, ready: Incoming[]): Promise<void> {
    await feed.end();
    // the later ones first, so that in the end all stand in front in their order
    if (ready.length > 0) await this.driver.settle(ready.splice(0), "return");
    await this.requeue(open);
  }

  private async requeue(messages: ReadonlySet<DrivenMessage<T>>): Promise<void> {
    const open = [...messages].filter((message) => message.mark());
    for (const message of open) this.taken.delete(message);
    if (open.length > 0)
      await this.driver.settle(
        open.map(({ incoming }) => incoming),
        "requeue",
      );
  }

  /** Keeps the process alive while something is under way. */
  private held<R>(body: () => Promise<R>): Promise<R> {
    if (this.pending++ === 0) this.driver.hold(true);
    const work = body();
    // before whoever waits for it goes on
    work.then(this.letGo, this.letGo);
    return work;
  }

  private readonly letGo = (): void => {
    if (--this.pending === 0) this.driver.hold(false);
  };

  private tell(operation: string, { id, deliveries, headers }: Incoming): void {
    if (!this.told) return;
    const { url, got } = this.told;
    got.publish({ operation, url, id, deliveries, headers: textsIn(headers) } satisfies GetEvent);
  }

  private async message(operation: string, incoming: Incoming, settled?: () => void): Promise<DrivenMessage<T>> {
    if (this.told?.got.hasSubscribers) this.tell(operation, incoming);
    let decoded: Decoded<T>;
    try {
      decoded = { value: await this.bodies.decode(incoming.body, incoming.contentType) };
    } catch (error) {
      decoded = { error };
    }
    const message = new DrivenMessage<T>(incoming, decoded, async (one, how) => {
      this.taken.delete(one);
      if (this.isClosed) throw this.closedError(how === "ack" ? "ack()" : "nack()");
      settled?.();
      await this.held(() => this.driver.settle([incoming], how));
    });
    this.taken.add(message);
    return message;
  }
}

/** Those headers that are texts: a message's others are its user's. */
const textsIn = (headers: MessageHeaders): Carried =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, text]) => (typeof text === "string" ? [[name, text]] : [])),
  );
