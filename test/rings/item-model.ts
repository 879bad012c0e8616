import assert from "node:assert/strict";
import { blocksFor } from "#src/rings/block-chains.js";
import type { Discipline, ItemStore } from "#src/rings/item-store.js";
import { STATES } from "#src/rings/item-store.layout.js";
import type { ItemMemory } from "./item-memory.js";

export interface ModelItem {
  readonly number: number;
  readonly item: number;
  readonly bytes: Uint8Array;
  readonly priority: number;
  owner: number;
  deliveries: number;
  wasGivenBack: boolean;
  /** How many were shown before it. */
  shown: number;
}

/** What is done to a store; `which` picks one of the items that it can be done to. */
export type Step =
  | { readonly what: "put" | "begin"; readonly length: number; readonly priority: number; readonly owner: number }
  | { readonly what: "publish" | "abandon" | "finish" | "give back"; readonly which: number }
  | { readonly what: "take" | "reclaim"; readonly owner: number }
  | { readonly what: "drop ready" | "repair" };

/** Bytes that tell which item they are of, and where in it. */
export const contentOf = (number: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (number * 37 + i * 7 + (i >>> 8)) & 255);

/** The same as a store, by plain lists: does each step on both and compares. */
export class ItemModel {
  line: ModelItem[] = [];
  taken: ModelItem[] = [];
  writing: ModelItem[] = [];
  private count = 0;
  private shown = 0;

  constructor(
    private readonly memory: ItemMemory,
    private readonly store: ItemStore,
  ) {}

  get discipline(): Discipline {
    return this.memory.discipline;
  }

  /** Does a step if it can be done now. */
  do(step: Step): void {
    switch (step.what) {
      case "put":
      case "begin":
        return this.put(step.what, step.length, step.priority, step.owner);
      case "publish": {
        const item = pick(this.writing, step.which);
        if (!item) return;
        this.store.publish(item.item, item.number & 0xff, item.priority);
        return this.enter(item);
      }
      case "abandon": {
        const item = pick(this.writing, step.which);
        if (item) this.store.abandon(item.item);
        return;
      }
      case "finish": {
        const item = pick(this.taken, step.which);
        if (item) this.store.finish(item.item);
        return;
      }
      case "give back": {
        const item = pick(this.taken, step.which);
        if (!item) return;
        this.store.giveBack(item.item);
        return this.enterAgain(item);
      }
      case "take":
        return this.take(step.owner);
      case "reclaim":
        return this.reclaim(step.owner);
      case "drop ready": {
        const seen: number[] = [];
        this.store.dropReady((item) => seen.push(item));
        assert.deepEqual(
          seen,
          this.line.map(({ item }) => item),
        );
        this.line = [];
        return;
      }
      case "repair":
        this.store.repair();
    }
  }

  /** The memory is what the lists say. */
  compare(): void {
    const { memory, store } = this;
    memory.check();
    assert.deepEqual(
      memory.line,
      this.line.map(({ item }) => item),
      "the line",
    );
    const states: [number, ModelItem[]][] = [
      [STATES.ready, this.line],
      [STATES.taken, this.taken],
      [STATES.writing, this.writing],
    ];
    for (const [state, items] of states)
      for (const { item, bytes, deliveries, number } of items) {
        assert.equal(memory.row(item, "state"), state);
        assert.equal(store.lengthOf(item), bytes.length);
        if (state === STATES.writing) continue;
        assert.equal(store.deliveriesOf(item), deliveries, `deliveries of item ${number}`);
        assert.equal(store.flagsOf(item), number & 0xff);
        const target = new Uint8Array(bytes.length + 3).fill(9);
        store.read(item, target, 2);
        assert.equal(Buffer.compare(target.subarray(2, -1), bytes), 0, `bytes of item ${number}`);
      }
    assert.deepEqual(
      [store.ready, store.taken, store.writing, store.pending],
      [
        this.line.length,
        this.taken.length,
        this.writing.length,
        this.line.length + this.taken.length + this.writing.length,
      ],
    );
  }

  private put(what: "put" | "begin", length: number, priority: number, owner: number): void {
    if (blocksFor(length) > this.store.free) return;
    const number = this.count++;
    const bytes = contentOf(number, length);
    const before = new Set(this.memory.items.map(({ item }) => item));
    if (what === "put") {
      const padded = Uint8Array.from([1, 2, 3, ...bytes, 4]);
      this.store.put(padded, 3, length, number & 0xff, priority);
    } else this.store.write(this.store.begin(length, owner), bytes, 0, length);
    const [{ item }] = this.memory.items.filter((one) => !before.has(one.item));
    const made = { number, item, bytes, priority, owner, deliveries: 0, wasGivenBack: false, shown: 0 };
    if (what === "put") this.enter(made);
    else this.writing.push(made);
  }

  private take(owner: number): void {
    const item = this.store.take(owner);
    const first = this.line.shift();
    assert.equal(item, first?.item ?? -1);
    if (!first) return;
    first.owner = owner;
    first.deliveries++;
    this.taken.push(first);
  }

  private enter(item: ModelItem): void {
    item.shown = this.shown++;
    if (this.discipline === "lifo") this.line.unshift(item);
    else if (this.discipline === "fifo") this.line.push(item);
    else this.insert(item, (other) => other.priority > item.priority);
  }

  private enterAgain(item: ModelItem): void {
    item.wasGivenBack = true;
    const isLater = (other: ModelItem): boolean =>
      other.priority > item.priority || (other.priority === item.priority && other.shown > item.shown);
    if (this.discipline === "priority") this.insert(item, isLater);
    else this.line.unshift(item);
  }

  private insert(item: ModelItem, goesBehind: (other: ModelItem) => boolean): void {
    const at = this.line.findIndex(goesBehind);
    this.line.splice(at < 0 ? this.line.length : at, 0, item);
  }

  /** The dead's items are in front of all others, in the order in which they would have come. */
  private reclaim(owner: number): void {
    const mine = this.taken.filter((one) => one.owner === owner);
    const changed = mine.length + this.writing.filter((one) => one.owner === owner).length;
    assert.equal(
      this.store.reclaim((other) => other === owner),
      changed,
    );
    this.taken = this.taken.filter((one) => one.owner !== owner);
    this.writing = this.writing.filter((one) => one.owner !== owner);
    const back = this.memory.line.flatMap((item) => mine.filter((one) => one.item === item));
    assert.equal(back.length, mine.length);
    for (const one of [...back].reverse()) this.enterAgain(one);
    const classes = new Map<number, number[]>();
    if (mine.some(({ wasGivenBack, deliveries }) => wasGivenBack && deliveries > 1)) return;
    for (const { shown, priority } of back) {
      const key = this.discipline === "priority" ? priority : 0;
      classes.set(key, [...(classes.get(key) ?? []), shown]);
    }
    const sign = this.discipline === "lifo" ? -1 : 1;
    for (const orders of classes.values())
      assert.deepEqual(
        orders,
        [...orders].sort((a, b) => (a - b) * sign),
      );
  }
}

function pick(from: ModelItem[], which: number): ModelItem | undefined {
  return from.length === 0 ? undefined : from.splice(which % from.length, 1)[0];
}
