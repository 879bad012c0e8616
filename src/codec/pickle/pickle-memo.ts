/** A gap of so many numbers is filled; Python 2 begins at 1. */
const SMALL_GAP = 16;

/** What a pickle has put aside under numbers. Python numbers without gaps; a number far away costs no memory. */
export class PickleMemo {
  private list: unknown[] = [];
  private far: Map<number, unknown> | undefined;
  /** How many numbers are taken: the next one of MEMOIZE. */
  count = 0;

  clear(): void {
    if (this.list.length > 0) this.list = [];
    this.far = undefined;
    this.count = 0;
  }

  put(index: number, value: unknown): void {
    const { list } = this;
    if (index === list.length) {
      list.push(value);
      this.count++;
    } else if (index < list.length) {
      if (list[index] === undefined) this.count++;
      list[index] = value;
    } else if (index - list.length <= SMALL_GAP) {
      while (list.length < index) list.push(undefined);
      list.push(value);
      this.count++;
    } else {
      this.far ??= new Map();
      if (!this.far.has(index)) this.count++;
      this.far.set(index, value);
    }
  }

  /** Undefined when nothing is there. */
  get(index: number): unknown {
    return index < this.list.length ? (this.list[index] ?? this.lookedUp(index)) : this.far?.get(index);
  }

  private lookedUp(index: number): unknown {
    return this.list[index] === null ? null : this.far?.get(index);
  }
}
