import { keyPattern } from "../../key-pattern.js";
import type { LogState, ReadStored, Stored } from "./log-state.js";
import { QueueState } from "./queue-state.js";
import { type PublishedAt, readTopicRecords, type TopicSink } from "./read-topic-records.js";
import { type DueRecord, type GroupRecord, TopicRecords } from "./topic-records.js";

/** A frame of a log that is written anew is not much longer. */
const MOST_FRAME = 16 << 20;
const MOST_DUE = 10_000;

/** A message that some group has not acknowledged. */
export interface Needed extends Stored {
  readonly id: number;
  readonly key: string;
  /** So many groups have it. */
  groups: number;
}

/** Subscribers who share messages. */
export interface Group {
  readonly number: number;
  readonly name: string;
  readonly isDurable: boolean;
  pattern: string;
  matches(key: string): boolean;
  /** The seats of its members. */
  readonly members: Set<number>;
  /** What it has not acknowledged: a queue of its own. */
  readonly line: QueueState;
}

/** What a topic's log comes to: its groups, and the messages that they need. */
export class TopicState implements LogState<TopicRecords>, TopicSink {
  readonly noun = "topic";
  readonly groups = new Map<number, Group>();
  readonly messages = new Map<number, Needed>();
  nextId = 1;
  nextGroup = 1;
  private bytes = 0;
  private readonly groupOfSeat = new Map<number, Group>();
  /** Where the records that are being applied stand. */
  private position = 0;

  constructor(readonly leastToRewrite = 16 << 20) {}

  get neededBytes(): number {
    let due = 0;
    for (const { line } of this.groups.values()) due += line.entries.size;
    return this.bytes + 64 * this.messages.size + 24 * due;
  }

  get hasTaken(): boolean {
    return [...this.groups.values()].some(({ line }) => line.taken > 0);
  }

  /** The seats of all members. */
  get seats(): Iterable<number> {
    return this.groupOfSeat.keys();
  }

  named(name: string): Group | undefined {
    return [...this.groups.values()].find((group) => group.name === name);
  }

  clear(): void {
    this.groups.clear();
    this.messages.clear();
    this.groupOfSeat.clear();
    this.nextId = 1;
    this.nextGroup = 1;
    this.bytes = 0;
  }

  apply(records: Buffer, position: number): void {
    this.position = position;
    readTopicRecords(records, this);
  }

  newRecords(): TopicRecords {
    return new TopicRecords();
  }

  *rewritten(read: ReadStored): Iterable<TopicRecords> {
    let records = this.based();
    for (const { number, isDurable, name, pattern, members } of this.groups.values()) {
      records.group({ group: number, isDurable, name, pattern });
      for (const seat of members) records.joined(number, seat);
    }
    for (const message of this.messages.values()) {
      records.kept({ ...message, ...read(message) });
      if (records.bytes <= MOST_FRAME) continue;
      yield records;
      records = this.based();
    }
    for (const { number, line } of this.groups.values()) {
      const all = [...line.entries.values()];
      for (let at = 0; at < all.length; at += MOST_DUE) records.due(number, all.slice(at, at + MOST_DUE));
    }
    yield records;
  }

  base(nextId: number, nextGroup: number): void {
    this.nextId = nextId;
    this.nextGroup = nextGroup;
  }

  published({ id, key, at, metaBytes, bodyBytes }: PublishedAt, isKept: boolean): void {
    this.nextId = Math.max(this.nextId, id + 1);
    const message = { id, key, position: this.position + at, metaBytes, bodyBytes, groups: 0 };
    if (isKept) return this.keep(message);
    for (const group of this.groups.values())
      if (group.matches(key)) this.give(group, message, { id, deliveries: 0, seat: 0, rank: id });
    if (message.groups > 0) this.keep(message);
  }

  group({ group: number, isDurable, name, pattern }: GroupRecord): void {
    const matches = keyPattern(pattern, "a group of a topic");
    this.nextGroup = Math.max(this.nextGroup, number + 1);
    const known = this.groups.get(number);
    if (known) Object.assign(known, { pattern, matches });
    else
      this.groups.set(number, {
        ...{ number, name, isDurable, pattern, matches, members: new Set(), line: new QueueState() },
      });
  }

  due(number: number, messages: readonly DueRecord[]): void {
    const group = this.groups.get(number);
    for (const one of messages) {
      const message = this.messages.get(one.id);
      if (group && message) this.give(group, message, one);
    }
  }

  joined(number: number, seat: number): void {
    const group = this.groups.get(number);
    if (group === undefined) return;
    group.members.add(seat);
    this.groupOfSeat.set(seat, group);
  }

  left(seat: number): void {
    const group = this.groupOfSeat.get(seat);
    if (group === undefined) return;
    this.groupOfSeat.delete(seat);
    group.members.delete(seat);
    group.line.leave(seat);
    if (group.members.size === 0 && !group.isDurable) this.ended(group.number);
  }

  taken(number: number, seat: number, ids: readonly number[]): void {
    this.groups.get(number)?.line.take(ids, seat);
  }

  gone(number: number, ids: readonly number[]): void {
    const line = this.groups.get(number)?.line;
    for (const id of ids) if (line?.entries.has(id)) this.release(id);
    line?.remove(ids);
  }

  back(number: number, ids: readonly number[], wasHanded: boolean): void {
    this.groups.get(number)?.line.giveBack(ids, wasHanded);
  }

  ended(number: number): void {
    const group = this.groups.get(number);
    if (group === undefined) return;
    for (const id of group.line.entries.keys()) this.release(id);
    for (const seat of group.members) this.groupOfSeat.delete(seat);
    this.groups.delete(number);
  }

  private based(): TopicRecords {
    const records = new TopicRecords();
    records.base(this.nextId, this.nextGroup);
    return records;
  }

  private keep(message: Needed): void {
    this.messages.set(message.id, message);
    this.bytes += message.metaBytes + message.bodyBytes;
  }

  private give({ line }: Group, message: Needed, due: DueRecord): void {
    const { position, metaBytes, bodyBytes } = message;
    message.groups++;
    line.add({ ...due, position, metaBytes, bodyBytes, notBefore: 0, expires: 0, priority: 0 });
  }

  private release(id: number): void {
    const message = this.messages.get(id);
    if (message === undefined || --message.groups > 0) return;
    this.messages.delete(id);
    this.bytes -= message.metaBytes + message.bodyBytes;
  }
}
