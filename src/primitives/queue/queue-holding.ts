import { deadlineOf, type SyncWaitOptions, timedOut, type WaitOptions } from "../../deadline.js";
import { ClosedError } from "../../errors.js";
import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import { parker } from "../../sync/parker.js";
import { Pending } from "../../sync/pending.js";
import type { Waiters } from "../../sync/waiters.js";
import { dropLink } from "../flight.js";
import type { Holding } from "../holding.js";
import { linksOf } from "../message-body.js";
import { QueueCore } from "./queue-core.js";
import type { PutLetter } from "./queue-letters.js";
import { QueuePutting } from "./queue-putting.js";
import { QueueTaking } from "./queue-taking.js";
import { LookingWait, QueueWait, Taker } from "./queue-wait.js";

/** What an attempt to take gives when nothing more will ever come. */
export const OVER = Symbol("over");

/** One handle's use of a queue: what it puts, what it has taken, and its calls that wait. */
export class QueueHolding {
  readonly core: QueueCore;
  readonly putting: QueuePutting;
  readonly taking: QueueTaking;
  private readonly waits = new Map<QueueWait, Pending<never>>();
  private holdsLoop = true;

  constructor(
    holding: Holding,
    private readonly label: string,
    deadLetters: () => PutLetter | undefined,
  ) {
    this.core = QueueCore.of(holding);
    this.putting = new QueuePutting(this.core, label);
    this.taking = new QueueTaking(this.core, (operation) => this.requireOpen(operation), deadLetters);
  }

  /** A consumer of its own, as each loop is. */
  taker(): Taker {
    return new Taker(this.core);
  }

  /** When a `get` of this handle would not wait. */
  get readiness(): BlockingReadiness {
    const { core, taking } = this;
    const isThere = (): true | undefined => (core.store.ready > core.receiving.size ? true : undefined);
    const isReady = (): boolean => {
      if (!isThere() && core.store.taken > core.held.own) core.reclaim();
      return taking.owesError || isThere() === true || (core.isShutDown && this.isOver(taking.plain));
    };
    return {
      isReady,
      whenReady: (signal) =>
        this.whenReady(isThere, core.readers, "wait()", { signal }, taking.plain, false).then(() => false),
      wait: (tell) => {
        const attempt = (): boolean => {
          if (this.attemptAt(core.readers, isThere, taking.plain) === undefined) return false;
          tell();
          return true;
        };
        return new LookingWait(core, attempt, taking.plain, () => this.passOn(core.readers));
      },
      requireOthers: (operation) => core.holding.requireOthers(`${this.label}: ${operation}`, isReady),
    };
  }

  /**
   * Waits until `attempt` gives something, in the event loop; OVER when nothing more will come to a taker. Further calls
   * for a message queue up behind it, unless it `takes` none.
   */
  whenReady<R>(
    attempt: () => R | undefined,
    line: Waiters,
    operation: string,
    options: WaitOptions,
    taker?: Taker,
    takes = true,
  ): Promise<R | typeof OVER> {
    const { core } = this;
    const end = (): void => {
      this.waits.delete(wait);
      core.receiving.delete(wait);
      parker().stop(wait);
      this.passOn(line);
    };
    const attemptNow = (): boolean => {
      try {
        const result = this.attemptAt(line, attempt, taker);
        if (result === undefined) return false;
        end();
        pending.resolve(result);
      } catch (error) {
        end();
        pending.reject(error);
      }
      return true;
    };
    const wait = new QueueWait(core, line, attemptNow, this.holdsLoop, { taker });
    const pending = new Pending<R | typeof OVER>(`${this.label}: ${operation}`, options, end);
    this.waits.set(wait, pending as Pending<never>);
    if (takes && line === core.readers) core.receiving.add(wait);
    parker().start(wait);
    return pending.promise;
  }

  /** The same, blocking the thread. */
  whenReadySync<R>(
    attempt: () => R | undefined,
    line: Waiters,
    operation: string,
    options: SyncWaitOptions,
    requireOthers: () => void,
    taker?: Taker,
  ): R | typeof OVER {
    const deadline = deadlineOf(options.timeout, `${this.label}: ${operation}`);
    let result: R | typeof OVER | undefined;
    const attemptNow = (): boolean => {
      result = this.attemptAt(line, attempt, taker);
      return result !== undefined;
    };
    const wait = new QueueWait(this.core, line, attemptNow, true, {
      requireOthers: options.timeout === undefined ? requireOthers : undefined,
      taker,
    });
    try {
      if (!parker().waitSync([wait], deadline) || result === undefined)
        throw timedOut(`${this.label}: ${operation}`, options.timeout);
      return result;
    } finally {
      this.passOn(line);
    }
  }

  /** Whether nothing more will come to a taker. */
  isOver(taker: Taker): boolean {
    return this.core.isOver(taker.working);
  }

  /** Nothing more is put. `immediate`: what is ready is dropped. */
  shutDown(immediate: boolean): void {
    const { core } = this;
    const dropped: { bytes: Uint8Array; flags: number }[] = [];
    core.shutDown(immediate, (item) => {
      const flags = core.store.flagsOf(item);
      if ((flags & ~0xff) === 0) return; // it stands for itself
      const bytes = new Uint8Array(core.store.lengthOf(item));
      core.store.read(item, bytes, 0);
      dropped.push({ bytes, flags });
    });
    for (const { bytes, flags } of dropped)
      for (const link of linksOf(bytes, flags, core.folder)) dropLink(core.folder, link);
  }

  /** Ends every call that waits and gives back what was taken. */
  close(error: () => Error): void {
    for (const [wait, pending] of [...this.waits]) {
      this.core.receiving.delete(wait);
      parker().stop(wait);
      pending.reject(error());
    }
    if (this.waits.size > 0) this.passOn(this.core.readers);
    this.waits.clear();
    this.putting.rejectAll(error);
    this.taking.giveAllBack();
    this.core.flushWakes();
  }

  setHoldsLoop(held: boolean): void {
    this.holdsLoop = held;
    for (const wait of this.waits.keys()) wait.holdsLoop = held;
    this.putting.setHoldsLoop(held);
    parker().holdsChanged();
  }

  requireOpen(operation: string): void {
    if (!this.taking.isOpen)
      throw new ClosedError(`${this.label}: ${operation} after close()`, {
        resource: this.core.holding.segment.name || undefined,
      });
  }

  /** An attempt, after a look that disturbs nobody. */
  private attemptAt<R>(line: Waiters, attempt: () => R | undefined, taker?: Taker): R | typeof OVER | undefined {
    const { core } = this;
    if (line === core.joiners) return core.store.pending === 0 ? attempt() : undefined;
    this.taking.buryAside();
    if (!core.mayBeReady) return undefined;
    return taker ? core.attemptOr(OVER, attempt, () => taker.working) : attempt();
  }

  /** Who was woken alone tells the next one that there is more. */
  private passOn(line: Waiters): void {
    if (line === this.core.readers && this.core.store.ready > 0) line.wakeOldest();
  }
}
