import { FrameRecords } from "./frame-records.js";
import { RECORDS } from "./queue-log.layout.js";

/** What is known of a message besides its body. */
export interface PutRecord {
  readonly id: number;
  readonly notBefore: number;
  readonly expires: number;
  readonly priority: number;
  readonly meta: Uint8Array;
  readonly body: Uint8Array;
}

/** Gathers the records of one frame of a queue's log. */
export class QueueRecords extends FrameRecords {
  base(nextId: number, isShutDown: boolean): void {
    const head = this.record(RECORDS.base[0], 9);
    head.writeDoubleLE(nextId, 1);
    head.writeUInt8(isShutDown ? 1 : 0, 9);
  }

  put(record: PutRecord): void {
    this.message(this.record(RECORDS.put[0], 33), 1, record);
  }

  kept(deliveries: number, seat: number, rank: number, record: PutRecord): void {
    const head = this.record(RECORDS.kept[0], 49);
    head.writeUInt32LE(deliveries, 1);
    head.writeUInt32LE(seat, 5);
    head.writeDoubleLE(rank, 9);
    this.message(head, 17, record);
  }

  taken(seat: number, ids: readonly number[]): void {
    const head = this.record(RECORDS.taken[0], 8 + 8 * ids.length);
    head.writeUInt32LE(seat, 1);
    FrameRecords.writeIds(head, 5, ids);
  }

  gone(ids: readonly number[]): void {
    FrameRecords.writeIds(this.record(RECORDS.gone[0], 4 + 8 * ids.length), 1, ids);
  }

  back(ids: readonly number[], wasHanded: boolean): void {
    const head = this.record(RECORDS.back[0], 5 + 8 * ids.length);
    head.writeUInt8(wasHanded ? 1 : 0, 1);
    FrameRecords.writeIds(head, 2, ids);
  }

  left(seat: number): void {
    this.record(RECORDS.left[0], 4).writeUInt32LE(seat, 1);
  }

  shut(): void {
    this.record(RECORDS.shut[0], 0);
  }

  private message(head: Buffer, at: number, { id, notBefore, expires, priority, meta, body }: PutRecord): void {
    head.writeDoubleLE(id, at);
    head.writeDoubleLE(notBefore, at + 8);
    head.writeDoubleLE(expires, at + 16);
    head.writeUInt8(priority, at + 24);
    head.writeUInt32LE(meta.length, at + 25);
    head.writeUInt32LE(body.length, at + 29);
    this.add(meta, body);
  }
}
