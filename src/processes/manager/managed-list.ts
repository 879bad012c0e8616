import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../../errors.js";
import { type Cell, replaced } from "./cell.js";
import type { Managed } from "./managed-reference.js";

/** An Array that a manager serves. An index below 0 counts from the end. */
export class ServedList<V> {
  private cells: Cell<V>[] = [];

  constructor(init: Iterable<V> = []) {
    this.push(...init);
  }

  get(index: number): V | undefined {
    return this.cells.at(index)?.value;
  }

  /** @throws UsageError (as RemoteError) when there is no such element */
  set(index: number, value: V): void {
    this.cells[this.place(index, "set()")] = { value };
  }

  /** How many there are then. */
  push(...values: V[]): number {
    for (const value of values) this.cells.push({ value });
    return this.cells.length;
  }

  pop(): V | undefined {
    return this.cells.pop()?.value;
  }

  shift(): V | undefined {
    return this.cells.shift()?.value;
  }

  unshift(...values: V[]): number {
    return this.cells.unshift(...values.map((value) => ({ value })));
  }

  insert(index: number, ...values: V[]): void {
    this.cells.splice(index, 0, ...values.map((value) => ({ value })));
  }

  /** Takes out up to `count` from `index` on, and gives them. */
  remove(index: number, count = 1): V[] {
    return this.cells.splice(index, count).map(({ value }) => value);
  }

  /** Where the first one stands that deeply is this value; -1 if none does. */
  indexOf(value: V): number {
    return this.cells.findIndex((cell) => isDeepStrictEqual(cell.value, value));
  }

  includes(value: V): boolean {
    return this.indexOf(value) >= 0;
  }

  /** Sets what `change`, which runs in the caller's process, makes of an element; again, if that was changed meanwhile. */
  update(index: number, change: (value: V) => V | Promise<V>): Promise<V> {
    const cell = this.cells[this.place(index, "update()")];
    let current = cell;
    return replaced<V, V>(
      () => {
        current = this.cells.includes(current) ? current : this.cells[this.place(index, "update()")];
        return current;
      },
      (made) => void this.cells.splice(this.cells.indexOf(current), 1, made),
      change,
    );
  }

  reverse(): void {
    this.cells.reverse();
  }

  size(): number {
    return this.cells.length;
  }

  clear(): void {
    this.cells = [];
  }

  slice(start?: number, end?: number): V[] {
    return this.cells.slice(start, end).map(({ value }) => value);
  }

  /** All of it as it is now. */
  copy(): V[] {
    return this.slice();
  }

  *values(): Generator<V> {
    for (let index = 0; index < this.cells.length; index++) yield this.cells[index].value;
  }

  private place(index: number, operation: string): number {
    const place = index < 0 ? index + this.cells.length : index;
    if (Number.isInteger(place) && place >= 0 && place < this.cells.length) return place;
    throw new UsageError(`managed list: ${operation} at ${index}; there are ${this.cells.length}`);
  }
}

/** A reference to a list that a manager serves; the same in every process that has one. */
export type ManagedList<V> = Managed<ServedList<V>>;
