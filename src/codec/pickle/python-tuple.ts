/**
 * An array that is written as a tuple wherever it stands. Tuples arrive as plain arrays; this is for what has to be a
 * tuple on the other side.
 *
 * @example
 * connection.send(new PythonTuple(["move", 3]));
 */
export class PythonTuple {
  readonly items: readonly unknown[];

  constructor(items: Iterable<unknown>) {
    this.items = Object.freeze([...items]);
    Object.freeze(this);
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    return this.items[Symbol.iterator]();
  }
}
