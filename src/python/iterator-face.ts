import type { Face, FaceCall } from "./face.js";
import { raise } from "./raise.js";

/** A sequence of ours as one of Python's iterators. */
export class IteratorFace implements Face {
  readonly exposed = ["__next__", "close"];
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;

  constructor(items: Iterable<unknown> | AsyncIterable<unknown>) {
    this.iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  async call({ method }: FaceCall): Promise<unknown> {
    if (method === "close") {
      await this.iterator.return?.();
      return null;
    }
    const { done, value } = await this.iterator.next();
    if (done) throw raise("StopIteration");
    return value;
  }

  value(): never {
    throw raise("TypeError", "an iterator cannot be copied");
  }
}
