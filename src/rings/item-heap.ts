import type { ItemOrder } from "./item-line.js";
import type { ItemRows } from "./item-rows.js";
import { itemRow, storeHead } from "./item-store.layout.js";

const { word } = itemRow;
const { word: head } = storeHead;
const HIGH = 2 ** 32;

/**
 * By priority, the smallest number first, and in the order in which they were put among equals: a binary heap. Place n of
 * the heap is the word `link` of row n, whatever item that row is of. An item that comes back keeps its order, and so goes
 * before all of its priority that were put later.
 */
export class ItemHeap implements ItemOrder {
  constructor(private readonly rows: ItemRows) {}

  place(item: number, priority: number): void {
    const { rows } = this;
    rows.setPriority(item, priority);
    const order = (rows.get(head.lastOrder) >>> 0) + rows.get(head.lastOrderHigh) * HIGH + 1;
    rows.change(head.lastOrder, order | 0);
    rows.change(head.lastOrderHigh, Math.floor(order / HIGH));
    rows.set(item, word.order, order | 0);
    rows.set(item, word.orderHigh, Math.floor(order / HIGH));
  }

  placeBack(): void {
    // it has its place
  }

  add(item: number): void {
    let at = this.rows.get(head.ready) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.itemAt(parent);
      if (this.compare(above, item) < 0) break;
      this.setAt(at, above);
      at = parent;
    }
    this.setAt(at, item);
  }

  first(): number {
    return this.rows.get(head.ready) === 0 ? -1 : this.itemAt(0);
  }

  removeFirst(): void {
    const count = this.rows.get(head.ready) - 1;
    if (count === 0) return;
    const item = this.itemAt(count);
    let at = 0;
    for (let child = 1; child < count; child = at * 2 + 1) {
      if (child + 1 < count && this.compare(this.itemAt(child + 1), this.itemAt(child)) < 0) child++;
      const below = this.itemAt(child);
      if (this.compare(item, below) < 0) break;
      this.setAt(at, below);
      at = child;
    }
    this.setAt(at, item);
  }

  compare(a: number, b: number): number {
    const { rows } = this;
    return rows.priorityOf(a) - rows.priorityOf(b) || this.orderOf(a) - this.orderOf(b);
  }

  rebuild(ready: readonly number[]): void {
    for (const [at, item] of ready.entries()) this.setAt(at, item); // what is sorted is a heap
  }

  private orderOf(item: number): number {
    return this.rows.word(item, word.orderHigh) * HIGH + (this.rows.word(item, word.order) >>> 0);
  }

  private itemAt(at: number): number {
    return this.rows.checked(this.rows.word(this.rows.checked(at), word.link) - 1);
  }

  private setAt(at: number, item: number): void {
    this.rows.set(this.rows.checked(at), word.link, item + 1);
  }
}
