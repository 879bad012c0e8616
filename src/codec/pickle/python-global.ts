/** What reading offers to those who make values of arguments. */
export interface ReadContext {
  /** The error that refuses the pickle at this place. */
  broken(what: string, cause?: unknown): Error;
  /** Counts what is copied, and refuses a pickle that lets more be copied than its length justifies. */
  charge(copied: number): void;
  /** Counts a time zone that is not known here, and refuses a pickle that has too many. */
  unknownZone(): void;
  /** A value that may lie in another one: no global. */
  settled(value: unknown): unknown;
}

export type Make = (args: readonly unknown[], context: ReadContext) => unknown;

export interface GlobalActions {
  /** What calling it makes: REDUCE. */
  readonly call?: Make;
  /** What a new instance of it is: NEWOBJ; by default the same. */
  readonly create?: Make;
  /** Gives an instance its state: BUILD. */
  readonly setState?: (instance: object, state: unknown, context: ReadContext) => void;
  /** What stands for the global itself. */
  readonly value?: unknown;
}

/** A global of Python's that a pickle may name. It lies on the reader's stack, and is no value by itself. */
export class PythonGlobal {
  constructor(
    readonly module: string,
    readonly name: string,
    readonly actions: GlobalActions = {},
  ) {}

  get fullName(): string {
    return `${this.module}.${this.name}`;
  }
}
