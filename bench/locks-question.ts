import type { Figures } from "./rounds.js";

/** What the programs of the locks benchmark are asked. */
export interface LocksQuestion {
  measure: "turns" | "hand-over";
  /** The kind of lock and, where there is a choice, the form of waiting: "Lock, await". */
  mode: string;
  /** How many processes want it at the same time; a hand-over is between two. */
  contenders: 1 | 2 | 4;
  seconds: number;
}

/** What one contender did between two readings of the clock. */
export interface Contended {
  startNanos: number;
  endNanos: number;
  /** Turns (acquire and release) within that time. */
  turns: number;
  /** All of its turns, warm-up included. */
  raised: number;
}

/** The turns of all contenders a second, from the first start to the last end, and how fairly they were shared. */
export function contendedFigures(done: readonly Contended[]): Figures {
  const turns = done.map((one) => one.turns);
  const all = turns.reduce((sum, one) => sum + one, 0);
  const nanos = Math.max(...done.map((one) => one.endNanos)) - Math.min(...done.map((one) => one.startNanos));
  return {
    turnsPerSecond: all / (nanos / 1e9),
    nanosPerTurn: nanos / all,
    leastShare: (Math.min(...turns) * turns.length) / all,
    turns: all,
  };
}

/** Two at once are inside a semaphore of two permits: there a count under the lock proves nothing. */
export const excludes = ({ mode }: LocksQuestion): boolean => !mode.startsWith("Semaphore(2)");

/**
 * A lock is handed to and fro by two processes that need three of them. Before step `k` the first process holds `gives`
 * and one more, and waits next for `takes`, which the second holds; the second waits for `gives`, and gives `takes` once
 * it has that. So whoever waits really waits, and nobody can take again what he has just given back.
 */
export function ringStep(k: number): { gives: number; takes: number } {
  return { gives: (2 * k) % 3, takes: (2 * k + 1) % 3 };
}

/** What the first process holds before the first step; the second holds the third. */
export const ringStart = { first: [0, 2], second: [1] } as const;
