/**
 * A sequence that this side sends item by item, as many as the other side has asked for: it is read no further ahead.
 */
export class OutgoingSequence {
  private readonly iterator: AsyncIterator<unknown> | Iterator<unknown>;
  private wanted = 0;
  private isSending = false;
  private isOver = false;

  constructor(
    sequence: AsyncIterable<unknown> | Iterable<unknown>,
    private readonly on: {
      readonly item: (value: unknown) => Promise<void>;
      /** It has come to its end, or has thrown this. */
      readonly end: (thrown?: { readonly error: unknown }) => void;
    },
  ) {
    this.iterator =
      Symbol.asyncIterator in sequence
        ? sequence[Symbol.asyncIterator]()
        : (sequence as Iterable<unknown>)[Symbol.iterator]();
  }

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
      const ended: unknown = this.iterator.return?.();
      if (ended instanceof Promise) ended.catch(() => undefined);
    } catch {
      // nobody is there to be told
    }
  }

  private async send(): Promise<void> {
    this.isSending = true;
    try {
      while (this.wanted > 0 && !this.isOver) {
        const next = await this.iterator.next();
        if (this.isOver) return;
        if (next.done) return this.finish();
        this.wanted--;
        await this.on.item(next.value);
      }
    } catch (error) {
      this.finish({ error });
    } finally {
      this.isSending = false;
    }
  }

  private finish(thrown?: { readonly error: unknown }): void {
    if (this.isOver) return;
    if (thrown) this.stop(); // an item that could not be sent: the sequence itself has not ended
    this.isOver = true;
    this.on.end(thrown);
  }
}
