import type { UsageError } from "../../errors.js";
import type { AtomicElements } from "./atomic-elements.js";
import { refusedValue } from "./element-kinds.js";

/*
 * Floats: there are no atomic ones, so their bits are read and compared and exchanged as integers. A comparison goes
 * by the number, not by the bits, so that 0 finds -0 and NaN finds every NaN; the exchange itself goes by the very
 * bits that were read.
 */
const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

const word = new Int32Array(1);
const float = new Float32Array(word.buffer);
const wide = new BigInt64Array(1);
const double = new Float64Array(wide.buffer);

export class Floats implements AtomicElements<number> {
  constructor(
    private readonly bits: Int32Array,
    private readonly label: string,
  ) {}

  get(index: number): number {
    word[0] = Atomics.load(this.bits, index);
    return float[0];
  }

  set(index: number, value: number): void {
    if (typeof value !== "number") throw this.refused(value);
    float[0] = value;
    Atomics.store(this.bits, index, word[0]);
  }

  add(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    let expected = Atomics.load(this.bits, index);
    for (;;) {
      word[0] = expected;
      const old = float[0];
      float[0] = old + delta;
      const found = Atomics.compareExchange(this.bits, index, expected, word[0]);
      if (found === expected) return old;
      expected = found;
    }
  }

  sub(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    return this.add(index, -delta);
  }

  exchange(index: number, value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    float[0] = value;
    word[0] = Atomics.exchange(this.bits, index, word[0]);
    return float[0];
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    if (typeof expected !== "number") throw this.refused(expected);
    if (typeof replacement !== "number") throw this.refused(replacement);
    const wanted = Math.fround(expected);
    let before = Atomics.load(this.bits, index);
    for (;;) {
      word[0] = before;
      const old = float[0];
      if (!isSame(old, wanted)) return old;
      float[0] = replacement;
      const found = Atomics.compareExchange(this.bits, index, before, word[0]);
      if (found === before) return old;
      before = found;
    }
  }

  stored(value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    return Math.fround(value);
  }

  private refused(value: unknown): UsageError {
    return refusedValue(this.label, value, "a number");
  }
}

export class Doubles implements AtomicElements<number> {
  constructor(
    private readonly bits: BigInt64Array,
    private readonly label: string,
  ) {}

  get(index: number): number {
    wide[0] = Atomics.load(this.bits, index);
    return double[0];
  }

  set(index: number, value: number): void {
    if (typeof value !== "number") throw this.refused(value);
    double[0] = value;
    Atomics.store(this.bits, index, wide[0]);
  }

  add(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    let expected = Atomics.load(this.bits, index);
    for (;;) {
      wide[0] = expected;
      const old = double[0];
      double[0] = old + delta;
      const found = Atomics.compareExchange(this.bits, index, expected, wide[0]);
      if (found === expected) return old;
      expected = found;
    }
  }

  sub(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    return this.add(index, -delta);
  }

  exchange(index: number, value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    double[0] = value;
    wide[0] = Atomics.exchange(this.bits, index, wide[0]);
    return double[0];
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    if (typeof expected !== "number") throw this.refused(expected);
    if (typeof replacement !== "number") throw this.refused(replacement);
    let before = Atomics.load(this.bits, index);
    for (;;) {
      wide[0] = before;
      const old = double[0];
      if (!isSame(old, expected)) return old;
      double[0] = replacement;
      const found = Atomics.compareExchange(this.bits, index, before, wide[0]);
      if (found === before) return old;
      before = found;
    }
  }

  stored(value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    return value;
  }

  private refused(value: unknown): UsageError {
    return refusedValue(this.label, value, "a number");
  }
}
