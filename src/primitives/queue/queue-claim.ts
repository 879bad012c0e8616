import type { Holding } from "../holding.js";
import { queueHead } from "./queue.layout.js";

const { word } = queueHead;

/**
 * Blocks that are left free for a putter that has waited long, lest short items starve its long one. One claim at a time;
 * a dead claimant's ends. For whoever is alone (see guard.ts).
 */
export class QueueClaim {
  private readonly owner: number;
  private readonly blocks: number;
  /** The call of this thread that has it. */
  private by: object | undefined;

  constructor(
    private readonly holding: Holding,
    body: number,
    private readonly isGone: (owner: number) => boolean,
  ) {
    this.owner = body + word.claimOwner;
    this.blocks = body + word.claimBlocks;
  }

  /** Claims so many for a call of this thread, unless somebody has claimed some. */
  take(blocks: number, by: object): void {
    const { words, self } = this.holding;
    const owner = words.load(this.owner);
    if (owner !== 0 && (owner === self ? this.by !== undefined : !this.isGone(owner))) return;
    this.by = by;
    words.store(this.blocks, blocks);
    words.store(this.owner, self);
  }

  isOf(by: object | undefined): boolean {
    return by !== undefined && this.by === by;
  }

  /** The call does not need them any more. */
  release(by: object | undefined): void {
    if (!this.isOf(by)) return;
    const { words, self } = this.holding;
    this.by = undefined;
    if (words.load(this.owner) === self) words.store(this.owner, 0);
  }

  /** Whether `wanted` of the `free` blocks may be had by a call. */
  allows(wanted: number, free: number, by: object | undefined): boolean {
    if (wanted > free) return false;
    const { words, self } = this.holding;
    const owner = words.load(this.owner);
    if (owner === 0 || (owner === self && this.isOf(by))) return true;
    if (wanted + (words.load(this.blocks) >>> 0) <= free) return true;
    if (!this.isGone(owner)) return false;
    words.store(this.owner, 0);
    return true;
  }
}
