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

/** Gathers the records of one frame. */
export class RecordWriter {
  private readonly parts: Uint8Array[] = [];
  bytes = 0;

  get isEmpty(): boolean {
    return this.bytes === 0;
  }

  base(nextId: number, isShutDown: boolean): void {
    const head = this.head(RECORDS.base[0], 9);
    head.writeDoubleLE(nextId, 1);
    head.writeUInt8(isShutDown ? 1 : 0, 9);
  }

  put(record: PutRecord): void {
    this.message(this.head(RECORDS.put[0], 33), 1, record);
  }

  kept(deliveries: number, seat: number, rank: number, record: PutRecord): void {
    const head = this.head(RECORDS.kept[0], 49);
    head.writeUInt32LE(deliveries, 1);
    head.writeUInt32LE(seat, 5);
    head.writeDoubleLE(rank, 9);
    this.message(head, 17, record);
  }

  taken(seat: number, ids: readonly number[]): void {
    const head = this.head(RECORDS.taken[0], 8 + 8 * ids.length);
    head.writeUInt32LE(seat, 1);
    writeIds(head, 5, ids);
  }

  gone(ids: readonly number[]): void {
    writeIds(this.head(RECORDS.gone[0], 4 + 8 * ids.length), 1, ids);
  }

  back(ids: readonly number[], wasHanded: boolean): void {
    const head = this.head(RECORDS.back[0], 5 + 8 * ids.length);
    head.writeUInt8(wasHanded ? 1 : 0, 1);
    writeIds(head, 2, ids);
  }

  left(seat: number): void {
    this.head(RECORDS.left[0], 4).writeUInt32LE(seat, 1);
  }

  shut(): void {
    this.head(RECORDS.shut[0], 0);
  }

  /** All of them, behind `before` bytes of room. */
  finish(before: number): Buffer {
    return Buffer.concat([Buffer.alloc(before), ...this.parts], before + this.bytes);
  }

  private message(head: Buffer, at: number, { id, notBefore, expires, priority, meta, body }: PutRecord): void {
    head.writeDoubleLE(id, at);
    head.writeDoubleLE(notBefore, at + 8);
    head.writeDoubleLE(expires, at + 16);
    head.writeUInt8(priority, at + 24);
    head.writeUInt32LE(meta.length, at + 25);
    head.writeUInt32LE(body.length, at + 29);
    this.parts.push(meta, body);
    this.bytes += meta.length + body.length;
  }

  private head(kind: number, bytes: number): Buffer {
    // its kind writes all of them
    const head = Buffer.allocUnsafe(1 + bytes);
    head[0] = kind;
    this.parts.push(head);
    this.bytes += head.length;
    return head;
  }
}

function writeIds(head: Buffer, at: number, ids: readonly number[]): void {
  head.writeUInt32LE(ids.length, at);
  ids.forEach((id, index) => {
    head.writeDoubleLE(id, at + 4 + 8 * index);
  });
}
