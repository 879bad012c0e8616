import type { Access, Act } from "./access.js";
import { Fingerprint, ofTheWorld } from "./fingerprint.js";
import { deathWord } from "./ground.js";

/** Something a script says of itself, for the properties to be held against: it follows the access before it at once. */
export interface Note {
  readonly what: string;
  readonly value: number;
}

/** Stops a party at its next access. Thrown once more at whatever it tries while it is unwound. */
class Stop {}
const STOP = new Stop();

/** A clock that goes on for ever would make every state a new one. */
const MOST_TICKS = 4;
const FIRST_MS = 1000;

let running: Party | undefined;

/** The party whose code runs this very moment; the replaced doors (kernel, clock, memory) ask for it. */
export function party(): Party {
  if (!running) throw new Error("no party of the explorer runs");
  return running;
}

/** What a replay came to: the next access, or the end of the script. */
export interface Stopped {
  readonly access: Access | undefined;
  /** What the code threw by itself. */
  readonly thrown: unknown;
  readonly notes: readonly Note[];
  /** What the party's further course depends on: besides, on nothing but the results since. */
  readonly mark: string | undefined;
}

/**
 * One party of a run: its script is run from the beginning with the recorded results of its accesses, and stopped at the
 * first one that has none. A stopped party's `finally` blocks reach no memory.
 */
export class Party {
  /** This thread's sleep in the event loop, and what it does when woken. */
  readonly immediates: (() => void)[] = [];
  readonly timers = new Map<object, { work: () => void; ms: number }>();
  onPoke: (() => void) | undefined;
  private firstWords: Readonly<Record<number, number>> | undefined;
  private isStopped = false;
  private cursor = 0;
  private access: Access | undefined;
  private notes: Note[] = [];
  private mark: string | undefined;
  private label = "";
  private ticks = 0;
  /** What this thread knows of deaths, in a variable of its sleeping code. */
  private lastDeath = 0;
  private napping: { at: number; mark: string } | undefined;
  private readonly known: unknown[] = [];

  constructor(
    readonly index: number,
    private readonly results: readonly number[],
    private readonly tickMs: number,
  ) {
    ofTheWorld(this);
  }

  /** Runs the script as far as the results go. */
  run(script: (party: Party) => void): Stopped {
    running = this;
    let thrown: unknown;
    try {
      script(this);
    } catch (error) {
      if (!this.isStopped) thrown = error;
    } finally {
      running = undefined;
    }
    return { access: this.access, thrown, notes: this.notes, mark: this.mark };
  }

  /**
   * Steps that are over before the parties begin: they must leave the first state of the memory as it is. They find the
   * words `first`, and 0 elsewhere.
   */
  setUp<T>(make: () => T, first: Readonly<Record<number, number>> = {}): T {
    this.firstWords = first;
    try {
      return make();
    } finally {
      this.firstWords = undefined;
    }
  }

  /** Objects on whose state the party's further course depends, besides where it stands. */
  knows(...objects: readonly unknown[]): void {
    this.known.push(...objects);
  }

  /** The party's course depends from here on only on what it {@link knows} and on this label. */
  begins(label: string): void {
    this.label = label;
    this.note("begins");
    this.settle("");
  }

  /** Says something to the properties. */
  note(what: string, value = 0): void {
    this.notes.push({ what, value });
  }

  /** One of so many ways to go on; all are explored. */
  choose(ways: number): number {
    return this.step("choose", ways);
  }

  now(): number {
    return FIRST_MS + Math.min(this.ticks, MOST_TICKS) * this.tickMs;
  }

  /** Makes one step in the world and gives its result. */
  step(act: Act, at: number, value = 0, expected = 0): number {
    if (this.isStopped) throw STOP;
    if (this.firstWords) return act === "load" || act === "plain load" ? (this.firstWords[at] ?? 0) : 0;
    if (act === "sleep" || act === "wait in the loop") this.settle(`${act} ${value} ${this.lastDeath}`);
    else if (act === "nap") this.settleNap(at, expected);
    if (this.cursor === this.results.length) {
      this.access = { act, at, value, expected };
      this.isStopped = true;
      throw STOP;
    }
    this.notes.length = 0;
    this.mark = undefined;
    const result = this.results[this.cursor++];
    if (act === "sleep" || act === "wait in the loop") this.ticks++;
    else if (act === "load" && at === deathWord(this.index)) this.lastDeath = result;
    else if (act === "compareExchange" && at === this.napping?.at && result === expected) this.napping = undefined;
    return result;
  }

  /** Whether code runs that is over before the parties begin. */
  get isSettingUp(): boolean {
    return this.firstWords !== undefined;
  }

  /** Two courses that come here in the same condition go on as one. */
  private settle(where: string): void {
    this.napping = undefined;
    if (this.cursor < this.results.length) return;
    this.mark = `${this.label}/${where}/${this.now()}/${new Fingerprint().of([this.known, this.immediates.length, this.timers])}`;
  }

  /**
   * Someone who naps until a word changes, again and again, has learnt nothing between one nap and the next: they are
   * one state.
   */
  private settleNap(at: number, expected: number): void {
    if (this.napping?.at !== at) {
      this.napping = { at, mark: `nap ${this.results.slice(0, this.cursor)}` };
      return;
    }
    if (this.cursor === this.results.length) this.mark = `${this.napping.mark}/${expected}`;
  }
}
