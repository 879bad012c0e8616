/** What a party can do to the world in one step. `Atomics` accesses, plain ones, and calls of the kernel. */
export const ACTS = [
  "load",
  "store",
  "add",
  "or",
  "and",
  "exchange",
  "compareExchange",
  "plain load",
  "plain store",
  "ask whether alive",
  "sleep",
  "nap",
  "wake",
  "open the door of",
  "watch",
  "poke",
  "wait in the loop",
  "choose",
] as const;
export type Act = (typeof ACTS)[number];

/** One step that a party is about to make; its result comes from the world. */
export interface Access {
  readonly act: Act;
  /** Which word; which party, for what is asked or done of one; among how many, for a choice. */
  readonly at: number;
  /** What is to be stored, added …; milliseconds that a sleep lasts at most. */
  readonly value: number;
  readonly expected: number;
}

/** Those that a processor's store buffer may not outlive: what was stored plainly before is seen by all before them. */
export const drains = (act: Act): boolean => act !== "load" && act !== "plain load" && act !== "plain store";
