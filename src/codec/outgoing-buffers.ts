import type { ByteWriter } from "./byte-writer.js";
import { BUFFER_ALIGNMENT, TRAILER_BYTES } from "./structured.layout.js";

/** The bytes of one buffer that travel: from the first to the last that a view in the message covers. */
class OutgoingBuffer {
  private start = Number.MAX_SAFE_INTEGER;
  private end = 0;
  /** The largest element of the views: the first byte is at a multiple of it, as theirs are. */
  private alignment = 1;

  constructor(readonly buffer: ArrayBuffer) {}

  cover(start: number, end: number, alignment: number): void {
    this.start = Math.min(this.start, start);
    this.end = Math.max(this.end, end);
    this.alignment = Math.max(this.alignment, alignment);
  }

  get base(): number {
    return this.start - (this.start % this.alignment);
  }

  get length(): number {
    return this.end - this.base;
  }
}

/** The memory behind the views of one message. It is copied behind the value, when it is known how much of it is needed. */
export class OutgoingBuffers {
  private readonly list: OutgoingBuffer[] = [];
  /** Where in the list a buffer stands that views share. It is made for each message that has some. */
  private shared: Map<ArrayBuffer, number> | undefined;
  private bytes = 0;

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /**
   * Takes the bytes [start…end) of a buffer along, for a view with elements of `alignment` bytes; gives the buffer's
   * number in the message. With `alone`, no other view has part in it.
   */
  add(writer: ByteWriter, buffer: ArrayBuffer, start: number, end: number, alignment: number, alone: boolean): number {
    let number = alone ? undefined : this.shared?.get(buffer);
    if (number === undefined) {
      number = this.list.push(new OutgoingBuffer(buffer)) - 1;
      if (!alone) {
        this.shared ??= new Map();
        this.shared.set(buffer, number);
      }
    } else {
      this.bytes -= this.list[number].length;
    }
    const outgoing = this.list[number];
    outgoing.cover(start, end, alignment);
    this.bytes += outgoing.length;
    // what cannot fit is given up before anything large is copied
    writer.refuse(this.bytes);
    return number;
  }

  /** Writes the buffers and the trailer; gives the message's end. */
  write(writer: ByteWriter, position: number): number {
    const messageStart = writer.start;
    let at = writer.varint(this.list.length, position);
    for (const { buffer, base, length } of this.list) {
      at = writer.varint(length, writer.varint(base, at));
      const padding = -(at - messageStart) & (BUFFER_ALIGNMENT - 1);
      writer.room(at, padding + length);
      writer.target.fill(0, at, at + padding);
      writer.target.set(new Uint8Array(buffer, base, length), at + padding);
      at += padding + length;
    }
    writer.room(at, TRAILER_BYTES);
    let offset = position - messageStart;
    for (let i = 0; i < TRAILER_BYTES; i++) {
      writer.target[at++] = offset % 0x100;
      offset = Math.floor(offset / 0x100);
    }
    return at;
  }

  clear(): void {
    if (this.list.length === 0) return;
    this.list.length = 0;
    this.shared = undefined;
    this.bytes = 0;
  }
}
