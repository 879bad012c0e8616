type Thrown = { readonly error: unknown };

/**
 * A sequence that this side sends item by item, as many as the other side has asked for: it is read no further ahead.
 */
export class OutgoingSequence {
  private iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  private wanted = 0;
  private sent = 0;
  private isSending = false;
  private isOver = false;

  constructor(
    private readonly sequence: object,
    private readonly on: {
      /** Sends one; resolves when there is room for the next. `refused`: it cannot be sent. */
      readonly item: (value: unknown, refused: (error: unknown) => void) => Promise<void>;
      /** It has come to its end after so many items, or has thrown this. */
      readonly end: (items: number, thrown?: Thrown) => void;
    },
  ) {}

  /** The other side takes so many more. */
  pull(items: number): void {
    this.wanted += items;
    if (!this.isSending) void this.send();
  }

  /** The other side wants no more, or is gone: what made the items may clean up. */
  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    try {
      const ended: unknown = this.opened().return?.();
      if (ended instanceof Promise) ended.catch(() => undefined);
    } catch {
      // nobody is there to be told
    }
  }

  /** An item did not arrive: the sequence itself has not ended, and is. */
  fail(error: unknown): void {
    if (this.isOver) return;
    this.stop();
    this.on.end(this.sent, { error });
  }

  private async send(): Promise<void> {
    this.isSending = true;
    try {
      while (this.wanted > 0 && !this.isOver) {
        const next = await this.opened().next();
        if (this.isOver) return;
        if (next.done) {
          this.isOver = true;
          return this.on.end(this.sent);
        }
        this.wanted--;
        this.sent++;
        await this.item(next.value);
      }
    } catch (error) {
      if (this.isOver) return;
      this.isOver = true;
      this.on.end(this.sent, { error });
    } finally {
      this.isSending = false;
    }
  }

  private async item(value: unknown): Promise<void> {
    try {
      await this.on.item(value, (error) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  private opened(): AsyncIterator<unknown> | Iterator<unknown> {
    this.iterator ??= iteratorOf(this.sequence);
    return this.iterator;
  }
}

/** A stream is read by a reader, whose `cancel` does not wait for a read that is under way. */
function iteratorOf(sequence: object): AsyncIterator<unknown> | Iterator<unknown> {
  if (sequence instanceof ReadableStream) {
    const reader = sequence.getReader();
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      return: async () => {
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
  if (Symbol.asyncIterator in sequence) return (sequence as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  return (sequence as Iterable<unknown>)[Symbol.iterator]();
}
