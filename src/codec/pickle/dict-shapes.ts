import type { PickleMemo } from "./pickle-memo.js";
import { Unmade } from "./unmade.js";

/** What is thrown when a dict has become a Map after something else already referred to the object. */
export const startAgain = Symbol("a dict with other keys is referred to");

/*
 * Which dicts are plain objects and which are Maps.
 *
 * Idea    A dict with only str keys becomes a plain object, any other a Map. But a pickle makes a dict empty, may refer
 *         to it at once, and brings the keys later. So every dict begins as an object; with the first other key a Map takes
 *         its place on the stack and in the memo. That is enough unless the object was fetched from the memo before, as
 *         a dict that contains itself is. Then the pickle is read again: once to learn which dicts have other keys, while
 *         neither dicts are filled nor anything is called, and once more with each made right from the start.
 * Limits  At most three times the work, whatever the bytes. Only dicts that contain themselves, and that have other keys
 *         than str, are read again.
 */
export class DictShapes {
  /** `guess` until a guess was wrong; `learn` and `know` when the pickle is read again. */
  private pass: "guess" | "learn" | "know" = "guess";
  /** How many dicts were made in this pass. */
  private made = 0;
  private fetched: Set<object> | undefined;
  private readonly maps = new Set<number>();
  /** For each place of the stack the memo's number of what was put aside there last; -1 for none. */
  private places: number[] = [];

  clear(): void {
    this.pass = "guess";
    this.begin();
    this.maps.clear();
  }

  get isLearning(): boolean {
    return this.pass === "learn";
  }

  /** Goes on to the next pass. */
  next(): void {
    this.pass = this.pass === "guess" ? "learn" : "know";
    this.begin();
  }

  empty(): object {
    if (this.pass === "guess") return {};
    const number = this.made++;
    if (this.pass === "learn") return new Unmade(number);
    return this.maps.has(number) ? new Map() : {};
  }

  /** Where a value lay on the stack when it went into the memo. */
  remember(place: number, index: number, value: unknown, memo: PickleMemo): void {
    const { places } = this;
    while (places.length <= place) places.push(-1);
    // a dict under two numbers: replacing it under one is not enough
    if (places[place] >= 0 && typeof value === "object" && memo.get(places[place]) === value) this.fetch(value);
    places[place] = index;
  }

  /** A value is referred to once more. */
  fetch(value: unknown): void {
    if (this.pass !== "guess" || typeof value !== "object" || value === null) return;
    if (Object.getPrototypeOf(value) !== Object.prototype) return;
    this.fetched ??= new Set();
    this.fetched.add(value);
  }

  /** While learning: stack[from…] are keys and values of a dict. */
  learn(dict: Unmade, stack: readonly unknown[], from: number): void {
    for (let at = from; at < stack.length; at += 2) if (typeof stack[at] !== "string") this.maps.add(dict.dict);
  }

  /** The Map for the object at a place of the stack, in its place there and in the memo. */
  toMap(stack: unknown[], place: number, memo: PickleMemo): Map<unknown, unknown> {
    const dict = stack[place] as object;
    if (this.pass !== "guess" || this.fetched?.has(dict)) throw startAgain;
    const map = new Map<unknown, unknown>(Object.entries(dict));
    stack[place] = map;
    const index = place < this.places.length ? this.places[place] : -1;
    if (index >= 0 && memo.get(index) === dict) memo.put(index, map);
    return map;
  }

  private begin(): void {
    this.made = 0;
    this.fetched = undefined;
    if (this.places.length > 0) this.places = [];
  }
}
