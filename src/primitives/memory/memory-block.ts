import type { Given } from "../handle.js";

/** What a `SharedMemory` stands on: an object of ours, or a file of Python's. */
export interface MemoryBlock {
  readonly name: string;
  readonly closed: boolean;
  /** All of its bytes; detached once it is closed or resized. */
  readonly buffer: ArrayBuffer;
  close(): void;
  unlink(): void;
  resize(size: number): void;
  give(folder: string): Given;
}
