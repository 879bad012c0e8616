import { deadlineOf, type SyncWaitOptions, type WaitOptions } from "../../deadline.js";
import { nextTurn, turnIsDue } from "../../loop-turn.js";
import { READY } from "../../readiness.js";
import type { BlockingReadiness } from "../../sync/blocking-readiness.js";
import { EventWait, EventWord } from "../../sync/event-word.js";
import type { Holding } from "../holding.js";
import { isPlace } from "../is-place.js";
import type { Place, SharedObjectOptions } from "../shared-object.js";
import { type Call, WaitingCalls } from "../waiting-calls.js";
import { eventLayout } from "./sync.layout.js";
import { makeSync, openOrCreateSync, openSync, registerSync, SyncObject } from "./sync-object.js";

/** An event as one thread has it. */
class EventHolding {
  readonly calls: WaitingCalls<EventWait, void>;

  constructor(readonly core: EventWord) {
    this.calls = new WaitingCalls((wait) => void core.waiters.disarm(wait));
  }

  static of(holding: Holding, at: number): EventHolding {
    return holding.part(at, () => new EventHolding(new EventWord(holding, at)));
  }
}

/**
 * A flag that processes, worker threads and async functions wait for: all of them go on when it is set, and nobody
 * waits while it stays set. A set that is followed by a clear at once still releases everybody who was waiting.
 *
 * Setting and clearing never wait for anybody: a waiter that was killed or stopped holds up nobody. A process that is
 * killed inside `set()` has done it or not. The idea is Python's `multiprocessing.Event`.
 *
 * @example
 * const ready = new SharedEvent();
 * ready.set();
 * await ready.wait();
 * console.log(ready.isSet); // true
 */
export class SharedEvent extends SyncObject {
  private readonly state: EventHolding;

  /** Makes an event that is clear, for others to be handed. @throws UsageError, SystemError */
  constructor(options?: Pick<SharedObjectOptions, "maxAttached">);
  /** @internal */
  constructor(place: Place);
  constructor(from: SharedObjectOptions | Place = {}) {
    super(isPlace(from, "SharedEvent") ? from : makeSync(eventClass, undefined, from), "SharedEvent");
    this.state = EventHolding.of(this.holding, this.body);
  }

  /** Makes an event under a name. @throws ExistsError when the name is taken; UsageError, SystemError */
  static create(name: string, options?: SharedObjectOptions): SharedEvent {
    return new SharedEvent(makeSync(eventClass, name, options));
  }

  /** Opens the event of that name. @throws NotFoundError, MismatchError */
  static open(name: string): SharedEvent {
    return new SharedEvent(openSync(eventClass, name));
  }

  /** Opens the event of that name, or makes it. @throws MismatchError, UsageError, SystemError */
  static openOrCreate(name: string, options?: SharedObjectOptions): SharedEvent {
    return new SharedEvent(openOrCreateSync(eventClass, name, options));
  }

  get isSet(): boolean {
    return this.open("isSet").core.isSet;
  }

  /** Sets it, and wakes all that wait. */
  set(): void {
    this.open("set()").core.set();
  }

  /** Clears it: who comes from now on waits. */
  clear(): void {
    this.open("clear()").core.clear();
  }

  /**
   * Waits until it is set; at once when it is.
   *
   * @throws TimeoutError after `timeout`; the reason of `signal` when that is aborted; ClosedError by `close()`
   */
  async wait(options?: WaitOptions): Promise<void> {
    const { core, calls } = this.open("wait()");
    const operation = `${this.label}: wait()`;
    deadlineOf(options?.timeout, operation);
    options?.signal?.throwIfAborted();
    const begun = core.turns;
    if ((begun & 1) === 0) return calls.inLoop(this.call(core, begun, this.holdsLoop, operation, options));
    if (turnIsDue()) await nextTurn();
  }

  /**
   * The same, blocking the thread.
   *
   * @throws TimeoutError after `timeout`
   * @throws UsageError without a timeout, when nobody else has the event and so nobody could set it
   */
  waitSync(options?: SyncWaitOptions): void {
    const { core, calls } = this.open("waitSync()");
    const operation = `${this.label}: waitSync()`;
    const deadline = deadlineOf(options?.timeout, operation);
    const begun = core.turns;
    if ((begun & 1) === 1) return;
    if (deadline === Number.POSITIVE_INFINITY) this.holding.requireOthers(operation, () => core.turns !== begun);
    calls.blocking(this.call(core, begun, true, operation, options));
  }

  /** Whether it is set: a wait that never waits. */
  tryWait(): boolean {
    return this.open("tryWait()").core.isSet;
  }

  /** @internal a set that was cleared again counts for who was waiting */
  [READY](): BlockingReadiness {
    const { core, calls } = this.open("wait()");
    const begin = (done: () => void): EventWait => new EventWait(core, core.turns, true, done);
    return {
      isReady: () => core.isSet,
      whenReady: (signal) => {
        const begun = core.turns;
        if ((begun & 1) === 1) return Promise.resolve(true);
        return calls.inLoop(this.call(core, begun, this.holdsLoop, "wait()", { signal })).then(() => true);
      },
      wait: begin,
      requireOthers: (operation) => this.holding.requireOthers(`${this.label}: ${operation}`, () => core.isSet),
    };
  }

  protected override detach(): void {
    this.state.calls.rejectAll(this, () => this.closedError("wait()"));
  }

  private call(
    core: EventWord,
    begun: number,
    holdsLoop: boolean,
    operation: string,
    options: WaitOptions | undefined,
  ): Call<EventWait, void> {
    return {
      by: this,
      operation,
      options,
      make: ({ resolve }) => new EventWait(core, begun, holdsLoop, resolve),
    };
  }

  private open(operation: string): EventHolding {
    if (this.closed) throw this.closedError(operation);
    return this.state;
  }

  protected override holdsChanged(): void {
    this.state.calls.setHoldsLoop(this, this.holdsLoop);
  }
}

const eventClass = registerSync({ name: "SharedEvent", layout: eventLayout, at: (place) => new SharedEvent(place) });
