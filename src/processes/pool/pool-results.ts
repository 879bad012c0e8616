import type { WaitOptions } from "../../deadline.js";
import { giveNow } from "../../primitives/ready-loop.js";
import { Pending } from "../../sync/pending.js";
import type { Sink } from "./items-feed.js";

type Outcome<R> = { readonly value: R } | { readonly error: unknown };

const OVER = { done: true, value: undefined } as const;

/**
 * The results of `imap` or `imapUnordered`, as they come. A call's error is thrown in its place; a loop then ends, and
 * whoever calls `next()` again goes on with the results behind it. Leaving the loop drops what has not begun.
 */
export class PoolResults<R> implements AsyncIterableIterator<R>, AsyncDisposable, Sink {
  /** Outcomes that nobody has asked for yet, by place; without an order, by when they came. */
  private readonly outcomes = new Map<number, Outcome<R>>();
  private readonly asking: Pending<IteratorResult<R>>[] = [];
  private given = 0;
  private came = 0;
  private drawn = 0;
  /** Less is not worth a message. */
  private readonly leastRoom: number;
  private isEnded = false;
  private isHungry = false;

  /** @internal */
  constructor(
    private readonly isOrdered: boolean,
    /** So many items are drawn at most before their results were taken. */
    private readonly window: number,
    private readonly label: string,
    private readonly on: { readonly room: () => void; readonly left: () => void; readonly over: () => void },
  ) {
    this.leastRoom = Math.max(1, Math.floor(window / 4));
  }

  /**
   * The next result. Calls are answered in their order.
   *
   * @throws RemoteError what the task threw; AbandonedError when its worker died
   * @throws TimeoutError after `timeout`, and the reason of `signal`: then the result is the next call's
   */
  next(options: WaitOptions = {}): Promise<IteratorResult<R>> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason);
    if (this.asking.length === 0) {
      const outcome = this.take();
      if (outcome)
        return "error" in outcome ? Promise.reject(outcome.error) : giveNow({ done: false, value: outcome.value });
      if (this.isEnded) return Promise.resolve(OVER);
    }
    const pending = new Pending<IteratorResult<R>>(this.label, options, () => {
      this.asking.splice(this.asking.indexOf(pending), 1);
    });
    this.asking.push(pending);
    return pending.promise;
  }

  /** Drops what has not begun; what runs ends by itself. */
  return(): Promise<IteratorResult<R>> {
    this.on.left();
    this.outcomes.clear();
    this.finish();
    return Promise.resolve(OVER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal */
  room(drawn: number): number {
    this.drawn = drawn;
    const room = this.window - (drawn - this.given);
    if (room >= this.leastRoom) return room;
    this.isHungry = true;
    return 0;
  }

  /** @internal */
  value(index: number, value: unknown): void {
    this.add(index, { value: value as R });
  }

  /** @internal */
  error(index: number, error: unknown): void {
    this.add(index, { error });
  }

  /** @internal */
  end(): void {
    this.finish();
  }

  /** @internal */
  abandon(error: unknown): void {
    this.outcomes.clear();
    const first = this.asking.shift();
    if (first) first.reject(error);
    else this.outcomes.set(this.given, { error });
    this.finish();
  }

  private add(index: number, outcome: Outcome<R>): void {
    if (this.isEnded) return;
    this.outcomes.set(this.isOrdered ? index : this.came, outcome);
    this.came++;
    while (this.asking.length > 0) {
      const next = this.take();
      if (!next) return;
      const pending = this.asking.shift() as Pending<IteratorResult<R>>;
      if ("error" in next) pending.reject(next.error);
      else pending.resolve({ done: false, value: next.value });
    }
  }

  private take(): Outcome<R> | undefined {
    const outcome = this.outcomes.get(this.given);
    if (!outcome) return undefined;
    this.outcomes.delete(this.given++);
    if (this.isHungry && this.window - (this.drawn - this.given) >= this.leastRoom) {
      this.isHungry = false;
      this.on.room();
    }
    return outcome;
  }

  private finish(): void {
    if (!this.isEnded) this.on.over();
    this.isEnded = true;
    for (const pending of this.asking.splice(0)) pending.resolve(OVER);
  }
}
