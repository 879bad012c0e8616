import { Bytes } from "#src/memory/bytes.js";
import type { AccessGate } from "./access-gate.js";

/** An access that no content of the shared memory may lead to. */
export class OutsideRing extends Error {}

/**
 * The door to a ring's bytes with a gate in it. A copy is two accesses, so that a party can be killed, and another one
 * run, with half of it done. Each access must lie in the ring or its second mapping: [first, end).
 */
export class StoppingBytes extends Bytes {
  constructor(
    array: Uint8Array,
    private readonly gate: AccessGate,
    private readonly first: number,
    private readonly end: number,
  ) {
    super(array);
  }

  override word(offset: number): number {
    this.pass("read", offset, 4);
    if ((offset & 3) !== 0) throw new OutsideRing(`a word is read at ${offset}, which is no multiple of 4`);
    return super.word(offset);
  }

  override setWord(offset: number, value: number): void {
    this.pass("write", offset, 4);
    if ((offset & 3) !== 0) throw new OutsideRing(`a word is written at ${offset}, which is no multiple of 4`);
    super.setWord(offset, value);
  }

  override copyIn(offset: number, source: Uint8Array, from: number, to: number): void {
    const half = (to - from) >>> 1;
    this.pass("write", offset, half);
    super.copyIn(offset, source, from, from + half);
    this.pass("write", offset + half, to - from - half);
    super.copyIn(offset + half, source, from + half, to);
  }

  override copyOut(from: number, to: number, target: Uint8Array, offset: number): void {
    const half = (to - from) >>> 1;
    this.pass("read", from, half);
    super.copyOut(from, from + half, target, offset);
    this.pass("read", from + half, to - from - half);
    super.copyOut(from + half, to, target, offset + half);
  }

  private pass(access: "read" | "write", offset: number, length: number): void {
    if (!(offset >= this.first && length >= 0 && offset + length <= this.end))
      throw new OutsideRing(`${access} of ${length} bytes at ${offset}; the ring is [${this.first}, ${this.end})`);
    this.gate.pass(access, offset, length);
  }
}
