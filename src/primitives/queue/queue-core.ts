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
 *         Who leaves without closing anything counts as dead from the moment its attachment is vacant: an item belongs
 *         to somebody only while his owner word stands in the table of attachments.
 * Limits  A woken reader takes and, if more is ready, wakes the next one: one wake an item at most, none while all are
 *         awake. Wakes of sleepers in a burst go together (held-wakes.ts). A long item would wait for ever while short
 *         ones take every free block: after 10 ms its producer claims blocks that others leave free.
 * Source  The states are those of AMQP and SQS (ready, in flight, acknowledged); work-sharing by owner words instead of
 *         the visibility timeouts that those need.
 */
import { now } from "../../deadline.js";
import { Bytes } from "../../memory/bytes.js";
import { WAITS } from "../../memory/object.layout.js";
import { blocksFor } from "../../rings/block-chains.js";
import { type Discipline, ItemStore } from "../../rings/item-store.js";
import { BLOCK } from "../../rings/item-store.layout.js";
import { Guard } from "../../sync/guard.js";
import { type Burst, HeldWakes, MADE_ROOM } from "../../sync/held-wakes.js";
import { parker } from "../../sync/parker.js";
import { Waiters } from "../../sync/waiters.js";
import type { Holding } from "../holding.js";
import { MessageFolder } from "../message-folder.js";
import { DISCIPLINES, queueHead, queuePlan } from "./queue.layout.js";
import { QueueClaim } from "./queue-claim.js";
import { QueueHeld } from "./queue-held.js";

/** Up to here an item is copied inside of the guard. */
const SHORT = 4096;
/** So long a call that never waits tries to get into the guard: somebody may have been put aside inside. */
const GUARD_MS = 20;
/** So often a taker that has something to take looks whether a dead one's messages go before. */
const LOOK_MS = 1;

const { word } = queueHead;

/** What became of an attempt. */
export type Put = "done" | "full" | "busy" | "shut";

export class QueueCore {
  readonly store: ItemStore;
  readonly readers: Waiters;
  readonly writers: Waiters;
  readonly joiners: Waiters;
  readonly maxItems: number;
  readonly maxDeliveries: number;
  /** The longest item that stands in the queue itself. */
  readonly share: number;
  /** Calls in the event loop that wait for a message, in the order in which they came. */
  readonly receiving = new Set<object>();
  /** Where the queue keeps what its messages only name. */
  readonly messageFolder: MessageFolder;
  readonly folder: string;
  private readonly guard: Guard;
  readonly held: QueueHeld;
  private readonly claims: QueueClaim;
  private readonly body: number;
  private lookedAt = Number.NEGATIVE_INFINITY;
  /** Something of the dead came back, and nobody was told yet. */
  private cameBack = false;
  private readonly readerWakes: HeldWakes;
  private readonly writerWakes: HeldWakes;

  /** This thread's one for all its handles of a queue. */
  static of(holding: Holding): QueueCore {
    return holding.part(0, () => new QueueCore(holding));
  }

  private constructor(readonly holding: Holding) {
    const { segment, words, maxAttached } = holding;
    const blocks = (segment.data as ArrayBuffer).byteLength / BLOCK;
    const body = segment.bodyOffset / 4;
    const plan = queuePlan(maxAttached, blocks);
    this.body = body;
    this.messageFolder = new MessageFolder(segment);
    this.folder = this.messageFolder.path;
    const named = DISCIPLINES[this.head(word.discipline)] ?? "fifo";
    const discipline: Discipline = named === "listener" ? "fifo" : named;
    this.maxItems = this.head(word.maxItems) >>> 0;
    this.maxDeliveries = this.head(word.maxDeliveries) >>> 0;
    this.share = (blocks * BLOCK) / 4;
    const bytes = new Bytes(new Uint8Array(segment.data as ArrayBuffer));
    this.store = new ItemStore({ words, head: body + plan.store, rows: body + plan.rows, bytes, blocks }, discipline);
    this.claims = new QueueClaim(holding, body, (owner) => this.held.isGone(owner));
    this.readers = new Waiters(holding, body + plan.readers, WAITS.data);
    this.writers = new Waiters(holding, body + plan.writers, WAITS.space);
    this.joiners = new Waiters(holding, body + plan.joiners, WAITS.change);
    this.held = new QueueHeld(holding, this.store, body + plan.held, body + plan.resting);
    const repair = (): void => {
      this.held.repair();
      this.cameBack = true;
    };
    this.guard = new Guard(holding, body + plan.guard, repair, () => this.wakeEverybody());
    this.readerWakes = this.wakes(this.readers, () => this.readers.wakeOldest());
    this.writerWakes = this.wakes(this.writers, () => this.writers.wakeAll(), MADE_ROOM);
    this.begin();
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

  /** Puts an item if there is room. `patient`: a guard that is taken for long is waited for. `by`: who may have a claim. */
  put(bytes: Uint8Array, length: number, flags: number, priority: number, patient: boolean, by?: object): Put {
    if (!this.enter(patient)) return "busy";
    let item = -1;
    try {
      if (this.isShutDown) return "shut";
      if (!this.hasRoom(blocksFor(length), by)) return "full";
      if (length <= SHORT) this.store.put(bytes, 0, length, flags, priority);
      else {
        item = this.store.begin(length, this.holding.self);
        this.held.count(1);
      }
      this.claims.release(by);
    } finally {
      this.leave();
    }
    const isIn = item < 0 || this.fill(item, bytes, length, flags, priority);
    if (isIn) this.tellReaders();
    return isIn ? "done" : "shut";
  }

  /** Puts as many of the encoded items as there is room for, and gives how many. `ends` says where each one ends. */
  putMany(bytes: Uint8Array, ends: readonly number[], flags: readonly number[], priority: number): number {
    if (!this.enter(false)) return 0;
    let put = 0;
    try {
      if (this.isShutDown) return 0;
      for (; put < ends.length; put++) {
        const from = put === 0 ? 0 : ends[put - 1];
        const length = ends[put] - from;
        if (!this.hasRoom(blocksFor(length))) break;
        this.store.put(bytes, from, length, flags[put], priority);
      }
    } finally {
      this.leave();
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
      this.leave();
    }
  }

  /** Takes the next items and acknowledges those that `read` has taken in, all in one entry: the rest stays taken. */
  takeMany(max: number, read: (item: number, length: number) => boolean, patient: boolean): number {
    if (!this.enter(patient)) return -1;
    let long = -1;
    let count = 0;
    try {
      while (count < max && long < 0) {
        const item = this.takeInside();
        if (item < 0) break;
        count++;
        const length = this.store.lengthOf(item);
        if (length <= SHORT && read(item, length)) this.finishInside(item);
        else long = item;
      }
    } finally {
      this.leave();
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
      this.held.count(-1);
    });
    this.tellReaders();
    if (this.isShutDown) this.readers.wakeAll();
  }

  /** So many items more, or less, are held by this thread without being worked on: they hold up nobody's end. */
  rest(change: number): void {
    if (change === 0) return;
    this.held.rest(change);
    if (change > 0 && this.isShutDown) this.readers.wakeAll();
  }

  shutDown(immediate: boolean, dropped: (item: number) => void): void {
    this.inside(() => {
      if (immediate || !this.isShutDown) this.holding.words.store(this.body + word.shutdown, immediate ? 2 : 1);
      this.reclaimInside();
      if (immediate) this.store.dropReady(dropped);
    });
    this.wakeEverybody();
  }

  /**
   * Whether nothing more will come: shut down, nothing ready, and nobody who works holds an item that may come back.
   * `own` are this thread's items that are the asking one's.
   */
  isOver(own: number): boolean {
    if (!this.isShutDown) return false;
    return this.inside(() => {
      this.reclaimInside();
      return this.store.pending === this.store.taken && !this.held.isWorkedOn(own);
    });
  }

  /**
   * Tries to take something; `over` when nothing more will come. After a look whether that is so it tries again: to enter
   * for the look takes back that this thread waits for the guard, if its first attempt had said so.
   */
  attemptOr<R, E>(over: E, attempt: () => R | undefined, own: () => number): R | E | undefined {
    const found = attempt();
    if (found !== undefined || !this.isShutDown) return found;
    return this.isOver(own()) ? over : attempt();
  }

  /** Brings back what the dead had taken. */
  reclaim(): void {
    if (!this.enter(false)) return;
    try {
      this.reclaimInside();
    } finally {
      this.leave();
    }
  }

  /** A putter that has waited long has its blocks left free by the others. */
  claim(blocks: number, by: object): void {
    if (!this.enter(false)) return;
    this.claims.take(blocks, by);
    this.leave();
  }

  giveUpClaim(by: object): void {
    if (this.claims.isOf(by)) this.inside(() => this.claims.release(by));
  }

  /** One look without the guard, before it is entered for nothing; who waits looks inside from time to time. */
  get mayBeReady(): boolean {
    return this.store.ready !== 0 || this.isShutDown;
  }

  mayHaveRoom(blocks: number): boolean {
    return (blocks <= this.store.free && (this.maxItems === 0 || this.store.ready < this.maxItems)) || this.isShutDown;
  }

  /** Whether so many blocks could be put now. */
  hasRoom(blocks: number, by?: object): boolean {
    const { store } = this;
    if (this.maxItems > 0 && store.ready + store.writing >= this.maxItems) return false;
    return this.claims.allows(blocks, store.free, by);
  }

  /** Gives the wakes that are held back. */
  flushWakes(): void {
    this.readerWakes.flush();
    this.writerWakes.flush();
  }

  private begin(): void {
    this.inside(() => {
      if (this.held.begin() > 0) this.cameBack = true;
    });
    this.holding.beforeLeaving(() => this.flushWakes());
  }

  private tellReaders(): void {
    this.readerWakes.count();
    if (this.readers.areWatched) this.readerWakes.tell(this.store.free < this.store.blocks / 2);
  }

  private tellWriters(): void {
    this.writerWakes.count();
    if (this.writers.areWatched) this.writerWakes.tell(this.isHalfFree);
    if (this.joiners.areWatched && this.store.pending === 0) this.joiners.wakeAll();
  }

  private get isHalfFree(): boolean {
    const { store, maxItems } = this;
    return store.free * 2 > store.blocks && (maxItems === 0 || store.ready * 2 <= maxItems);
  }

  /** Writes an item that was begun and shows it; false when everything was dropped meanwhile. */
  private fill(item: number, bytes: Uint8Array, length: number, flags: number, priority: number): boolean {
    this.store.write(item, bytes, 0, length);
    const isIn = this.inside(() => {
      const isWanted = this.head(word.shutdown) !== 2;
      if (isWanted) this.store.publish(item, flags, priority);
      else this.store.abandon(item);
      this.held.count(-1);
      return isWanted;
    });
    if (!isIn) this.wakeEverybody();
    return isIn;
  }

  private takeInside(): number {
    const { store } = this;
    // what others have taken may be a dead one's; where something is ready anyway, it is looked at now and then
    const mayComeBack = store.taken > this.held.own && (store.ready === 0 || now() - this.lookedAt > LOOK_MS);
    if (mayComeBack) {
      this.lookedAt = now();
      this.reclaimInside();
    }
    const item = store.take(this.holding.self);
    if (item >= 0) this.held.count(1);
    return item;
  }

  private finishInside(item: number): void {
    this.store.finish(item);
    this.held.count(-1);
  }

  /** Brings back what the dead had. */
  private reclaimInside(): void {
    if (this.held.reclaim() > 0) this.cameBack = true;
  }

  private head(which: number): number {
    return this.holding.words.load(this.body + which);
  }

  private wakeEverybody(): void {
    this.readers.wakeAll();
    this.writers.wakeAll();
    this.joiners.wakeAll();
  }

  private wakes(waiters: Waiters, wake: () => void, burst?: Burst): HeldWakes {
    const { segment } = this.holding;
    return new HeldWakes(
      parker(),
      () => segment.isMapped && wake(),
      () => waiters.someAre((owner) => parker().isAsleep(owner)),
      burst,
    );
  }

  private inside<T>(steps: () => T): T {
    this.guard.enter();
    try {
      return steps();
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    this.guard.leave();
    if (!this.cameBack) return;
    this.cameBack = false;
    this.wakeEverybody();
  }

  private enter(patient: boolean): boolean {
    return patient ? this.guard.tryEnterWithin(GUARD_MS) : this.guard.tryEnter();
  }
}
