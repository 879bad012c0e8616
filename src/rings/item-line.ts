import { ProtocolError } from "../errors.js";
import type { ItemRows } from "./item-rows.js";
import { itemRow, STATES, storeHead } from "./item-store.layout.js";

const { word } = itemRow;
const { word: head } = storeHead;
/** Orders further apart than that are not of neighbours. */
const FAR = 2 ** 24;

/** In which order ready items are taken. An index only: it is made anew from the rows after a death in a change. */
export interface ItemOrder {
  /** Gives a new item its place, before it is shown. */
  place(item: number, priority: number): void;
  /** The same for a taken item that comes back, before all that are ready (of its priority). */
  placeBack(item: number): void;
  /** Takes in an item that was placed, or placed back, and is shown; the count of the ready ones has it already. */
  add(item: number, isBack: boolean): void;
  /** The item that is taken next, or -1. */
  first(): number;
  /** The first one has left; the count of the ready ones still has it. */
  removeFirst(): void;
  compare(a: number, b: number): number;
  /** Makes the index for these ready items, the first one first. */
  rebuild(ready: readonly number[]): void;
}

/** First in, first out, or last in, first out: a chain of ready items. */
export class ItemLine implements ItemOrder {
  constructor(
    private readonly rows: ItemRows,
    private readonly isLifo: boolean,
  ) {}

  place(item: number): void {
    const { rows } = this;
    const step = this.isLifo ? -1 : 1;
    const link = rows.get(this.isLifo ? head.first : head.last);
    let order = (rows.get(head.lastOrder) + step) | 0;
    if (link !== 0) {
      // the order next to the neighbour's could be that of a taken item
      const neighbour = rows.word(rows.checked(link - 1), word.order);
      const distance = ((order - neighbour) * step) | 0;
      if (!(distance > 0 && distance < FAR)) order = (neighbour + step) | 0;
    }
    rows.change(head.lastOrder, order);
    rows.set(item, word.order, order);
  }

  placeBack(item: number): void {
    const { rows } = this;
    const own = rows.word(item, word.order);
    const first = rows.get(head.first);
    if (first === 0) {
      const last = rows.get(head.lastOrder);
      if (Math.abs((last - own) | 0) < FAR) return;
      const order = (last + (this.isLifo ? -1 : 1)) | 0;
      rows.change(head.lastOrder, order);
      rows.set(item, word.order, order);
      return;
    }
    const next = rows.word(rows.checked(first - 1), word.order);
    const distance = (next - own) | 0;
    if (!(distance > 0 && distance < FAR)) rows.set(item, word.order, (next - 1) | 0);
  }

  add(item: number, isBack: boolean): void {
    const { rows } = this;
    const last = rows.get(head.last);
    if (isBack || this.isLifo || last === 0) {
      const behind = rows.get(head.first);
      rows.set(item, word.link, behind);
      rows.change(head.first, item + 1);
      if (behind === 0) rows.change(head.last, item + 1);
      return;
    }
    rows.set(item, word.link, 0);
    rows.set(rows.checked(last - 1), word.link, item + 1);
    rows.change(head.last, item + 1);
  }

  first(): number {
    const first = this.rows.get(head.first);
    return first === 0 ? -1 : this.rows.checked(first - 1);
  }

  removeFirst(): void {
    const { rows } = this;
    const link = rows.word(this.first(), word.link);
    rows.change(head.first, link);
    if (link === 0) rows.change(head.last, 0);
  }

  compare(a: number, b: number): number {
    return (this.rows.word(a, word.order) - this.rows.word(b, word.order)) | 0;
  }

  rebuild(ready: readonly number[]): void {
    const { rows } = this;
    rows.change(head.first, ready.length > 0 ? ready[0] + 1 : 0);
    rows.change(head.last, ready.length > 0 ? ready[ready.length - 1] + 1 : 0);
    for (const [i, item] of ready.entries()) rows.set(item, word.link, i + 1 < ready.length ? ready[i + 1] + 1 : 0);
  }
}

/** The item that is taken next, unless it is none: then the memory is broken. */
export function checkReady(rows: ItemRows, item: number): number {
  const state = rows.word(item, word.state);
  if (state !== STATES.ready) throw new ProtocolError(`the item that is taken next is in state ${state}; it is 2`);
  return item;
}
