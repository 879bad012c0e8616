import type { Bounds } from "../bounds.js";
import type { FrameRecords } from "./frame-records.js";

/** What one holding of the lock gathers. */
export interface Turn<R extends FrameRecords> {
  readonly records: R;
  /** Milliseconds since 1970, the same for all that is decided in it. */
  readonly moment: number;
  /** Messages that were put, or published, in it. */
  added: number;
  /** Something had to wait for a later turn: what is of its kind waits behind it. */
  isFull: boolean;
  /** Something in it is to be on the disk before it is confirmed. */
  mustSync: boolean;
}

/** A call that waits for its turn with the files. */
export class Intent<T, R extends FrameRecords> {
  readonly promise: Promise<T>;
  private settle: { resolve(value: T): void; reject(error: unknown): void } | undefined;

  constructor(
    /** Decides and adds its records; gives what is done once they are written, or undefined to wait for a later turn. */
    readonly plan: (turn: Turn<R>) => (() => T) | undefined,
    /** Takes messages: dead consumers matter to it. */
    readonly isTaking: boolean,
    bounds: Bounds | undefined,
    given: (up: Intent<T, R>) => void,
  ) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    if (bounds === undefined) return;
    bounds.throwIfGivenUp();
    bounds.onGiveUp = (reason) => {
      this.reject(reason);
      given(this);
    };
  }

  get isWanted(): boolean {
    return this.settle !== undefined;
  }

  /** What was planned is written. */
  finish(last: () => T): void {
    try {
      this.settle?.resolve(last());
      this.settle = undefined;
    } catch (error) {
      this.reject(error);
    }
  }

  reject(error: unknown): void {
    this.settle?.reject(error);
    this.settle = undefined;
  }
}
