import { isOwner } from "../../memory/owner.js";
import type { ItemStore } from "../../rings/item-store.js";
import type { Holding } from "../holding.js";

/**
 * How many items each attached thread has under its owner word, and how many of those it does not work on. All but
 * `rest` and `takers` is for whoever is alone (see guard.ts).
 */
export class QueueHeld {
  constructor(
    private readonly holding: Holding,
    private readonly store: ItemStore,
    /** Word indexes of the two tables. */
    private readonly held: number,
    private readonly resting: number,
  ) {}

  /** How many this thread has. */
  get own(): number {
    return this.holding.words.load(this.held + this.holding.index);
  }

  /** This thread has so many more. */
  count(change: number): void {
    const { words, index } = this.holding;
    words.store(this.held + index, words.load(this.held + index) + change);
  }

  /** So many of this thread's items more, or less, are not worked on. */
  rest(change: number): void {
    const { words, index } = this.holding;
    words.store(this.resting + index, words.load(this.resting + index) + change);
  }

  /** Brings back what this entry's last owner, killed, has left. Gives how many items changed. */
  begin(): number {
    const { words, index } = this.holding;
    const changed = words.load(this.held + index) === 0 ? 0 : this.reclaimStore();
    words.store(this.held + index, 0);
    words.store(this.resting + index, 0);
    return changed;
  }

  /** Brings back what the dead had, if any of those who have something is dead. Gives how many items changed. */
  reclaim(): number {
    const { holding } = this;
    const dead: number[] = [];
    for (let index = 0; index < holding.maxAttached; index++)
      if (holding.words.load(this.held + index) !== 0 && this.isGone(holding.ownerAt(index))) dead.push(index);
    if (dead.length === 0) return 0;
    const changed = this.reclaimStore();
    for (const index of dead) holding.words.store(this.held + index, 0);
    return changed;
  }

  /** Works everything out anew after a death in the middle of a change. */
  repair(): void {
    const { holding, store } = this;
    store.repair();
    this.reclaimStore();
    const counts = new Map<number, number>();
    for (const owner of store.owners()) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    for (let index = 0; index < holding.maxAttached; index++)
      holding.words.store(this.held + index, counts.get(holding.ownerAt(index)) ?? 0);
  }

  /** Whether somebody works on an item, `own` of this thread's left aside. */
  isWorkedOn(own: number): boolean {
    const { words, index: self, maxAttached } = this.holding;
    if (this.store.taken === 0) return false;
    for (let index = 0; index < maxAttached; index++) {
      const working = words.load(this.held + index) - words.load(this.resting + index);
      if (working > (index === self ? own : 0)) return true;
    }
    return false;
  }

  /** Those whose death may bring something back. */
  takers(): number[] {
    const { holding } = this;
    const found: number[] = [];
    for (let index = 0; index < holding.maxAttached; index++) {
      if (index === holding.index || holding.words.load(this.held + index) === 0) continue;
      const owner = holding.ownerAt(index);
      if (isOwner(owner)) found.push(owner);
    }
    return found;
  }

  isGone(owner: number): boolean {
    return !isOwner(owner) || !this.holding.isAlive(owner);
  }

  private reclaimStore(): number {
    const living = new Set<number>();
    for (let index = 0; index < this.holding.maxAttached; index++) {
      const owner = this.holding.ownerAt(index);
      if (!this.isGone(owner)) living.add(owner);
    }
    return this.store.reclaim((owner) => !living.has(owner));
  }
}
