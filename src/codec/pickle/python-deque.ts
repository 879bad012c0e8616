/** Python's `collections.deque`, as an array. Its greatest length is kept for the way back; nothing here enforces it. */
export class PythonDeque<Item = unknown> extends Array<Item> {
  /** null where there is no limit. */
  declare readonly maxLength: number | null;

  constructor(items: Iterable<Item> = [], maxLength: number | null = null) {
    super();
    for (const item of items) this.push(item);
    Object.defineProperty(this, "maxLength", { value: maxLength, writable: true, configurable: true });
  }

  /** What `map`, `filter` and the like make is a plain array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}
