/*
 * Rendezvous: so many parties wait for each other, again and again.
 *
 * Idea    Arriving counts up `arrived`, and the same in the thread's row (shares.ts). Who makes it full is the last one:
 *         it may do something alone, then moves `cycle` on, which releases everybody at once. A waiter remembers its
 *         cycle, so that it never takes a later one's end for its own.
 * States  arrived < parties       filling
 *         arrived = parties       the last one is at work; who comes now waits for the next cycle
 *         broken 1                somebody gave up, died or aborted: nobody waits until a reset
 *         a row's brokenCycle = its cycle      what its waits were part of was broken, even if it was reset since
 * Order   last one: cycle, then the guard is free, then watched, then the waiters        publishes: cycle
 *         breaker: broken, then brokenCycle of each row, then (a reset) cycle             publishes: break
 *         waiter: ticket, watched, then cycle, then its row's brokenCycle     observes: cycle, break
 * Death   Whoever has ever waited is a party. Waiters watch all parties, and with the death of one, wherever it was, the
 *         barrier is broken by the first who sees it. A party that leaves in an orderly way is none any more.
 *         Inside the guard: arrived is worked out anew from the rows, and a break that was begun is finished. It was a
 *         party's death, too, unless it aborted or reset from outside: a reset cut in half leaves it broken.
 * Limits  Parties that have not arrived yet and never have are not known: nobody waits for them in particular.
 *         A row remembers one broken cycle, so a thread arrives only in the cycle in which its earlier waits have taken
 *         note of their end; if it moves on after that, they look once more.
 * Source  Sense-reversing barriers; Python's threading.Barrier for what breaks it.
 */
import { WAITS } from "../memory/object.layout.js";
import type { Words } from "../memory/words.js";
import { Guard } from "./guard.js";
import { partyRow, partyRows, rendezvousGuard, rendezvousHead, rendezvousWaiters } from "./rendezvous.layout.js";
import type { Seat } from "./seat.js";
import { Shares } from "./shares.js";
import type { Wait } from "./wait.js";
import { Waiters } from "./waiters.js";

/** So many naps of a millisecond does a thread that leaves take, while somebody who may only be put aside is in the guard. */
const QUIT_NAPS = 1000;

const { isParty: IS_PARTY, cycle: CYCLE, arrived: ARRIVED, brokenCycle: BROKEN_CYCLE } = partyRow.word;

export interface Arrival {
  readonly cycle: number;
  /** How many were there before. */
  readonly index: number;
  /** It is to end the cycle, by `complete`. */
  readonly isLast: boolean;
}

export type End = "passed" | "broken";

export class Rendezvous {
  readonly waiters: Waiters;
  private readonly guard: Guard;
  private readonly shares: Shares;
  private readonly words: Words;
  private readonly cycle: number;
  private readonly arrived: number;
  private readonly broken: number;

  constructor(
    readonly seat: Seat,
    private readonly at: number,
  ) {
    this.words = seat.words;
    this.cycle = at + rendezvousHead.word.cycle;
    this.arrived = at + rendezvousHead.word.arrived;
    this.broken = at + rendezvousHead.word.broken;
    this.waiters = new Waiters(seat, at + rendezvousWaiters, WAITS.change);
    this.shares = new Shares(seat, at + partyRows(seat.maxAttached), partyRow, {
      isEmpty: (row) => this.words.load(row + IS_PARTY) === 0,
      settle: (row) => this.settleRow(row),
    });
    this.guard = new Guard(
      seat,
      at + rendezvousGuard,
      () => this.repair(),
      () => this.waiters.wakeAll(),
    );
  }

  get parties(): number {
    return this.words.load(this.at + rendezvousHead.word.parties);
  }

  /** How many have arrived and wait for the others. */
  get waiting(): number {
    const arrived = this.words.load(this.arrived);
    return this.isBroken || arrived >= this.parties ? 0 : arrived;
  }

  get isBroken(): boolean {
    this.settle();
    return this.words.load(this.broken) !== 0;
  }

  /**
   * Arrives if that is possible now; not while the last one of a cycle is at work, or somebody is in the guard.
   * `takeNote`: has this thread's earlier waits see how they have ended, which their row will not tell any more.
   */
  arrive(takeNote: () => void = () => undefined): Arrival | "broken" | undefined {
    const { words } = this;
    const cycle = words.load(this.cycle);
    takeNote();
    if (!this.guard.tryEnter()) return undefined;
    if (words.load(this.cycle) !== cycle) {
      this.guard.leave(); // it moved on after their look
      return this.arrive(takeNote);
    }
    const row = this.shares.mine();
    this.shares.settleDead();
    const index = words.load(this.arrived);
    const isBroken = words.load(this.broken) !== 0;
    const isFull = index >= this.parties;
    if (!isBroken && !isFull) {
      if (words.load(row + CYCLE) !== cycle || words.load(row + ARRIVED) === 0) {
        words.store(row + ARRIVED, 0);
        words.store(row + BROKEN_CYCLE, (cycle - 1) | 0);
        words.store(row + CYCLE, cycle);
      }
      words.store(row + IS_PARTY, 1);
      words.store(row + ARRIVED, words.load(row + ARRIVED) + 1);
      words.store(this.arrived, index + 1);
    }
    this.guard.leave();
    if (!isBroken) return isFull ? undefined : { cycle, index, isLast: index + 1 === this.parties };
    this.waiters.wakeAll(); // it may have been broken just now
    return "broken";
  }

  /** How a cycle that this thread arrived in has ended, if it has. */
  endOf(cycle: number): End | undefined {
    const { words } = this;
    const isOver = words.load(this.cycle) !== cycle; // observes: cycle
    if (words.load(this.shares.own + BROKEN_CYCLE) === cycle) return "broken"; // observes: break
    return isOver ? "passed" : undefined;
  }

  /** The last one is done: everybody goes on. False when it was broken meanwhile. */
  complete(cycle: number): boolean {
    this.guard.enter();
    this.shares.settleDead();
    const isWhole = this.endOf(cycle) === undefined;
    if (isWhole) this.moveOn();
    this.guard.leave();
    this.waiters.wakeAll();
    return isWhole;
  }

  /** A wait is given up, which breaks the cycle, unless it was over. */
  giveUp(cycle: number): End | undefined {
    this.guard.enter();
    const end = this.endOf(cycle);
    if (end === undefined) this.breakCycle();
    this.guard.leave();
    this.waiters.wakeAll();
    return end;
  }

  abort(): void {
    this.guard.enter();
    this.breakCycle();
    this.guard.leave();
    this.waiters.wakeAll();
  }

  /** Makes it whole again; whoever waits finds its cycle broken. */
  reset(): void {
    const { words } = this;
    this.guard.enter();
    this.shares.settleDead();
    this.breakCycle();
    this.moveOn();
    words.store(this.broken, 0);
    this.guard.leave();
    this.waiters.wakeAll();
  }

  /** This thread is no party any more; that breaks what it waits in. */
  quit(): void {
    const { words } = this;
    const row = this.shares.own;
    if (words.load(row) !== this.seat.self) return;
    for (let nap = 0; !this.guard.tryEnter(); nap++) {
      if (nap === QUIT_NAPS) return; // somebody was stopped inside: then it is taken for a death
      this.guard.nap();
    }
    if (words.load(row + CYCLE) === words.load(this.cycle) && words.load(row + ARRIVED) > 0) this.breakCycle();
    words.store(row + IS_PARTY, 0);
    words.store(row, 0);
    this.guard.leave();
    this.waiters.wakeAll();
  }

  /** Whether one of this thread's functions waits for a cycle that is not over. */
  get isWaitedHere(): boolean {
    const { words } = this;
    const row = this.shares.own;
    if (words.load(row) !== this.seat.self || words.load(row + ARRIVED) === 0) return false;
    return this.endOf(words.load(row + CYCLE)) === undefined;
  }

  /** Breaks it when a party has died. */
  settle(): void {
    if (!(this.guard.isLeftByDead || this.shares.hasDead()) || !this.guard.tryEnter()) return;
    this.shares.settleDead();
    this.guard.leave();
    this.waiters.wakeAll();
  }

  /** The other parties. */
  others(): readonly number[] {
    return this.shares.others();
  }

  private moveOn(): void {
    const { words } = this;
    words.store(this.cycle, (words.load(this.cycle) + 1) | 0); // publishes: cycle
    words.store(this.arrived, 0);
  }

  private breakCycle(): void {
    const { words } = this;
    words.store(this.broken, 1);
    const cycle = words.load(this.cycle);
    for (const row of this.shares.taken())
      if (words.load(row + CYCLE) === cycle && words.load(row + ARRIVED) > 0) words.store(row + BROKEN_CYCLE, cycle); // publishes: break
  }

  private settleRow(row: number): void {
    this.breakCycle();
    this.words.store(row + IS_PARTY, 0);
  }

  private repair(): void {
    const { words } = this;
    const cycle = words.load(this.cycle);
    let arrived = 0;
    for (const row of this.shares.taken()) if (words.load(row + CYCLE) === cycle) arrived += words.load(row + ARRIVED);
    words.store(this.arrived, arrived);
    if (words.load(this.broken) !== 0) this.breakCycle();
  }
}

/** One call that waits until all have arrived. */
export class ArrivalWait implements Wait {
  arrival: Arrival | undefined;

  constructor(
    private readonly rendezvous: Rendezvous,
    public holdsLoop: boolean,
    /** Arrives, after this thread's earlier waits have seen their end. */
    private readonly arrive: () => Arrival | "broken" | undefined,
    private readonly done: (end: End, arrival?: Arrival) => void,
  ) {}

  attempt(): boolean {
    if (!this.arrival) {
      const arrival = this.arrive();
      if (arrival === undefined) return false;
      if (arrival === "broken") return this.finish("broken");
      this.arrival = arrival;
      if (arrival.isLast) return this.finish("passed");
    }
    const end = this.rendezvous.endOf(this.arrival.cycle);
    return end !== undefined && this.finish(end);
  }

  arm(): void {
    this.rendezvous.waiters.arm(this);
  }

  disarm(): void {
    this.rendezvous.waiters.disarm(this);
  }

  recheck(): void {
    this.rendezvous.waiters.armAgain(this);
    this.rendezvous.settle();
  }

  peers(): readonly number[] {
    return this.rendezvous.others();
  }

  private finish(end: End): true {
    this.done(end, this.arrival);
    return true;
  }
}
