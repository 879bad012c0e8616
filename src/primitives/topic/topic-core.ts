/*
 * Topic: each message to every subscriber, none lost by a kill, and nobody held up by who is slow, stopped or dead.
 *
 * Idea    A broadcast ring (broadcast-ring.ts) whose writers are alone under a guard (guard.ts); subscribers read without
 *         it. Each subscription has a row with its owner word and its cursor. A topic that was made lossless is not
 *         written over what a living subscriber has not read.
 * States  of a row: free -> taken by a living thread -> free, or its owner died: free for whoever looks
 * Order   message, then readers' watched       subscriber: ticket, watched, then the head
 *         cursor, then writers' watched        publisher: ticket, watched, then the cursors        (see waiters.ts)
 *         A subscriber takes its row under the guard, so that a message comes wholly before it or wholly after.
 * Death   Of a publisher: what it had not published was never there; the guard's next owner repairs. Killed between a
 *         message and its wake, it leaves subscribers asleep until they look by themselves (the parker's bound).
 *         Of a subscriber: nobody waits for its row once somebody has asked whether it lives: publishers that find no
 *         room ask at once, watch those whom they wait for, and are told of their end.
 * Limits  Who subscribes and closes needs the guard; reading never does, so a subscriber that is stopped, at whatever
 *         instruction, holds up no publisher of a topic that is not lossless. One wake a burst (held-wakes.ts).
 *         A long message, or an object in one, is a link in the topic's folder until it is overwritten; a publisher killed
 *         between the two leaves the link until the topic goes.
 * Source  Aeron's and Agrona's broadcast buffers, the LMAX Disruptor's gating sequences for the lossless kind.
 */
import { Bytes } from "../../memory/bytes.js";
import { WAITS } from "../../memory/object.layout.js";
import { BroadcastReader } from "../../rings/broadcast-reader.js";
import { BroadcastRing, unitsOf } from "../../rings/broadcast-ring.js";
import { KEY_SHIFT, UNIT } from "../../rings/broadcast-ring.layout.js";
import { SPILLED } from "../../rings/item-store.layout.js";
import { HANDLES } from "../../rings/record-ring.layout.js";
import { Guard } from "../../sync/guard.js";
import { type Burst, HeldWakes, MADE_ROOM } from "../../sync/held-wakes.js";
import { parker } from "../../sync/parker.js";
import { Waiters } from "../../sync/waiters.js";
import { dropLink } from "../flight.js";
import type { Holding } from "../holding.js";
import { linksOf } from "../message-body.js";
import { MessageFolder } from "../message-folder.js";
import { SubscriberRows } from "./subscriber-rows.js";
import { topicHead, topicPlan } from "./topic.layout.js";

/** So long a call that never waits tries to get into the guard: somebody may have been put aside inside. */
const GUARD_MS = 20;
/** Messages with these flags name what is in the topic's folder. */
export const LASTING = HANDLES | SPILLED;
const FLAGS = 2 ** KEY_SHIFT - 1;

/** What became of an attempt to publish; `unheard`: nobody has subscribed. */
export type Published = "done" | "unheard" | "full" | "busy";

interface Overwritten {
  readonly bytes: Uint8Array;
  readonly flags: number;
}

/** A subscription's place in the topic. */
export interface Subscriber {
  readonly row: number;
  readonly reader: BroadcastReader;
}

/** This thread's one for all its handles of a topic. */
export class TopicCore {
  readonly ring: BroadcastRing;
  readonly rows: SubscriberRows;
  readonly readers: Waiters;
  readonly writers: Waiters;
  readonly isLossless: boolean;
  /** The longest message that stands in the ring itself. */
  readonly share: number;
  /** Where the topic keeps what its messages only name. */
  readonly messageFolder: MessageFolder;
  readonly folder: string;
  private readonly bytes: Bytes;
  private readonly ringAt: number;
  private readonly guard: Guard;
  private readonly readerWakes: HeldWakes;
  private readonly writerWakes: HeldWakes;
  private readonly mine = new Set<number>();
  /** Up to here nobody has to be asked whether it has read what would be overwritten: cursors only ever grow. */
  private safe = { era: 0, upTo: 0 };
  private toldAt = 0;

  static of(holding: Holding): TopicCore {
    return holding.part(0, () => new TopicCore(holding));
  }

  private constructor(readonly holding: Holding) {
    const { segment, words, maxAttached } = holding;
    const data = segment.data as ArrayBuffer;
    const body = segment.bodyOffset / 4;
    const plan = topicPlan(maxAttached, 0);
    this.bytes = new Bytes(new Uint8Array(data));
    this.ringAt = body + plan.ring;
    this.messageFolder = new MessageFolder(segment);
    this.folder = this.messageFolder.path;
    this.isLossless = words.load(body + topicHead.word.lossless) !== 0;
    this.ring = new BroadcastRing({ words, head: this.ringAt, bytes: this.bytes, units: data.byteLength / UNIT });
    this.share = data.byteLength / 4 - 512; // beside header and key
    this.rows = new SubscriberRows(holding, body, body + plan.rows);
    this.readers = new Waiters(holding, body + plan.readers, WAITS.data);
    this.writers = new Waiters(holding, body + plan.writers, WAITS.space);
    const repair = (): void => {
      this.ring.repair();
      this.rows.recount();
    };
    this.guard = new Guard(holding, body + plan.guard, repair, () => this.wakeEverybody());
    this.readerWakes = this.wakes(this.readers);
    this.writerWakes = this.wakes(this.writers, MADE_ROOM);
    this.safe = { era: this.ring.era, upTo: this.ring.head | 0 };
    holding.beforeLeaving(() => {
      this.flushWakes();
      for (const row of [...this.mine]) this.leave(row);
    });
  }

  /** Publishes unless there is no room; `patient`: a guard that is taken for long is waited for. */
  publish(key: Uint8Array, bytes: Uint8Array, length: number, flags: number, patient: boolean): Published {
    if (this.rows.count === 0) return "unheard";
    if (!this.enter(patient)) return "busy";
    const overwritten: Overwritten[] = [];
    try {
      if (this.isLossless && !this.isSafe(unitsOf(key.length, length))) return "full";
      this.ring.publish(key, bytes, length, flags, (at, size, itsFlags) => {
        if ((itsFlags & LASTING) !== 0) overwritten.push({ bytes: this.copyOf(at, size), flags: itsFlags & FLAGS });
      });
    } finally {
      this.guard.leave();
    }
    this.readerWakes.count();
    if (this.readers.areWatched) this.readerWakes.tell(this.isPressing());
    if (overwritten.length > 0) this.drop(overwritten);
    return "done";
  }

  /** One look without the guard, before it is entered for nothing. */
  mayHaveRoom(units: number): boolean {
    return !this.isLossless || this.ring.units - this.rows.lag(this.ring.head) >= units;
  }

  /** Begins to read: what is published from now on. */
  subscribe(): Subscriber {
    return this.guard.with(() => {
      this.rows.forgetDead();
      const { holding, ring } = this;
      const row = this.rows.take(ring.head);
      this.mine.add(row);
      const place = { words: holding.words, head: this.ringAt, bytes: this.bytes, units: ring.units };
      const reader = new BroadcastReader(place, this.rows.cursorOf(row), LASTING);
      reader.start(ring.sequence);
      return { row, reader };
    });
  }

  /** Gives a subscription's row back: nobody waits for it any more. */
  leave(row: number): void {
    if (!this.mine.delete(row)) return;
    this.guard.with(() => this.rows.leave(row));
    this.writers.wakeAll();
  }

  /** A subscriber has read on. */
  tellWriters(): void {
    if (!this.isLossless) return;
    this.writerWakes.count();
    if (this.writers.areWatched) this.writerWakes.tell(this.rows.lag(this.ring.head) < this.ring.units / 2);
  }

  /** Forgets subscribers that have died. */
  forgetDead(): void {
    if (!this.enter(false)) return;
    this.rows.forgetDead();
    this.guard.leave();
  }

  /** For whom a message of so many units has to wait: those who have read least. */
  slow(units: number): number[] {
    return this.rows.slowerThan(this.ring.units - units, this.ring.head);
  }

  flushWakes(): void {
    this.readerWakes.flush();
    this.writerWakes.flush();
  }

  /** Whether nobody is overwritten by so many units more. Whoever would be is asked whether he lives. */
  private isSafe(units: number): boolean {
    const { ring, rows, safe } = this;
    const { head, era } = ring;
    if (safe.era === era && ((head + units - safe.upTo) | 0) <= 0) return true;
    if (rows.lag(head) + units > ring.units) rows.forgetDead();
    const room = ring.units - rows.lag(head);
    this.safe = { era, upTo: (head + room) | 0 };
    return units <= room;
  }

  /** Whether so much was published since the last wake that sleepers had better begin to read. */
  private isPressing(): boolean {
    const { head, units } = this.ring;
    if ((head - this.toldAt) >>> 0 < units / 4) return false;
    this.toldAt = head;
    return true;
  }

  private copyOf(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.ring.read(at, length, bytes);
    return bytes;
  }

  private drop(overwritten: readonly Overwritten[]): void {
    for (const { bytes, flags } of overwritten)
      for (const link of linksOf(bytes, flags, this.folder)) dropLink(this.folder, link);
  }

  private wakeEverybody(): void {
    this.readers.wakeAll();
    this.writers.wakeAll();
  }

  private wakes(waiters: Waiters, burst?: Burst): HeldWakes {
    const { segment } = this.holding;
    return new HeldWakes(
      parker(),
      () => segment.isMapped && waiters.wakeAll(),
      () => waiters.someAre((owner) => parker().isAsleep(owner)),
      burst,
    );
  }

  private enter(patient: boolean): boolean {
    return patient ? this.guard.tryEnterWithin(GUARD_MS) : this.guard.tryEnter();
  }
}
