/*
 * Queue: items of many producers to many consumers, none lost by a kill.
 *
 * Idea    An item store (item-store.ts) under a guard (guard.ts): each operation is one short entry, and any death inside
 *         is repaired by the next one to enter. A long item is written, or read, outside of the guard, under its owner word.
 *         Consumers, producers and joiners wait in lines of their own (waiters.ts).
 * States  of an item: item-store.ts      of the queue: open -> shut down: nothing more is put, what is there is taken
 * Order   item, then readers' watched     reader: ticket, watched, then the items      (and the same for room, and for
 *         the last acknowledgement): see waiters.ts.
 * Death   Of a producer: what it had not published was never there. Of a consumer: what it had taken is ready again, in
 *         front; readers, writers and joiners watch those who have taken something, and reclaim when one of them dies.
 *         Of whoever was to wake somebody: the sleepers look again by themselves (the parker's bound).
 * Limits  A woken reader takes and, if more is ready, wakes the next one: one wake an item at most, none while all are
 *         awake. Wakes of sleepers in a burst go together (held-wakes.ts). A long item would wait for ever while short
 *         ones take every free block: after STARVING_MS its producer claims blocks that others leave free.
 * Source  The states are those of AMQP and SQS (ready, in flight, acknowledged); work-sharing by owner words instead of
 *         the visibility timeouts that those need.
 */
import { now } from "../deadline.js";
import { ClosedError } from "../errors.js";
import { Bytes } from "../memory/bytes.js";
import { WAITS } from "../memory/object.layout.js";
import { isOwner } from "../memory/owner.js";
import { beforeLeaving } from "../memory/this-thread.js";
import { type Discipline, ItemStore } from "../rings/item-store.js";
import { BLOCK } from "../rings/item-store.layout.js";
import { Guard } from "../sync/guard.js";
import { HeldWakes } from "../sync/held-wakes.js";
import { type Parker, parker, type Wait } from "../sync/parker.js";
import { Waiters } from "../sync/waiters.js";
import type { Holding } from "./holding.js";
import { DISCIPLINES, type QueuePlan, queueHead, queuePlan } from "./queue.layout.js";

/** Up to here an item is copied inside of the guard. */
const SHORT = 4096;
const STARVING_MS = 10;
/** So long a call that never waits tries to get into the guard: somebody may have been put aside inside. */
const GUARD_MS = 20;

const { word } = queueHead;

/** What became of an attempt. */
export type Put = "done" | "full" | "busy";

export class QueueCore {
  readonly store: ItemStore;
  readonly readers: Waiters;
  readonly writers: Waiters;
  readonly joiners: Waiters;
  readonly discipline: Discipline;
  readonly maxItems: number;
  readonly maxDeliveries: number;
  /** The longest item that stands in the queue itself. */
  readonly share: number;
  private readonly parker: Parker = parker();
  private readonly guard: Guard;
  private readonly plan: QueuePlan;
  private readonly body: number;
  private readonly heldWord: number;
  private readonly readerWakes: HeldWakes;
  private readonly writerWakes: HeldWakes;

  static of(holding: Holding): QueueCore {
    return holding.part(0, () => new QueueCore(holding));
  }

  private constructor(readonly holding: Holding) {
    const { segment, words, maxAttached } = holding;
    const blocks = (segment.data as ArrayBuffer).byteLength / BLOCK;
    const body = segment.bodyOffset / 4;
    this.body = body;
    const plan = queuePlan(maxAttached, blocks);
    this.plan = plan;
    this.discipline = DISCIPLINES[this.head(word.discipline)] ?? "fifo";
    this.maxItems = this.head(word.maxItems);
    this.maxDeliveries = this.head(word.maxDeliveries);
    this.share = (blocks * BLOCK) / 4;
    this.store = new ItemStore(
      {
        words,
        head: body + plan.store,
        rows: body + plan.rows,
        bytes: new Bytes(new Uint8Array(segment.data as ArrayBuffer)),
        blocks,
      },
      this.discipline,
    );
    this.readers = new Waiters(holding, body + plan.readers, WAITS.data);
    this.writers = new Waiters(holding, body + plan.writers, WAITS.space);
    this.joiners = new Waiters(holding, body + plan.joiners, WAITS.change);
    this.guard = new Guard(
      holding,
      body + plan.guard,
      () => this.repair(),
      () => this.wakeEverybody(),
    );
    this.heldWord = body + plan.held + holding.index;
    this.readerWakes = this.wakes(this.readers, () => this.readers.wakeOldest());
    this.writerWakes = this.wakes(this.writers, () => this.writers.wakeAll());
    this.inside(() => {
      // what this entry's last owner, killed, has left
      if (words.load(this.heldWord) === 0) return;
      this.reclaimStore();
      words.store(this.heldWord, 0);
    });
    beforeLeaving(() => {
      this.readerWakes.flush();
      this.writerWakes.flush();
    });
  }

  get isShutDown(): boolean {
    return this.head(word.shutdown) !== 0;
  }

  /** What one look at a settled queue gives: the dead's items are ready again. */
  look<T>(at: (store: ItemStore) => T): T {
    return this.inside(() => {
      this.reclaimInside();
      return at(this.store);
    });
  }

  /** Puts an item if there is room. `patient`: a guard that is taken for long is waited for. */
  put(bytes: Uint8Array, from: number, length: number, flags: number, priority: number, patient: boolean): Put {
    if (!this.enter(patient)) return "busy";
    let item = -1;
    try {
      if (this.isShutDown) throw new ClosedError("put(), and the queue was shut down");
      if (!this.hasRoom(ItemStore.blocksFor(length))) return "full";
      if (length <= SHORT) this.store.put(bytes, from, length, flags, priority);
      else {
        item = this.store.begin(length, this.holding.self);
        this.countHeld(1);
      }
      this.unclaim();
    } finally {
      this.guard.leave();
    }
    if (item >= 0) this.fill(item, bytes, from, length, flags, priority);
    this.tellReaders();
    return "done";
  }

  /** Puts as many of the encoded items as there is room for, and gives how many. `ends` says where each one ends. */
  putMany(bytes: Uint8Array, ends: readonly number[], flags: readonly number[]): number {
    if (!this.enter(false)) return 0;
    let put = 0;
    try {
      if (this.isShutDown) throw new ClosedError("putMany(), and the queue was shut down");
      for (; put < ends.length; put++) {
        const from = put === 0 ? 0 : ends[put - 1];
        const length = ends[put] - from;
        if (!this.hasRoom(ItemStore.blocksFor(length))) break;
        this.store.put(bytes, from, length, flags[put], 0);
      }
    } finally {
      this.guard.leave();
    }
    if (put > 0) this.tellReaders();
    return put;
  }

  /** Takes the next item for this thread: its row, or -1 when there is none. */
  take(patient: boolean): number {
    if (!this.enter(patient)) return -1;
    try {
      return this.takeInside();
    } finally {
      this.guard.leave();
    }
  }

  /** Takes the next items and acknowledges those that `read` has taken in, all in one entry: the rest stays taken. */
  takeMany(max: number, read: (item: number) => boolean, patient: boolean): number {
    if (!this.enter(patient)) return -1;
    let long = -1;
    let count = 0;
    try {
      while (count < max && long < 0) {
        const item = this.takeInside();
        if (item < 0) break;
        count++;
        if (this.store.lengthOf(item) <= SHORT && read(item)) this.finishInside(item);
        else long = item;
      }
    } finally {
      this.guard.leave();
    }
    if (count > 0) this.tellWriters();
    return long;
  }

  /** A taken item is done with. */
  finish(item: number): void {
    this.inside(() => this.finishInside(item));
    this.tellWriters();
    if (this.isShutDown) this.readers.wakeAll();
  }

  /** A taken item is ready again. */
  giveBack(item: number): void {
    this.inside(() => {
      this.store.giveBack(item);
      this.countHeld(-1);
    });
    this.tellReaders();
    if (this.isShutDown) this.readers.wakeAll();
  }

  shutDown(immediate: boolean, dropped: (item: number) => void): void {
    this.inside(() => {
      this.holding.words.store(this.body + word.shutdown, 1);
      this.reclaimInside();
      if (immediate) this.store.dropReady(dropped);
    });
    this.wakeEverybody();
  }

  /** Whether nothing more will come: shut down, nothing ready, and nobody who works holds an item that may come back. */
  get isOver(): boolean {
    if (!this.isShutDown) return false;
    return this.inside(() => {
      this.reclaimInside();
      const { holding, plan, body } = this;
      if (this.store.pending === this.store.taken && this.store.taken === 0) return true;
      if (this.store.pending > this.store.taken) return false;
      for (let index = 0; index < holding.maxAttached; index++) {
        if (index === holding.index || holding.words.load(body + plan.held + index) === 0) continue;
        if (!this.readers.isWaiting(index)) return false;
      }
      return true;
    });
  }

  /** Brings back what the dead had taken. */
  reclaim(): void {
    if (!this.enter(false)) return;
    let changed = 0;
    try {
      changed = this.reclaimInside();
    } finally {
      this.guard.leave();
    }
    if (changed > 0) this.wakeEverybody();
  }

  /** A putter that has waited long has its blocks left free by the others. */
  claim(blocks: number): void {
    if (!this.enter(false)) return;
    const { words, self } = this.holding;
    const owner = this.head(word.claimOwner);
    if (owner === 0 || (owner !== self && !this.holding.isAlive(owner))) {
      words.store(this.body + word.claimBlocks, blocks);
      words.store(this.body + word.claimOwner, self);
    }
    this.guard.leave();
  }

  giveUpClaim(): void {
    if (this.head(word.claimOwner) === this.holding.self) this.inside(() => this.unclaim());
  }

  /** Those whose death may bring something back. */
  takers(): number[] {
    const { holding, plan, body } = this;
    const found: number[] = [];
    for (let index = 0; index < holding.maxAttached; index++) {
      if (index === holding.index || holding.words.load(body + plan.held + index) === 0) continue;
      const owner = holding.ownerAt(index);
      if (isOwner(owner)) found.push(owner);
    }
    return found;
  }

  get hasRoomForAnother(): boolean {
    return this.hasRoom(1);
  }

  /** One look without the guard, before it is entered for nothing; who waits looks inside from time to time. */
  get mayBeReady(): boolean {
    return this.store.ready !== 0 || this.isShutDown;
  }

  mayHaveRoom(blocks: number): boolean {
    return (blocks <= this.store.free && (this.maxItems === 0 || this.store.ready < this.maxItems)) || this.isShutDown;
  }

  tellReaders(): void {
    this.readerWakes.count();
    if (this.readers.areWatched) this.readerWakes.tell(this.store.free < this.store.blocks / 2);
  }

  private tellWriters(): void {
    this.writerWakes.count();
    if (this.writers.areWatched) this.writerWakes.tell(this.store.free > this.store.blocks / 2);
    if (this.joiners.areWatched && this.store.pending === 0) this.joiners.wakeAll();
  }

  private fill(item: number, bytes: Uint8Array, from: number, length: number, flags: number, priority: number): void {
    try {
      this.store.write(item, bytes, from, length);
    } catch (error) {
      this.inside(() => {
        this.store.abandon(item);
        this.countHeld(-1);
      });
      throw error;
    }
    this.inside(() => {
      this.store.publish(item, flags, priority);
      this.countHeld(-1);
    });
  }

  private takeInside(): number {
    const item = this.store.take(this.holding.self);
    if (item >= 0) this.countHeld(1);
    return item;
  }

  private finishInside(item: number): void {
    this.store.finish(item);
    this.countHeld(-1);
  }

  private countHeld(change: number): void {
    const { words } = this.holding;
    words.store(this.heldWord, words.load(this.heldWord) + change);
  }

  /** Brings back what the dead had, if any of those who have something is dead. */
  private reclaimInside(): number {
    const { holding, plan, body } = this;
    const dead: number[] = [];
    for (let index = 0; index < holding.maxAttached; index++)
      if (holding.words.load(body + plan.held + index) !== 0 && this.isGone(holding.ownerAt(index))) dead.push(index);
    if (dead.length === 0) return 0;
    const changed = this.reclaimStore();
    for (const index of dead) holding.words.store(body + plan.held + index, 0);
    return changed;
  }

  private reclaimStore(): number {
    const known = new Map<number, boolean>();
    return this.store.reclaim((owner) => {
      const gone = known.get(owner) ?? this.isGone(owner);
      known.set(owner, gone);
      return gone;
    });
  }

  private isGone(owner: number): boolean {
    return !isOwner(owner) || !this.holding.isAlive(owner);
  }

  /** After a death inside of the guard. */
  private repair(): void {
    const { holding, plan, body } = this;
    this.store.repair();
    this.reclaimStore();
    const counts = new Map<number, number>();
    for (const owner of this.store.owners()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    for (let index = 0; index < holding.maxAttached; index++)
      holding.words.store(body + plan.held + index, counts.get(holding.ownerAt(index)) ?? 0);
  }

  private hasRoom(blocks: number): boolean {
    const { store } = this;
    if (this.maxItems > 0 && store.ready >= this.maxItems) return false;
    const claimant = this.head(word.claimOwner);
    const kept = claimant === 0 || claimant === this.holding.self ? 0 : this.head(word.claimBlocks);
    if (blocks + kept <= store.free) return true;
    if (kept === 0 || this.holding.isAlive(claimant)) return false;
    this.holding.words.store(this.body + word.claimOwner, 0);
    return blocks <= store.free;
  }

  private unclaim(): void {
    if (this.head(word.claimOwner) === this.holding.self) this.holding.words.store(this.body + word.claimOwner, 0);
  }

  private head(which: number): number {
    return this.holding.words.load(this.body + which);
  }

  private wakeEverybody(): void {
    this.readers.wakeAll();
    this.writers.wakeAll();
    this.joiners.wakeAll();
  }

  private wakes(waiters: Waiters, wake: () => void): HeldWakes {
    const { holding } = this;
    return new HeldWakes(
      this.parker,
      () => holding.isAttached && wake(),
      () => waiters.someAre((owner) => this.parker.isAsleepInLoop(owner)),
    );
  }

  private inside<T>(steps: () => T): T {
    this.guard.enter();
    try {
      return steps();
    } finally {
      this.guard.leave();
    }
  }

  private enter(patient: boolean): boolean {
    if (this.guard.tryEnter()) return true;
    if (!patient) return false;
    for (const end = now() + GUARD_MS; now() < end; ) {
      this.guard.nap();
      if (this.guard.tryEnter()) return true;
    }
    return false;
  }
}

/** One call that waits at a queue. */
export class QueueWait implements Wait {
  private since = 0;

  constructor(
    private readonly core: QueueCore,
    private readonly line: Waiters,
    readonly attempt: () => boolean,
    public holdsLoop: boolean,
    /** Blocks that a putter waits for. */
    private readonly blocks = 0,
    /** Throws when nobody could ever end the wait; asked before the first sleep only, because it costs system calls. */
    private readonly requireOthers?: () => void,
  ) {}

  arm(): void {
    if (this.since === 0) {
      this.requireOthers?.();
      this.since = now();
    }
    this.line.arm(this);
    if (this.core.isShutDown) this.core.readers.wakeAll(); // who waits holds up nobody's end
  }

  disarm(): void {
    this.line.disarm(this);
  }

  recheck(): void {
    this.core.reclaim();
    if (this.blocks > 0 && this.since !== 0 && now() - this.since > STARVING_MS) this.core.claim(this.blocks);
  }

  peers(): readonly number[] {
    const before = this.line.predecessor();
    const takers = this.core.takers();
    return before === 0 || takers.includes(before) ? takers : [...takers, before];
  }
}
