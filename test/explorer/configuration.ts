import type { Party } from "./party.js";
import type { Production } from "./production.js";

/**
 * How plain stores reach memory: at once; from a store buffer in their order, as on x86; or from it in any order but
 * for one word's, as on processors that are weaker. `Atomics` stores wait until the buffer is empty, loads do not.
 */
export type MemoryModel = "sc" | "tso" | "pso";

/** What the properties see of a state. Facts are numbers that the properties keep themselves, all 0 at first. */
export interface View {
  word(index: number): number;
  fact(index: number): number;
  setFact(index: number, value: number): void;
  isDead(party: number): boolean;
  readonly someDied: boolean;
}

/** What runs, what may happen to it, and what must hold. */
export interface Configuration {
  readonly title: string;
  /** One name for each party. */
  readonly parties: readonly string[];
  /** What a party does; it returns when it is over. */
  script(party: Party, production: Production): void;
  readonly memory?: MemoryModel;
  /** How many parties may be killed, each at any access. None by default. */
  readonly kills?: number;
  /** Who may be killed; all by default. */
  readonly victims?: readonly number[];
  /** Whether a party may make its first step now; always by default. */
  mayBegin?(view: View, party: number): boolean;
  /** Whether a party may be killed now; always by default. */
  mayDie?(view: View, party: number): boolean;
  /** When a sleeper may look again without being woken. By default never: every wake-up must come. */
  readonly rechecks?: "never" | "after a death" | "always";
  /** Milliseconds that pass in each sleep. */
  readonly tickMs?: number;
  /** How many words of memory are used at most; 64 by default. */
  readonly mostWords?: number;
  /** Words that are not 0 at first. */
  readonly initial?: Readonly<Record<number, number>>;
  readonly names?: Readonly<Record<number, string>>;
  /** A sentence if a note that a party makes is against what was promised. */
  noted?(view: View, party: number, what: string, value: number): string | undefined;
  /** Told just after a kill. */
  died?(view: View, party: number): void;
  /** A sentence if it may not end so. All living parties are through with their scripts. */
  ended?(view: View): string | undefined;
}
