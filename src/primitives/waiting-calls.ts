import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../deadline.js";
import { type Parker, parker } from "../sync/parker.js";
import { Pending } from "../sync/pending.js";
import type { Wait } from "../sync/wait.js";

/** A wait that a handle's `ref()` and `unref()` reach. */
export type CallWait = Wait & { holdsLoop: boolean };

/** How a wait says that it is over; the first word counts. */
export interface Outcome<R> {
  resolve(result: R): void;
  reject(error: Error): void;
}

/** What a call that waits is: who asks, what errors call it, its bounds, and the wait that ends it. */
export interface Call<W extends CallWait, R> {
  /** The handle it was made by. */
  readonly by: object;
  readonly operation: string;
  readonly options: WaitOptions | undefined;
  /** The value in hand, for the error of a call that is given up. */
  readonly undelivered?: unknown;
  make(outcome: Outcome<R>): W;
}

/** What became of a wait that was given up after all, if it turned out to be over already. */
export type Late<R> = { readonly result: R } | undefined;

interface Entry<R> {
  readonly by: object;
  readonly pending?: Pending<R>;
}

/** The calls of one thread that wait at one object, for all its handles here, in the order in which they came. */
export class WaitingCalls<W extends CallWait, R> {
  private readonly entries = new Map<W, Entry<R>>();
  private readonly parker: Parker = parker();

  constructor(
    /**
     * Takes back what a wait that is given up has published. `isLast`: no other call waits here. It may say that the
     * wait was over already, with what; `isClosing` says that nobody would take that any more.
     */
    private readonly withdraw: (wait: W, isLast: boolean, isClosing: boolean) => Late<R>,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** Those that wait, in the order in which they came. */
  get waits(): Iterable<W> {
    return this.entries.keys();
  }

  /** Lets those that wait already have their turn; whether they all got what they wait for. */
  serve(): boolean {
    for (const wait of this.entries.keys()) {
      if (!wait.attempt()) return false;
      this.parker.stop(wait);
    }
    return true;
  }

  /** Lets those that came before a call have their turn; whether they all got what they wait for. */
  serveBefore(wait: W): boolean {
    for (const before of this.entries.keys()) {
      if (before === wait) return true;
      if (!before.attempt()) return false;
      this.parker.stop(before);
    }
    return true;
  }

  /** Lets those of the waits that are `wanted` see whether they are over. */
  look(wanted: (wait: W) => boolean): void {
    for (const wait of this.entries.keys()) if (wanted(wait) && wait.attempt()) this.parker.stop(wait);
  }

  /** Waits in the event loop. */
  async inLoop(call: Call<W, R>): Promise<R> {
    let late: Late<R>;
    const wait = call.make({
      resolve: (result) => {
        this.entries.delete(wait);
        pending.resolve(result);
      },
      reject: (error) => {
        this.entries.delete(wait);
        pending.reject(error);
      },
    });
    const giveUp = (): void => {
      late = this.giveUp(wait, false);
    };
    const pending = new Pending<R>(call.operation, call.options ?? {}, giveUp, call.undelivered);
    this.entries.set(wait, { by: call.by, pending });
    if (!wait.attempt()) this.parker.start(wait);
    try {
      return await pending.promise;
    } catch (error) {
      if (late) return late.result;
      throw error;
    }
  }

  /** Waits while it blocks the thread. */
  blocking(call: Call<W, R>): R {
    const options: SyncWaitOptions = call.options ?? {};
    const deadline = deadlineOf(options.timeout, call.operation);
    let over: { result: R } | { error: Error } | undefined;
    const wait = call.make({
      resolve: (result) => {
        over ??= { result };
      },
      reject: (error) => {
        over ??= { error };
      },
    });
    this.entries.set(wait, { by: call.by });
    try {
      this.parker.waitSync([wait], deadline);
    } finally {
      this.entries.delete(wait);
      if (!over) over = this.giveUp(wait, false);
    }
    if (!over) throw timedOut(call.operation, options.timeout, call.undelivered);
    if ("error" in over) throw over.error;
    return over.result;
  }

  /** Ends the calls that wait through one handle. */
  rejectAll(by: object, error: () => Error): void {
    for (const [wait, { pending, by: through }] of this.entries) {
      if (through !== by) continue;
      this.giveUp(wait, true);
      pending?.reject(error());
    }
  }

  /** Whether the waits of one handle keep the process alive. */
  setHoldsLoop(by: object, held: boolean): void {
    for (const [wait, { by: through }] of this.entries) if (through === by) wait.holdsLoop = held;
    this.parker.holdsChanged();
  }

  private giveUp(wait: W, isClosing: boolean): Late<R> {
    this.entries.delete(wait);
    this.parker.stop(wait);
    return this.withdraw(wait, this.entries.size === 0, isClosing);
  }
}
