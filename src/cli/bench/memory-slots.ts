import type { Semaphore, SharedMemory } from "../../index.js";

/** The length of a message stands before it. */
const HEADER_BYTES = 8;

/** One direction through a block of memory, as a textbook has it: slots, a semaphore that counts the full ones, and one the free ones. */
export class MemorySlots {
  static readonly COUNT = 4;
  private readonly view: DataView;
  private at = 0;

  constructor(
    private readonly block: SharedMemory,
    /** Where the first slot begins. */
    private readonly from: number,
    private readonly mostBytes: number,
    private readonly free: Semaphore,
    private readonly full: Semaphore,
  ) {
    this.view = new DataView(block.buffer);
  }

  static bytes(mostBytes: number): number {
    return MemorySlots.COUNT * MemorySlots.stride(mostBytes);
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.free.acquire();
    const at = this.next();
    this.view.setUint32(at, bytes.length);
    this.block.bytes.set(bytes, at + HEADER_BYTES);
    this.full.release();
  }

  async recv(): Promise<Uint8Array> {
    await this.full.acquire();
    const at = this.next() + HEADER_BYTES;
    const bytes = this.block.bytes.slice(at, at + this.view.getUint32(at - HEADER_BYTES));
    this.free.release();
    return bytes;
  }

  private next(): number {
    const index = this.at++ % MemorySlots.COUNT;
    return this.from + index * MemorySlots.stride(this.mostBytes);
  }

  private static stride(mostBytes: number): number {
    return Math.ceil((HEADER_BYTES + mostBytes) / 64) * 64;
  }
}
