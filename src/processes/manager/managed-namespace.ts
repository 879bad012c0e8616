import { type Cell, checkKey, replaced } from "./cell.js";
import type { ManagedHandle } from "./managed-reference.js";

/** A few values by their names, that a manager serves. */
export class ServedNamespace {
  private readonly cells = new Map<string, Cell<unknown>>();

  constructor(init: object = {}) {
    this.assign(init);
  }

  get(name: string): unknown {
    return this.cells.get(name)?.value;
  }

  set(name: string, value: unknown): void {
    this.cells.set(checkKey(name), { value });
  }

  assign(values: object): void {
    for (const [name, value] of Object.entries(values)) this.set(name, value);
  }

  update(name: string, change: (value: unknown) => unknown): Promise<unknown> {
    return replaced(
      () => this.cells.get(name),
      (cell) => void this.cells.set(name, cell),
      change,
    );
  }

  /** All of them as they are now. */
  copy(): object {
    return Object.fromEntries([...this.cells].map(([name, { value }]) => [name, value]));
  }
}

/** A reference to a namespace that a manager serves; the same in every process that has one. */
export interface ManagedNamespace<T extends object> extends ManagedHandle {
  get<Name extends keyof T & string>(name: Name): Promise<T[Name]>;
  set<Name extends keyof T & string>(name: Name, value: T[Name]): Promise<void>;
  /** Sets several at once. */
  assign(values: Partial<T>): Promise<void>;
  /** Sets what `change`, which runs in the caller's process, makes of the value; again, if somebody else sets it meanwhile. */
  update<Name extends keyof T & string>(
    name: Name,
    change: (value: T[Name]) => T[Name] | Promise<T[Name]>,
  ): Promise<T[Name]>;
  /** All of them as they are now. */
  copy(): Promise<T>;
}
