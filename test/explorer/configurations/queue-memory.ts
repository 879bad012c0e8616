import { queueHead, queuePlan } from "#src/primitives/queue/queue.layout.js";
import { BLOCK, itemRow, storeHead } from "#src/rings/item-store.layout.js";
import { guardHead } from "#src/sync/guard.layout.js";
import type { Configuration } from "../configuration.js";
import { BODY, PAYLOAD, WAITING } from "../ground.js";
import { namesOf } from "../names-of.js";

/** A queue's memory in words. */
export class QueueMemory {
  static readonly mostAttached = 3;
  readonly guard: number;
  private readonly plan: ReturnType<typeof queuePlan>;

  constructor(readonly blocks: number) {
    this.plan = queuePlan(QueueMemory.mostAttached, blocks);
    this.guard = BODY + this.plan.guard + guardHead.word.owner;
  }

  /** One of the queue's own words. */
  head(which: keyof typeof queueHead.word): number {
    return BODY + queueHead.word[which];
  }

  store(which: keyof typeof storeHead.word): number {
    return BODY + this.plan.store + storeHead.word[which];
  }

  item(item: number, which: keyof typeof itemRow.word): number {
    return BODY + this.plan.rows + (item * itemRow.bytes) / 4 + itemRow.word[which];
  }

  /** The word of a block that says which one follows it. */
  next(block: number): number {
    return BODY + this.plan.rows + (this.blocks * itemRow.bytes) / 4 + block;
  }

  /** How many items the thread in that seat has under its owner word. */
  held(seat: number): number {
    return BODY + this.plan.held + seat;
  }

  bytes(item: number): number {
    return PAYLOAD + (item * BLOCK) / 4;
  }

  /** Its first state, with nothing in it, and what its words are called. */
  get empty(): Required<Pick<Configuration, "initial" | "names">> {
    const { plan, blocks } = this;
    const items = Array.from({ length: blocks }, (_, item) => item);
    return {
      initial: {
        [this.store("free")]: blocks,
      },
      names: {
        [WAITING]: "bits of who waits",
        ...namesOf.words(BODY, queueHead.word, "queue's "),
        ...namesOf.words(BODY + plan.guard, guardHead.word, "guard's "),
        ...namesOf.words(BODY + plan.store, storeHead.word, "store's "),
        ...namesOf.line(BODY + plan.readers, "readers' "),
        ...namesOf.line(BODY + plan.writers, "writers' "),
        ...namesOf.line(BODY + plan.joiners, "joiners' "),
        ...Object.fromEntries([0, 1, 2].map((seat) => [this.held(seat), `held by ${seat}`])),
        ...Object.assign(
          {},
          ...items.map((item) => namesOf.words(this.item(item, "state"), itemRow.word, `item ${item}'s `)),
        ),
        ...Object.fromEntries(items.map((item) => [this.next(item), `next block behind ${item}`])),
        ...Object.fromEntries(items.map((item) => [this.bytes(item), `bytes of item ${item}`])),
      },
    };
  }
}
