import type { Carried } from "../../carried.js";
import { UsageError } from "../../errors.js";
import { type RemoteFailure, restoreFailure } from "../../rpc/remote-failure.js";
import { Chunking } from "./chunking.js";
import type { Feed } from "./feed.js";
import { Job } from "./job.js";
import type { Failures } from "./lane.layout.js";
import type { PoolTask } from "./pool-task.js";

/** Where the outcomes of a feed's items go, by the items' places. */
export interface Sink {
  /** How many more items may be drawn, of which so many were. */
  room(drawn: number): number;
  value(index: number, value: unknown): void;
  error(index: number, error: unknown): void;
  /** Every item that there was has its outcome. */
  end(): void;
  /** What asked for it fails with this, at once. */
  abandon(error: unknown): void;
}

/** How far a call of `map` or `imap` is. */
export interface Progress {
  /** Calls that have ended, those that have failed included. */
  readonly done: number;
  readonly failed: number;
  /** How many there will be, where that is known. */
  readonly total: number | undefined;
}

export interface ItemsFeedOptions {
  readonly chunkSize: number | undefined;
  readonly retries: number;
  readonly workers: number;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  /** Something can be drawn that could not before. */
  readonly wake: () => void;
  /** Ends it all with an error. */
  readonly giveUp: (error: unknown) => void;
}

/** One call for each item of an input, which is read no faster than it is worked on. */
export class ItemsFeed implements Feed {
  readonly retries: number;
  hasHandles = false;
  headers?: Carried;
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;
  private readonly isAsync: boolean;
  /** How many items there are in all, where that is known. */
  private readonly total: number | undefined;
  private readonly chunking: Chunking;
  /** Items that were read and not drawn. */
  private readonly buffer: unknown[] = [];
  private isReading = false;
  private isInputOver = false;
  private hasEnded = false;
  private drawn = 0;
  private done = 0;
  private failed = 0;

  constructor(
    readonly task: PoolTask,
    readonly how: "each" | "spread",
    input: Iterable<unknown> | AsyncIterable<unknown>,
    private readonly sink: Sink,
    private readonly options: ItemsFeedOptions,
  ) {
    this.retries = options.retries;
    this.isAsync = typeof input === "object" && Symbol.asyncIterator in input;
    this.iterator = this.isAsync
      ? (input as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : (input as Iterable<unknown>)[Symbol.iterator]();
    const { length, size } = input as { length?: unknown; size?: unknown };
    const known =
      Array.isArray(input) || ArrayBuffer.isView(input)
        ? length
        : input instanceof Set || input instanceof Map
          ? size
          : undefined;
    this.total = known as number | undefined;
    this.chunking = new Chunking(options.chunkSize, options.workers);
  }

  get isOver(): boolean {
    return this.hasEnded;
  }

  get isSpent(): boolean {
    return this.hasEnded || (this.isInputOver && this.buffer.length === 0);
  }

  get mayDraw(): number {
    if (this.isSpent || this.sink.room(this.drawn) < 1) return 0;
    if (this.isAsync) return Math.max(1, this.buffer.length);
    if (this.total === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.buffer.length, Math.ceil((this.total - this.drawn) / (this.options.chunkSize ?? 1)));
  }

  get isResting(): boolean {
    return this.isSpent || (this.done === this.drawn && this.sink.room(this.drawn) <= 0);
  }

  draw(mostCalls: number): Job | undefined {
    if (this.hasEnded) return undefined;
    const left = this.total === undefined ? Number.POSITIVE_INFINITY : Math.max(0, this.total - this.drawn);
    const chunk = this.hasHandles ? 1 : this.chunking.next(this.task.callMs, left);
    const wanted = Math.min(chunk, mostCalls, this.sink.room(this.drawn));
    if (wanted < 1) return undefined;
    const first = this.drawn;
    const items = this.isAsync ? this.buffer.splice(0, wanted) : this.read(wanted);
    this.drawn += items.length;
    if (this.isAsync) void this.fill(Math.max(wanted, this.options.workers)); // more is read meanwhile
    if (items.length === 0) this.endIfDone();
    return items.length === 0 || this.hasEnded ? undefined : new Job(this, items, first);
  }

  answer({ first, calls }: Job, value: unknown, failures: RemoteFailure | Failures | undefined, where: string): void {
    this.chunking.answered(calls);
    this.done += calls;
    if (failures && !Array.isArray(failures)) {
      this.failed += calls;
      for (let call = 0; call < calls; call++)
        this.sink.error(first + call, restoreFailure(failures as RemoteFailure, where));
      return this.told();
    }
    const values = value as readonly unknown[];
    const failed = failures && new Map(failures as Failures);
    for (let call = 0; call < calls; call++) {
      const failure = failed?.get(call);
      if (failure) this.sink.error(first + call, restoreFailure(failure, where));
      else this.sink.value(first + call, values[call]);
    }
    this.failed += failed?.size ?? 0;
    this.told();
  }

  fail({ first, calls }: Job, error: unknown): void {
    this.done += calls;
    this.failed += calls;
    for (let call = 0; call < calls; call++) this.sink.error(first + call, error);
    this.told();
  }

  abandon(error: unknown): void {
    if (this.hasEnded) return;
    this.close();
    this.sink.abandon(error);
  }

  /** Nothing more is drawn, and nobody wants what is on its way. */
  close(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.endInput();
  }

  /**
   * When nothing of it is under way, looks whether there is more, so that its end is not first seen when a worker next has
   * room.
   */
  look(): void {
    if (this.isInputOver || this.buffer.length > 0 || this.done < this.drawn || this.sink.room(this.drawn) < 1) return;
    if (this.isAsync) void this.fill(1);
    else this.buffer.push(...this.read(1));
    this.endIfDone();
  }

  private told(): void {
    if (this.hasEnded) return;
    const { onProgress } = this.options;
    if (onProgress) {
      try {
        onProgress({
          done: this.done,
          failed: this.failed,
          total: this.total ?? (this.isInputOver ? this.drawn : undefined),
        });
      } catch (error) {
        return this.options.giveUp(error);
      }
    }
    this.look();
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.hasEnded || !this.isInputOver || this.buffer.length > 0 || this.done < this.drawn) return;
    this.hasEnded = true;
    this.sink.end();
  }

  private read(most: number): unknown[] {
    const items = this.buffer.splice(0, most);
    try {
      while (items.length < most && !this.isInputOver) {
        const next = (this.iterator as Iterator<unknown>).next();
        if (next.done) {
          this.isInputOver = true;
          break;
        }
        items.push(this.checked(next.value, items.length));
      }
    } catch (error) {
      this.inputFailed(this.drawn + items.length, error);
    }
    return items;
  }

  /** Reads of an asynchronous input until so many items wait to be drawn. */
  private async fill(most: number): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    try {
      while (!this.isInputOver && this.buffer.length < most) {
        if (this.sink.room(this.drawn + this.buffer.length) < 1) return;
        const next = await (this.iterator as AsyncIterator<unknown>).next();
        if (this.hasEnded) return;
        if (next.done) this.isInputOver = true;
        else this.buffer.push(this.checked(next.value, this.buffer.length));
        this.endIfDone();
        this.options.wake();
      }
    } catch (error) {
      this.inputFailed(this.drawn + this.buffer.length, error);
      this.endIfDone();
      this.options.wake();
    } finally {
      this.isReading = false;
    }
  }

  /** The error stands in the item's place, and is the last. */
  private inputFailed(index: number, error: unknown): void {
    this.isInputOver = true;
    this.sink.error(index, error);
  }

  private checked(item: unknown, ahead: number): unknown {
    if (this.how === "each" || Array.isArray(item)) return item;
    this.endInput();
    throw new UsageError(
      `starmap(): item ${this.drawn + ahead} is ${typeof item}; allowed: an array of the task's arguments for each call`,
    );
  }

  private endInput(): void {
    if (this.isInputOver) return;
    this.isInputOver = true;
    try {
      const ended: unknown = this.iterator.return?.();
      if (ended instanceof Promise) ended.catch(() => undefined);
    } catch {
      // what asked for it has failed already, or does not care any more
    }
  }
}
