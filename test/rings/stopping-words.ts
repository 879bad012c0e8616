import { Words } from "#src/memory/words.js";
import type { AccessGate } from "./access-gate.js";

/** The door to control words with a gate in it. */
export class StoppingWords extends Words {
  constructor(
    array: Int32Array,
    private readonly gate: AccessGate,
  ) {
    super(array);
  }

  override load(index: number): number {
    this.gate.pass("load", index, 0);
    return super.load(index);
  }

  override store(index: number, value: number): void {
    this.gate.pass("store", index, value);
    super.store(index, value);
  }

  override add(index: number, value: number): number {
    this.gate.pass("store", index, value);
    return super.add(index, value);
  }

  override or(index: number, bits: number): number {
    this.gate.pass("store", index, bits);
    return super.or(index, bits);
  }

  override and(index: number, bits: number): number {
    this.gate.pass("store", index, bits);
    return super.and(index, bits);
  }

  override exchange(index: number, value: number): number {
    this.gate.pass("store", index, value);
    return super.exchange(index, value);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    this.gate.pass("store", index, value);
    return super.compareExchange(index, expected, value);
  }
}
