/*
 * Owned permits: a semaphore whose permits come back when their holder dies.
 *
 * Idea    Every thread's permits stand in its own row (shares.ts), and `free` is kept beside them so that nobody has to
 *         add the rows up. Both change under the guard, in two stores. What a dead thread held is given back by the
 *         first who finds nothing free and asks the kernel who lives.
 * States  free = total - the sum of the rows of living owners, and of dead ones that nobody has settled
 * Order   holder: row, then free, then the guard is free     publishes: permits
 *         taker: the guard, then free                        observes: permits
 *         giver: free, the guard is free, then claim, then watched      waiter: ticket, watched, then free
 *         Plain stores inside: the store that frees the guard makes them seen, and is the fence before watched.
 * Death   Inside the guard: free is worked out anew, total less what living owners hold, which is right at each step: a
 *         taker's row counts up before free counts down, and with its owner's death it counts nothing.
 *         A holder: waiters watch all holders, are told, and settle its row.
 *         A giver between free and the wake: the oldest waiter watches it as a holder, or looks again by itself.
 *         A waiter killed after it was woken: its successor watches it (waiters.ts) and is told.
 * Limits  Who is running may take a permit before the woken waiter is there; who has waited for a millisecond gets the
 *         next one (claim.ts). Several permits that come at once wake one thread, and each one that has taken a permit
 *         wakes the next. A stopped holder holds.
 * Source  Dijkstra's semaphore; the rows are what System V's SEM_UNDO keeps in the kernel.
 */
import { Guard } from "./guard.js";
import { MOST_PERMITS, Permits } from "./permits.js";
import { permitRow, permitRows, permitsGuard } from "./permits.layout.js";
import type { Seat } from "./seat.js";
import { Shares } from "./shares.js";

const HELD = permitRow.word.held;

export class OwnedPermits extends Permits {
  private readonly guard: Guard;
  private readonly shares: Shares;

  constructor(seat: Seat, at: number) {
    super(seat, at);
    this.shares = new Shares(seat, at + permitRows(seat.maxAttached), permitRow, {
      isEmpty: (row) => this.words.load(row + HELD) === 0,
      settle: (row) => this.settleRow(row),
    });
    this.guard = new Guard(
      seat,
      at + permitsGuard,
      () => this.repair(),
      () => this.waiters.wakeAll(),
    );
  }

  override tryTake(): boolean {
    const { words } = this;
    if (words.load(this.free) === 0 || !this.guard.tryEnter()) return false;
    const held = this.shares.mine() + HELD; // first of all: what the row's last owner, dead, held comes back by it
    const free = words.peek(this.free); // observes: permits
    const claimant = this.claim.owner;
    const isKept = claimant !== 0 && claimant !== this.seat.self;
    const isThere = free > (isKept ? 1 : 0);
    if (isThere) {
      words.poke(held, words.peek(held) + 1);
      words.poke(this.free, free - 1); // publishes: permits
    }
    this.guard.leave();
    if (isThere && claimant === this.seat.self) this.claim.end();
    return isThere;
  }

  override give(own: number, extra: number): boolean {
    const { words } = this;
    this.guard.enter();
    const total = words.peek(this.total);
    const isAllowed = extra <= MOST_PERMITS - total;
    if (isAllowed) {
      const held = this.shares.mine() + HELD;
      if (own > 0) words.poke(held, words.peek(held) - own);
      if (extra > 0) words.poke(this.total, total + extra);
      words.poke(this.free, words.peek(this.free) + own + extra); // publishes: permits
    }
    this.guard.leave();
    if (isAllowed) this.wake();
    return isAllowed;
  }

  override settle(): void {
    if (!(this.guard.isLeftByDead || this.shares.hasDead()) || !this.guard.tryEnter()) return;
    this.shares.settleDead();
    this.guard.leave();
    this.passOn();
  }

  override holders(): readonly number[] {
    return this.shares.others();
  }

  private settleRow(row: number): void {
    const { words } = this;
    const came = words.load(row + HELD);
    words.store(row + HELD, 0);
    words.store(this.free, words.load(this.free) + came); // publishes: permits
  }

  private repair(): void {
    const { words } = this;
    let held = 0;
    for (const row of this.shares.taken())
      if (this.seat.isAlive(this.shares.ownerOf(row))) held += words.load(row + HELD);
      else words.store(row + HELD, 0);
    words.store(this.free, words.load(this.total) - held); // publishes: permits
  }
}
