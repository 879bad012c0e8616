import type { ClosedError } from "../../errors.js";
import { UsageError } from "../../errors.js";
import { Doubles, Floats } from "./atomic-floats.js";
import { type ElementKind, type ElementValue, type ElementView, refusedValue } from "./element-kinds.js";

/** Elements in shared memory, each read and written as a whole, by whoever it is. Indexes are checked by the caller. */
export interface AtomicElements<V> {
  get(index: number): V;
  set(index: number, value: V): void;
  /** These four give the old value. */
  add(index: number, delta: V): V;
  sub(index: number, delta: V): V;
  exchange(index: number, value: V): V;
  compareExchange(index: number, expected: V, replacement: V): V;
  /** What is read again after this value was stored: wrapped, or rounded. */
  stored(value: V): V;
}

/** The elements that a typed array shows; `label` begins the sentences of errors. */
export function atomicElements<K extends ElementKind>(
  kind: K,
  view: ElementView<K>,
  label: string,
): AtomicElements<ElementValue<K>> {
  return elementsOver(kind, view, label) as unknown as AtomicElements<ElementValue<K>>;
}

function elementsOver(
  kind: ElementKind,
  view: ElementView<ElementKind>,
  label: string,
): AtomicElements<number> | AtomicElements<bigint> | AtomicElements<boolean> {
  const { buffer, byteOffset, length } = view;
  if (kind === "bool") return new Booleans(view as Uint8Array, label);
  if (kind === "f64") return new Doubles(new BigInt64Array(buffer, byteOffset, length), label);
  if (kind === "f32") return new Floats(new Int32Array(buffer, byteOffset, length), label);
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) return new BigIntegers(view, label);
  return new Integers(view as Int32Array, label);
}

type IntegerView = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

/** Numbers wrap and lose their fraction as in a typed array. */
class Integers implements AtomicElements<number> {
  private readonly scratch: IntegerView;

  constructor(
    private readonly view: IntegerView,
    private readonly label: string,
  ) {
    this.scratch = new (view.constructor as new (length: number) => IntegerView)(1);
  }

  get(index: number): number {
    return Atomics.load(this.view, index);
  }

  set(index: number, value: number): void {
    if (typeof value !== "number") throw this.refused(value);
    Atomics.store(this.view, index, value);
  }

  add(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    return Atomics.add(this.view, index, delta);
  }

  sub(index: number, delta: number): number {
    if (typeof delta !== "number") throw this.refused(delta);
    return Atomics.sub(this.view, index, delta);
  }

  exchange(index: number, value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    return Atomics.exchange(this.view, index, value);
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    if (typeof expected !== "number") throw this.refused(expected);
    if (typeof replacement !== "number") throw this.refused(replacement);
    return Atomics.compareExchange(this.view, index, expected, replacement);
  }

  stored(value: number): number {
    if (typeof value !== "number") throw this.refused(value);
    this.scratch[0] = value;
    return this.scratch[0];
  }

  private refused(value: unknown): UsageError {
    return refusedValue(this.label, value, "a number");
  }
}

class BigIntegers implements AtomicElements<bigint> {
  private readonly scratch: BigInt64Array | BigUint64Array;

  constructor(
    private readonly view: BigInt64Array | BigUint64Array,
    private readonly label: string,
  ) {
    this.scratch = view instanceof BigInt64Array ? new BigInt64Array(1) : new BigUint64Array(1);
  }

  get(index: number): bigint {
    return Atomics.load(this.view, index);
  }

  set(index: number, value: bigint): void {
    if (typeof value !== "bigint") throw this.refused(value);
    Atomics.store(this.view, index, value);
  }

  add(index: number, delta: bigint): bigint {
    if (typeof delta !== "bigint") throw this.refused(delta);
    return Atomics.add(this.view, index, delta);
  }

  sub(index: number, delta: bigint): bigint {
    if (typeof delta !== "bigint") throw this.refused(delta);
    return Atomics.sub(this.view, index, delta);
  }

  exchange(index: number, value: bigint): bigint {
    if (typeof value !== "bigint") throw this.refused(value);
    return Atomics.exchange(this.view, index, value);
  }

  compareExchange(index: number, expected: bigint, replacement: bigint): bigint {
    if (typeof expected !== "bigint") throw this.refused(expected);
    if (typeof replacement !== "bigint") throw this.refused(replacement);
    return Atomics.compareExchange(this.view, index, expected, replacement);
  }

  stored(value: bigint): bigint {
    if (typeof value !== "bigint") throw this.refused(value);
    this.scratch[0] = value;
    return this.scratch[0];
  }

  private refused(value: unknown): UsageError {
    return refusedValue(this.label, value, "a bigint");
  }
}

/** A byte each; what a plain write through a view has left there counts as true when it is not 0. */
class Booleans implements AtomicElements<boolean> {
  constructor(
    private readonly view: Uint8Array,
    private readonly label: string,
  ) {}

  get(index: number): boolean {
    return Atomics.load(this.view, index) !== 0;
  }

  set(index: number, value: boolean): void {
    if (typeof value !== "boolean") throw this.refused(value);
    Atomics.store(this.view, index, value ? 1 : 0);
  }

  add(): boolean {
    throw this.noArithmetic("add");
  }

  sub(): boolean {
    throw this.noArithmetic("sub");
  }

  exchange(index: number, value: boolean): boolean {
    if (typeof value !== "boolean") throw this.refused(value);
    return Atomics.exchange(this.view, index, value ? 1 : 0) !== 0;
  }

  compareExchange(index: number, expected: boolean, replacement: boolean): boolean {
    if (typeof expected !== "boolean") throw this.refused(expected);
    if (typeof replacement !== "boolean") throw this.refused(replacement);
    let before = Atomics.load(this.view, index);
    for (;;) {
      if ((before !== 0) !== expected) return !expected;
      const found = Atomics.compareExchange(this.view, index, before, replacement ? 1 : 0);
      if (found === before) return expected;
      before = found;
    }
  }

  stored(value: boolean): boolean {
    if (typeof value !== "boolean") throw this.refused(value);
    return value;
  }

  private refused(value: unknown): UsageError {
    return refusedValue(this.label, value, "a boolean");
  }

  private noArithmetic(operation: string): UsageError {
    return new UsageError(`${this.label}: ${operation}() of a bool; allowed: set, exchange, compareExchange, update`);
  }
}

/** What stands in the place of the elements of a closed object. */
export class ClosedElements implements AtomicElements<never> {
  constructor(private readonly error: () => ClosedError) {}

  get(): never {
    throw this.error();
  }

  set(): never {
    throw this.error();
  }

  add(): never {
    throw this.error();
  }

  sub(): never {
    throw this.error();
  }

  exchange(): never {
    throw this.error();
  }

  compareExchange(): never {
    throw this.error();
  }

  stored(): never {
    throw this.error();
  }
}
