import { Words } from "#src/memory/words.js";
import type { Act } from "./access.js";
import { fixedWord, isStep } from "./ground.js";
import type { Party } from "./party.js";

/** The door to control words of a party: each access is one step of it. */
export class ModelWords extends Words {
  constructor(
    array: Int32Array,
    private readonly party: Party,
    private readonly owners: readonly number[],
  ) {
    super(array);
  }

  override load(index: number): number {
    return this.step("load", index);
  }

  override store(index: number, value: number): void {
    this.step("store", index, value);
  }

  override add(index: number, value: number): number {
    return this.step("add", index, value);
  }

  override or(index: number, bits: number): number {
    return this.step("or", index, bits);
  }

  override and(index: number, bits: number): number {
    return this.step("and", index, bits);
  }

  override exchange(index: number, value: number): number {
    return this.step("exchange", index, value);
  }

  override compareExchange(index: number, expected: number, value: number): number {
    return this.step("compareExchange", index, value, expected);
  }

  override peek(index: number): number {
    return this.step("plain load", index);
  }

  override poke(index: number, value: number): void {
    this.step("plain store", index, value);
  }

  private step(act: Act, index: number, value = 0, expected = 0): number {
    if (!isStep(index)) return fixedWord(index, this.owners);
    return this.party.step(act, index, value | 0, expected | 0);
  }
}
