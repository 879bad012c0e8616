import { now } from "../deadline.js";
import { UsageError } from "../errors.js";
import { leave } from "../memory/attachments.js";
import { attachmentEntry, WAITS } from "../memory/object.layout.js";
import { isOwner } from "../memory/owner.js";
import type { Segment } from "../memory/segment.js";
import { beforeLeaving } from "../memory/this-thread.js";
import type { Words } from "../memory/words.js";
import { parker } from "../sync/parker.js";
import type { Seat } from "../sync/seat.js";

const held = new Map<string, Holding>();
let leaving = false;
/** So long others who held an object are taken to do so still, before the kernel is asked again. */
const OTHERS_MS = 50;

/** This thread's holding of the object behind a segment, if it has one. */
export const heldHere = (segment: Segment): Holding | undefined => held.get(segment.id);

/** An object as this thread holds it: its control words and its attachment, for all handles here. */
export class Holding implements Seat {
  handles = 0;
  private left = false;
  private armedWaits = 0;
  private armedAt = 0;
  private othersSeenAt = Number.NEGATIVE_INFINITY;
  private readonly blockedMicroseconds: Float64Array;
  private readonly parts = new Map<number, unknown>();
  private readonly lastWords: (() => void)[] = [];

  constructor(
    readonly segment: Segment,
    readonly index: number,
  ) {
    segment.words.and(segment.waiting + (index >>> 5), ~(1 << (index & 31))); // of this entry's last owner, killed
    const at = segment.entry(index) * 4 + attachmentEntry.offset.blockedMicroseconds;
    this.blockedMicroseconds = new Float64Array(segment.control, at, 1);
    held.set(segment.id, this);
    if (leaving) return;
    leaving = true;
    beforeLeaving(() => {
      for (const one of held.values()) one.leave();
    });
  }

  /** Whether this thread is attached; not any more once it ends. */
  get isAttached(): boolean {
    return !this.left;
  }

  get words(): Words {
    return this.segment.words;
  }

  get self(): number {
    return this.segment.registry.self;
  }

  get maxAttached(): number {
    return this.segment.maxAttached;
  }

  ownerAt(index: number): number {
    return this.segment.words.load(this.segment.entry(index) + attachmentEntry.word.owner);
  }

  isAlive(owner: number): boolean {
    return this.segment.registry.isAlive(owner);
  }

  wake(owner: number): boolean {
    return parker().wake(owner);
  }

  /** What this thread has of a part of the object (a lock, its waiters), the same for all handles of it here. */
  part<T>(at: number, make: () => T): T {
    let part = this.parts.get(at) as T | undefined;
    if (part === undefined) {
      part = make();
      this.parts.set(at, part);
    }
    return part;
  }

  /** Runs before this thread leaves the object, with its last handle or because it ends in an orderly way. */
  beforeLeaving(work: () => void): void {
    this.lastWords.push(work);
  }

  armed(waitsFor: number): void {
    const { segment, index } = this;
    if (this.armedWaits++ === 0) this.armedAt = now();
    const entry = segment.entry(index);
    segment.words.store(entry + attachmentEntry.word.waitsFor, waitsFor);
    segment.words.add(entry + attachmentEntry.word.sleeps, 1);
    this.announce();
  }

  announce(): void {
    const { segment, index } = this;
    segment.words.or(segment.waiting + (index >>> 5), 1 << (index & 31));
  }

  disarmed(): void {
    if (--this.armedWaits > 0) return;
    const { segment, index } = this;
    this.blockedMicroseconds[0] += (now() - this.armedAt) * 1000;
    segment.words.and(segment.waiting + (index >>> 5), ~(1 << (index & 31)));
    segment.words.store(segment.entry(index) + attachmentEntry.word.waitsFor, WAITS.nothing);
  }

  waitingBits(word: number): number {
    return this.segment.words.load(this.segment.waiting + word);
  }

  clearWaiting(index: number, owner: number): void {
    const { words, waiting } = this.segment;
    words.and(waiting + (index >>> 5), ~(1 << (index & 31)));
    const successor = this.ownerAt(index);
    if (successor === owner) return;
    words.or(waiting + (index >>> 5), 1 << (index & 31));
    if (isOwner(successor)) this.wake(successor); // who changed something in between has not seen its bit
  }

  /**
   * A wait for ever that nobody but this blocked thread could end is a mistake; unless it has ended: `isReady` is asked
   * again once nobody else is left, who may have done what was waited for before he left.
   *
   * @throws UsageError
   */
  requireOthers(operation: string, isReady?: () => boolean): void {
    const { segment } = this;
    if (segment.isNamed || now() - this.othersSeenAt < OTHERS_MS) return;
    if (!this.hasOthers() && segment.linksInFlight() === 0 && !isReady?.())
      throw new UsageError(
        `${operation} without a timeout, and no other thread holds the object: nobody could ever end the wait`,
      );
    this.othersSeenAt = now();
  }

  /** Whether another thread holds the object, or a handle of it is on its way to one. */
  get isHeldElsewhere(): boolean {
    return this.hasOthers() || this.segment.linksInFlight() > 0 || this.hasOthers();
  }

  private hasOthers(): boolean {
    for (let other = 0; other < this.maxAttached; other++) {
      const owner = this.ownerAt(other);
      if (other !== this.index && isOwner(owner) && this.isAlive(owner)) return true;
    }
    return false;
  }

  /** A handle was closed; with the last one this thread leaves the object. */
  release(): void {
    if (--this.handles > 0) return;
    held.delete(this.segment.id);
    this.leave();
    this.segment.unmap();
  }

  private leave(): void {
    if (this.left) return;
    this.left = true;
    for (const work of this.lastWords) work();
    leave(this.segment, this.index);
  }
}
