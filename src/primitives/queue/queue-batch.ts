import { encodeShort, flagsFor } from "../message-body.js";
import type { QueuePutting } from "./queue-putting.js";

const BATCH_BYTES = 64 * 1024;
const MOST_VALUES = 512;
/** Longer values go one by one. */
const SHORT_BYTES = 4096;

let spare: Uint8Array | undefined;

/** Values that are put together: many of them in one entry of the queue's guard. */
export class QueueBatch<T> {
  private readonly iterator: Iterator<T>;
  private drawn: T[] = [];
  private isDrained = false;

  constructor(
    values: Iterable<T>,
    private readonly priority: number,
  ) {
    this.iterator = values[Symbol.iterator]();
  }

  /** Puts what fits. Gives the next value when that has to be put by itself, because it is long or has to wait. */
  putTo(queue: QueuePutting): { value: T } | undefined {
    for (;;) {
      this.draw();
      if (this.drawn.length === 0) return undefined;
      const put = queue.isWaiting || queue.isTold ? 0 : this.putDrawn(queue);
      if (put === 0) return { value: this.drawn.shift() as T };
      this.drawn = this.drawn.slice(put);
    }
  }

  private draw(): void {
    while (!this.isDrained && this.drawn.length < MOST_VALUES) {
      const next = this.iterator.next();
      if (next.done) this.isDrained = true;
      else this.drawn.push(next.value);
    }
  }

  private putDrawn(queue: QueuePutting): number {
    const buffer = spare ?? new Uint8Array(BATCH_BYTES); // a getter of a value may be putting a batch itself
    spare = undefined;
    try {
      const ends: number[] = [];
      const flags: number[] = [];
      const most = Math.min(SHORT_BYTES, queue.share);
      let at = 0;
      for (const value of this.drawn) {
        let end: number;
        try {
          end = encodeShort(value, buffer, at, Math.min(at + most, BATCH_BYTES));
        } catch (error) {
          if (ends.length === 0) throw error;
          break; // first those before it
        }
        if (end < 0) break;
        at = end;
        ends.push(end);
        flags.push(flagsFor(value));
      }
      return ends.length === 0 ? 0 : queue.putEncoded(buffer, ends, flags, this.priority);
    } finally {
      spare = buffer;
    }
  }
}
