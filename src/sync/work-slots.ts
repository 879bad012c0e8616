/*
 * Work slots: whether a piece of work was begun, decided once and for all.
 *
 * Idea    Work goes to a worker ahead of time, through a pipe, so that the worker never waits for the next piece. What lies
 *         in a pipe cannot be taken back; so each message has a word here, and one compare-and-swap decides: the worker's
 *         makes it begun, the giver's makes it withdrawn. A worker passes over what was withdrawn.
 * States  none -> offered -> begun | withdrawn, with the message's number beside the state: a slot serves one message after
 *         another, and a late look at it never takes one for the other.
 * Order   giver: offered, then the message   publishes: offer      worker: the message, then its slot   observes: offer
 *         worker: step 0, then begun, then the work; each further step before its part of the work. The giver reads the
 *         slots of a dead worker only once it knows that it is dead, and has read all that it had sent.
 * Death   Of a worker: what is offered was never begun, and can be given to another one as if nothing had happened; what is
 *         begun and not answered is the one piece that died with it, and `step` says how far in it was. Of the giver:
 *         its workers end.
 * Limits  A number is repeated after 2^30 messages, and a slot after 256: the giver is never further ahead of the worker.
 * Source  The claim of a work-stealing deque's last element (Chase and Lev), one for each element.
 */
import type { Words } from "../memory/words.js";
import { SLOTS, WORK_STATES, workHead } from "./work-slots.layout.js";

const STEP = SLOTS + workHead.word.step;

export class WorkSlots {
  constructor(
    private readonly words: Words,
    /** Word index of the first slot. */
    private readonly at = 0,
  ) {}

  /** The giver: this message may be begun. Before it is sent. */
  offer(number: number): void {
    this.words.store(this.at + (number & (SLOTS - 1)), word(number, WORK_STATES.offered)); // publishes: offer
  }

  /** The worker: begins, at step 0. False: it was withdrawn. */
  begin(number: number): boolean {
    this.setStep(0); // before: who is killed in between is at no step of the work before it
    return this.turn(number, WORK_STATES.begun); // observes: offer
  }

  /** The giver: takes it back. False: it was begun. */
  withdraw(number: number): boolean {
    return this.turn(number, WORK_STATES.withdrawn);
  }

  /** Whether it was begun. */
  hasBegun(number: number): boolean {
    return this.words.load(this.at + (number & (SLOTS - 1))) === word(number, WORK_STATES.begun);
  }

  /** The worker: at which item of what it has begun it is. Before the item is. */
  setStep(step: number): void {
    this.words.store(this.at + STEP, step);
  }

  get step(): number {
    return this.words.load(this.at + STEP) >>> 0;
  }

  private turn(number: number, state: number): boolean {
    const offered = word(number, WORK_STATES.offered);
    const slot = this.at + (number & (SLOTS - 1));
    return this.words.compareExchange(slot, offered, word(number, state)) === offered;
  }
}

const word = (number: number, state: number): number => (number << 2) | state;
