import { FrameRecords } from "./frame-records.js";
import { TOPIC_RECORDS } from "./topic-log.layout.js";

/** What is known of a published message besides its body. */
export interface PublishedRecord {
  readonly id: number;
  readonly key: string;
  readonly meta: Uint8Array;
  readonly body: Uint8Array;
}

/** A group as its record has it. */
export interface GroupRecord {
  readonly group: number;
  readonly isDurable: boolean;
  readonly name: string;
  readonly pattern: string;
}

/** A message that a group has not acknowledged. */
export interface DueRecord {
  readonly id: number;
  readonly deliveries: number;
  readonly seat: number;
  readonly rank: number;
}

/** Gathers the records of one frame of a topic's log. */
export class TopicRecords extends FrameRecords {
  base(nextId: number, nextGroup: number): void {
    const head = this.record(TOPIC_RECORDS.base[0], 12);
    head.writeDoubleLE(nextId, 1);
    head.writeUInt32LE(nextGroup, 9);
  }

  published(message: PublishedRecord): void {
    this.message(TOPIC_RECORDS.published[0], message);
  }

  kept(message: PublishedRecord): void {
    this.message(TOPIC_RECORDS.kept[0], message);
  }

  group({ group, isDurable, name, pattern }: GroupRecord): void {
    const [first, second] = [Buffer.from(name), Buffer.from(pattern)];
    const head = this.record(TOPIC_RECORDS.group[0], 13);
    head.writeUInt32LE(group, 1);
    head.writeUInt8(isDurable ? 1 : 0, 5);
    head.writeUInt32LE(first.length, 6);
    head.writeUInt32LE(second.length, 10);
    this.add(first, second);
  }

  due(group: number, messages: readonly DueRecord[]): void {
    const record = this.record(TOPIC_RECORDS.due[0], 8 + 24 * messages.length);
    record.writeUInt32LE(group, 1);
    record.writeUInt32LE(messages.length, 5);
    messages.forEach(({ id, deliveries, seat, rank }, index) => {
      const at = 9 + 24 * index;
      record.writeDoubleLE(id, at);
      record.writeUInt32LE(deliveries, at + 8);
      record.writeUInt32LE(seat, at + 12);
      record.writeDoubleLE(rank, at + 16);
    });
  }

  joined(group: number, seat: number): void {
    const record = this.record(TOPIC_RECORDS.joined[0], 8);
    record.writeUInt32LE(group, 1);
    record.writeUInt32LE(seat, 5);
  }

  left(seat: number): void {
    this.record(TOPIC_RECORDS.left[0], 4).writeUInt32LE(seat, 1);
  }

  taken(group: number, seat: number, ids: readonly number[]): void {
    const record = this.record(TOPIC_RECORDS.taken[0], 12 + 8 * ids.length);
    record.writeUInt32LE(group, 1);
    record.writeUInt32LE(seat, 5);
    FrameRecords.writeIds(record, 9, ids);
  }

  gone(group: number, ids: readonly number[]): void {
    const record = this.record(TOPIC_RECORDS.gone[0], 8 + 8 * ids.length);
    record.writeUInt32LE(group, 1);
    FrameRecords.writeIds(record, 5, ids);
  }

  back(group: number, ids: readonly number[], wasHanded: boolean): void {
    const record = this.record(TOPIC_RECORDS.back[0], 9 + 8 * ids.length);
    record.writeUInt32LE(group, 1);
    record.writeUInt8(wasHanded ? 1 : 0, 5);
    FrameRecords.writeIds(record, 6, ids);
  }

  ended(group: number): void {
    this.record(TOPIC_RECORDS.ended[0], 4).writeUInt32LE(group, 1);
  }

  private message(kind: number, { id, key, meta, body }: PublishedRecord): void {
    const keyBytes = Buffer.from(key);
    const head = this.record(kind, 17);
    head.writeDoubleLE(id, 1);
    head.writeUInt8(keyBytes.length, 9);
    head.writeUInt32LE(meta.length, 10);
    head.writeUInt32LE(body.length, 14);
    this.add(keyBytes, meta, body);
  }
}
