/** Python's `range`: the integers from start, by step, before stop. */
export class PythonRange {
  constructor(
    readonly start: number | bigint,
    readonly stop: number | bigint,
    readonly step: number | bigint = 1,
  ) {
    Object.freeze(this);
  }

  /** The integers, each of the type that `start` has. */
  *[Symbol.iterator](): IterableIterator<number | bigint> {
    if (typeof this.start === "number" && typeof this.step === "number") {
      const stop = Number(this.stop);
      for (let at = this.start; this.step > 0 ? at < stop : at > stop; at += this.step) yield at;
    } else {
      const step = BigInt(this.step);
      for (let at = BigInt(this.start); step > 0n ? at < this.stop : at > this.stop; at += step) yield at;
    }
  }
}
