// Takes a block of memory that was handed over, reads its first byte and leaves another.
import { type MappedFile, type SharedMemory, task } from "interproc";

export const writeBlock = task(
  import.meta,
  function writeBlock(block: SharedMemory | MappedFile, byte: number): number[] {
    const found = block.bytes[0];
    block.bytes[0] = byte;
    return [found, block.size];
  },
);
