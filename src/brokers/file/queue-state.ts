import { applyQueueRecords } from "./apply-queue-records.js";
import type { LogState, ReadStored, Stored } from "./log-state.js";
import { QueueRecords } from "./queue-records.js";

/** A message that is in the queue. */
export interface Entry extends Stored {
  readonly id: number;
  readonly notBefore: number;
  readonly expires: number;
  readonly priority: number;
  /** How often it was handed out. */
  deliveries: number;
  /** The consumer that has it; 0 is nobody. */
  seat: number;
  /** Its place in the line: its id, or a number below all others once it came back. */
  rank: number;
}

const GONE = -1;
const PICKED = -2;
/** A frame of a log that is written anew is not much longer. */
const MOST_FRAME = 16 << 20;

/** What a queue's log comes to. Which ready message goes next is each process's own look at it; what was decided stands in the log. */
export class QueueState implements LogState<QueueRecords> {
  readonly noun = "queue";
  readonly leastToRewrite = 1 << 20;
  readonly entries = new Map<number, Entry>();
  isShutDown = false;
  nextId = 1;
  /** How many have a seat. */
  taken = 0;
  /** Bytes of meta data and bodies. */
  bytes = 0;
  /** By priority: those in front, the first one last, and those that stand in the line. Some may not be ready any more. */
  private readonly lines: Line[] = [];
  /** With a moment before which nobody gets them, the next one first. */
  private delayed: Entry[] = [];
  private front = 0;

  get neededBytes(): number {
    return this.bytes + 64 * this.entries.size;
  }

  apply(records: Buffer, position: number): void {
    applyQueueRecords(records, position, this);
  }

  newRecords(): QueueRecords {
    return new QueueRecords();
  }

  *rewritten(read: ReadStored): Iterable<QueueRecords> {
    let records = new QueueRecords();
    records.base(this.nextId, this.isShutDown);
    for (const entry of this.entries.values()) {
      const { deliveries, seat, rank } = entry;
      records.kept(deliveries, seat, rank, { ...entry, ...read(entry) });
      if (records.bytes <= MOST_FRAME) continue;
      yield records;
      records = new QueueRecords();
    }
    yield records;
  }

  clear(): void {
    this.entries.clear();
    this.lines.length = 0;
    this.delayed = [];
    this.isShutDown = false;
    this.nextId = 1;
    this.taken = 0;
    this.bytes = 0;
    this.front = 0;
  }

  begin(nextId: number, isShutDown: boolean): void {
    this.nextId = nextId;
    this.isShutDown = isShutDown;
  }

  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.nextId = Math.max(this.nextId, entry.id + 1);
    this.front = Math.min(this.front, entry.rank);
    this.bytes += entry.metaBytes + entry.bodyBytes;
    if (entry.seat !== 0) this.taken++;
    else this.enter(entry);
  }

  take(ids: readonly number[], seat: number): void {
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (entry === undefined) continue;
      if (entry.seat === 0) this.taken++;
      entry.seat = seat;
      entry.deliveries++;
    }
  }

  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const entry = this.entries.get(id);
      if (entry === undefined) continue;
      if (entry.seat !== 0) this.taken--;
      else if (entry.notBefore > 0) this.delayed = this.delayed.filter((one) => one !== entry);
      entry.seat = GONE;
      this.bytes -= entry.metaBytes + entry.bodyBytes;
      this.entries.delete(id);
    }
  }

  giveBack(ids: readonly number[], wasHanded: boolean): void {
    for (const id of [...ids].reverse()) {
      const entry = this.entries.get(id);
      if (entry === undefined || entry.seat === 0) continue;
      entry.seat = 0;
      entry.rank = --this.front;
      if (!wasHanded) entry.deliveries--;
      this.taken--;
      this.enter(entry);
    }
  }

  leave(seat: number): void {
    this.giveBack(this.heldBy(seat), true);
  }

  /** In the order in which they stood in the line. */
  heldBy(seat: number): number[] {
    const held = [...this.entries.values()].filter((entry) => entry.seat === seat);
    return held.sort((a, b) => a.rank - b.rank).map(({ id }) => id);
  }

  /** The seats that have something. */
  seats(): Set<number> {
    const found = new Set<number>();
    if (this.taken > 0) for (const { seat } of this.entries.values()) if (seat !== 0) found.add(seat);
    return found;
  }

  /** How many could be taken at a moment, expired ones included. */
  ready(moment: number): number {
    this.arrive(moment);
    return this.entries.size - this.taken - this.delayed.length;
  }

  /** How many wait for their moment. */
  get waiting(): number {
    return this.delayed.length;
  }

  /** When the next one that waits for its moment has it; Infinity when there is none. */
  get nextArrival(): number {
    return this.delayed[0]?.notBefore ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next ready one out of the line, for a record that is to be written. */
  pick(moment: number): Entry | undefined {
    this.arrive(moment);
    for (const line of this.lines) {
      const found = line?.pick();
      if (found === undefined) continue;
      found.seat = PICKED;
      this.taken++;
      return found;
    }
    return undefined;
  }

  private enter(entry: Entry): void {
    if (entry.notBefore > 0 && entry.deliveries === 0 && entry.rank === entry.id) {
      const at = this.delayed.findIndex((one) => one.notBefore > entry.notBefore);
      this.delayed.splice(at < 0 ? this.delayed.length : at, 0, entry);
    } else this.stand(entry);
  }

  private arrive(moment: number): void {
    while (this.delayed.length > 0 && this.delayed[0].notBefore <= moment) {
      const entry = this.delayed.shift() as Entry;
      if (entry.seat === 0) this.stand(entry);
    }
  }

  private stand(entry: Entry): void {
    this.lines[entry.priority] ??= new Line();
    this.lines[entry.priority].stand(entry);
  }
}

class Line {
  /** With the rank by which each stands here: one that has another by now stands elsewhere too. */
  private readonly front: { readonly entry: Entry; readonly rank: number }[] = [];
  private rest: Entry[] = [];
  private at = 0;

  stand(entry: Entry): void {
    if (entry.rank !== entry.id) this.insertInFront(entry);
    else if (this.at < this.rest.length && entry.id < this.rest[this.at].id) this.rest.splice(this.at, 0, entry);
    else this.rest.push(entry);
  }

  pick(): Entry | undefined {
    for (let one = this.front.pop(); one !== undefined; one = this.front.pop())
      if (one.entry.seat === 0 && one.entry.rank === one.rank) return one.entry;
    while (this.at < this.rest.length) {
      const one = this.rest[this.at++];
      if (this.at > 1024 && this.at * 2 > this.rest.length) {
        this.rest = this.rest.slice(this.at);
        this.at = 0;
      }
      if (one.seat === 0 && one.rank === one.id) return one;
    }
    this.rest.length = 0;
    this.at = 0;
    return undefined;
  }

  /** The smallest rank last; nearly always that is the new one. */
  private insertInFront(entry: Entry): void {
    let at = this.front.length;
    while (at > 0 && this.front[at - 1].rank < entry.rank) at--;
    this.front.splice(at, 0, { entry, rank: entry.rank });
  }
}
