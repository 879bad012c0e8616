import type { ByteWriter } from "./byte-writer.js";
import { BUFFER_ALIGNMENT, TRAILER_BYTES } from "./structured.layout.js";

interface OutgoingBuffer {
  readonly buffer: ArrayBuffer;
  /** The bytes that travel: from the first to the last that a view in the message covers. */
  start: number;
  end: number;
}

/** The memory behind the views of one message. It is copied behind the value, when it is known how much of it is needed. */
export class OutgoingBuffers {
  private readonly list: OutgoingBuffer[] = [];
  /** Where in the list a buffer stands that views share. */
  private readonly shared = new Map<ArrayBuffer, number>();
  private bytes = 0;

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /**
   * Takes the bytes [start…end) of a buffer along, in multiples of `alignment` from the buffer's start; gives its number
   * in the message. With `alone`, no other view has part in them.
   */
  add(writer: ByteWriter, buffer: ArrayBuffer, start: number, end: number, alignment: number, alone: boolean): number {
    const first = start - (start % alignment);
    const known = alone ? undefined : this.shared.get(buffer);
    if (known === undefined) {
      const number = this.list.push({ buffer, start: first, end }) - 1;
      if (!alone) this.shared.set(buffer, number);
      this.bytes += end - first;
    } else {
      const outgoing = this.list[known];
      this.bytes -= outgoing.end - outgoing.start;
      outgoing.start = Math.min(outgoing.start, first);
      outgoing.end = Math.max(outgoing.end, end);
      this.bytes += outgoing.end - outgoing.start;
    }
    // what cannot fit is given up before anything large is copied
    writer.room(writer.start, this.bytes);
    return known ?? this.list.length - 1;
  }

  /** Writes the buffers and the trailer; gives the message's end. */
  write(writer: ByteWriter, position: number): number {
    const messageStart = writer.start;
    let at = writer.varint(this.list.length, position);
    for (const { buffer, start, end } of this.list) {
      const length = end - start;
      at = writer.varint(length, writer.varint(start, at));
      const padding = -(at - messageStart) & (BUFFER_ALIGNMENT - 1);
      writer.room(at, padding + length);
      writer.target.fill(0, at, at + padding);
      writer.target.set(new Uint8Array(buffer, start, length), at + padding);
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
    this.shared.clear();
    this.bytes = 0;
  }
}
