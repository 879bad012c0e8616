import { UsageError } from "../../errors.js";
import type { Managed } from "./managed-reference.js";

/** A number that a manager serves. */
export class ServedCounter {
  private count: number;

  constructor(init = 0) {
    this.count = checked(init);
  }

  get(): number {
    return this.count;
  }

  set(count: number): void {
    this.count = checked(count);
  }

  /** Adds, and gives what it is then. */
  add(by = 1): number {
    this.count += checked(by);
    return this.count;
  }

  /** Sets it if it is what is expected; whether it was. */
  compareAndSet(expected: number, count: number): boolean {
    if (this.count !== expected) return false;
    this.set(count);
    return true;
  }
}

function checked(count: number): number {
  if (typeof count === "number" && !Number.isNaN(count)) return count;
  throw new UsageError(`managed counter: ${String(count)}; allowed: a number`);
}

/** A reference to a counter that a manager serves; the same in every process that has one. */
export type ManagedCounter = Managed<ServedCounter>;
