import assert from "node:assert/strict";
import { Bytes } from "#src/memory/bytes.js";
import { Words } from "#src/memory/words.js";
import { blocksFor } from "#src/rings/block-chains.js";
import { type Discipline, ItemStore } from "#src/rings/item-store.js";
import { BLOCK, BLOCK_CONTROL_BYTES, FREE, itemRow, STATES, storeHead } from "#src/rings/item-store.layout.js";
import type { AccessGate } from "./access-gate.js";
import { StoppingBytes } from "./stopping-bytes.js";
import { StoppingWords } from "./stopping-words.js";

const HEAD = 4;
const ROWS = HEAD + storeHead.bytes / 4;
const ROW = itemRow.bytes / 4;

/** Plain accesses pass the gate as well: a kill can come between any two of them. */
class StoppingAllWords extends StoppingWords {
  constructor(
    array: Int32Array,
    private readonly all: AccessGate,
  ) {
    super(array, all);
  }

  override peek(index: number): number {
    this.all.pass("load", index, 0);
    return super.peek(index);
  }

  override poke(index: number, value: number): void {
    this.all.pass("store", index, value);
    super.poke(index, value);
  }
}

/** An item as its row shows it. */
export interface SeenItem {
  readonly item: number;
  readonly state: number;
  readonly owner: number;
  readonly length: number;
  readonly flags: number;
  readonly deliveries: number;
}

/** The memory of one item store, and what an outsider sees in it. */
export class ItemMemory {
  readonly control: Int32Array;
  readonly bytes: Uint8Array;

  constructor(
    readonly discipline: Discipline,
    readonly blocks: number,
    order = 0,
    cursor = 0,
  ) {
    this.control = new Int32Array(ROWS + (blocks * BLOCK_CONTROL_BYTES) / 4);
    this.bytes = new Uint8Array(blocks * BLOCK);
    this.setHead("blocks", blocks);
    this.setHead("free", blocks);
    this.setHead("lastOrder", order);
    this.setHead("cursor", cursor);
  }

  /** The store, to be used freely or through a gate. */
  store(gate?: AccessGate): ItemStore {
    const words = gate ? new StoppingAllWords(this.control, gate) : new Words(this.control);
    const bytes = gate ? new StoppingBytes(this.bytes, gate, 0, this.bytes.length) : new Bytes(this.bytes);
    return new ItemStore({ words, head: HEAD, rows: ROWS, bytes, blocks: this.blocks }, this.discipline);
  }

  save(): { control: Int32Array; bytes: Uint8Array } {
    return { control: this.control.slice(), bytes: this.bytes.slice() };
  }

  restore({ control, bytes }: { control: Int32Array; bytes: Uint8Array }): void {
    this.control.set(control);
    this.bytes.set(bytes);
  }

  head(name: keyof typeof storeHead.word): number {
    return this.control[HEAD + storeHead.word[name]];
  }

  setHead(name: keyof typeof storeHead.word, value: number): void {
    this.control[HEAD + storeHead.word[name]] = value;
  }

  row(item: number, name: keyof typeof itemRow.word): number {
    return this.control[ROWS + item * ROW + itemRow.word[name]];
  }

  /** What a block's word says of the next one. */
  next(block: number): number {
    return this.control[ROWS + this.blocks * ROW + block];
  }

  setNext(block: number, value: number): void {
    this.control[ROWS + this.blocks * ROW + block] = value;
  }

  setRow(item: number, name: keyof typeof itemRow.word, value: number): void {
    this.control[ROWS + item * ROW + itemRow.word[name]] = value;
  }

  /** Every item whose row says that there is one. */
  get items(): SeenItem[] {
    return Array.from({ length: this.blocks }, (_, item) => ({
      item,
      state: this.row(item, "state"),
      owner: this.row(item, "owner"),
      length: this.row(item, "length"),
      flags: this.row(item, "flags"),
      deliveries: this.row(item, "deliveries"),
    })).filter(({ state }) => state !== STATES.none);
  }

  /** The ready items in the order in which they will be taken. */
  get line(): number[] {
    if (this.discipline === "priority") return this.heap.sort((a, b) => this.compare(a, b));
    const line: number[] = [];
    for (let link = this.head("first"); link !== 0; link = this.row(link - 1, "link")) {
      assert.ok(line.length < this.blocks, "the line goes round in circles");
      line.push(link - 1);
    }
    return line;
  }

  private get heap(): number[] {
    return Array.from({ length: this.head("ready") }, (_, at) => this.row(at, "link") - 1);
  }

  private compare(a: number, b: number): number {
    const priority = (item: number): number =>
      new Float64Array(this.control.buffer)[(ROWS + item * ROW + itemRow.word.priority) / 2];
    const order = (item: number): number => this.row(item, "orderHigh") * 2 ** 32 + (this.row(item, "order") >>> 0);
    return priority(a) - priority(b) || order(a) - order(b);
  }

  /** The blocks of an item, in order. */
  blocksOf(item: number): number[] {
    const chain = [item];
    for (let left = blocksFor(this.row(item, "length")) - 1; left > 0; left--)
      chain.push(this.next(chain[chain.length - 1]) - 1);
    return chain;
  }

  contentOf(item: number): Buffer {
    const whole = Buffer.concat(
      this.blocksOf(item).map((block) => this.bytes.subarray(block * BLOCK, (block + 1) * BLOCK)),
    );
    return whole.subarray(0, this.row(item, "length"));
  }

  /** Everything that only saves time says what the rows say; no block is lost or shared. */
  check(): void {
    const { items, line } = this;
    const count = (state: number): number => items.filter((one) => one.state === state).length;
    assert.deepEqual(
      { ready: this.head("ready"), taken: this.head("taken"), writing: this.head("writing") },
      { ready: count(STATES.ready), taken: count(STATES.taken), writing: count(STATES.writing) },
      "the counts are those of the rows",
    );
    assert.deepEqual(
      [...line].sort((a, b) => a - b),
      items.filter(({ state }) => state === STATES.ready).map(({ item }) => item),
      "exactly the ready items are in the line",
    );
    if (this.discipline !== "priority")
      assert.equal(this.head("last"), line.length === 0 ? 0 : line[line.length - 1] + 1);
    else
      for (const [at, item] of this.heap.entries())
        assert.ok(at === 0 || this.compare(this.heap[(at - 1) >> 1], item) < 0, "nobody goes before who is above him");
    const used = items.flatMap(({ item }) => this.blocksOf(item));
    assert.equal(new Set(used).size, used.length, "no block belongs to two items");
    const free = Array.from({ length: this.blocks }, (_, block) => block).filter((block) => this.next(block) === FREE);
    assert.equal(free.length, this.head("free"), "so many blocks are free as is said");
    assert.equal(free.length + used.length, this.blocks, "every block is free or an item's");
    assert.ok(
      used.every((block) => !free.includes(block)),
      "no item's block is free",
    );
  }
}
