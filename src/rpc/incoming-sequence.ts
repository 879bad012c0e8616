import { CodecError, ProtocolError } from "../errors.js";
import { WINDOW } from "./calls.layout.js";

interface Asking {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

const OVER = { done: true, value: undefined } as const;

/** A sequence that comes item by item from the other side. Nothing is asked for before somebody iterates. */
export class IncomingSequence implements AsyncIterableIterator<unknown>, AsyncDisposable {
  private readonly items: unknown[] = [];
  private readonly asking: Asking[] = [];
  /** Items that were asked for and have not come. */
  private due = 0;
  private came = 0;
  private ended: { readonly error?: unknown } | undefined;

  constructor(
    private readonly on: {
      readonly pull: (items: number) => void;
      /** Nobody wants more of it. */
      readonly stop: () => void;
      /** Whether somebody waits for an item. */
      readonly waits: (sequence: IncomingSequence, waits: boolean) => void;
    },
  ) {}

  next(): Promise<IteratorResult<unknown>> {
    if (this.items.length > 0) {
      const value = this.items.shift();
      this.ask();
      return Promise.resolve({ done: false, value });
    }
    if (this.ended) {
      const { ended } = this;
      this.ended = {};
      return "error" in ended ? Promise.reject(ended.error) : Promise.resolve(OVER);
    }
    return new Promise((resolve, reject) => {
      this.asking.push({ resolve, reject });
      this.on.waits(this, true);
      this.ask();
    });
  }

  /** No more are wanted; the other side is told, and its own `return` runs. */
  return(): Promise<IteratorResult<unknown>> {
    this.items.length = 0;
    if (!this.ended) this.on.stop();
    this.end();
    return Promise.resolve(OVER);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** An item has come. @throws ProtocolError when nobody has asked for it */
  add(value: unknown): void {
    if (this.ended) return; // it was on its way when this side had enough
    if (this.due-- <= 0) throw new ProtocolError("an item of a sequence came that nobody has asked for");
    this.came++;
    const first = this.asking.shift();
    if (!first) {
      this.items.push(value);
      return;
    }
    if (this.asking.length === 0) this.on.waits(this, false);
    first.resolve({ done: false, value });
    this.ask();
  }

  /** No more come, after so many: one that could not be decoded is missing, and that is not passed over. */
  endAfter(items: number, thrown: { readonly error: unknown } | undefined): void {
    const missing = items - this.came;
    if (thrown || missing === 0) this.end(thrown);
    else this.end({ error: new CodecError(`a sequence of ${items} items, of which ${missing} cannot be read here`) });
  }

  /** No more come. */
  end(thrown?: { readonly error: unknown }): void {
    if (this.ended) return;
    this.ended = thrown ?? {};
    const asking = this.asking.splice(0);
    if (asking.length > 0) this.on.waits(this, false);
    if (thrown && asking.length > 0) {
      asking.shift()?.reject(thrown.error);
      this.ended = {};
    }
    for (const one of asking) one.resolve(OVER);
  }

  /** Asks for more when half of what may be under way is taken. */
  private ask(): void {
    if (this.ended) return;
    const room = WINDOW - this.due - this.items.length;
    if (room < WINDOW / 2) return;
    this.due += room;
    this.on.pull(room);
  }
}
