import { setTimeout as sleep } from "node:timers/promises";
import { measureOneWay } from "./measure-one-way.js";
import { measureRoundTrips } from "./measure-round-trips.js";
import type { Mechanism, Wire } from "./mechanism.js";
import type { Pace } from "./pace.js";
import type { BenchResults, Cell, Skipped } from "./results.js";

const SLICES = 5;
/** A peer that has not begun, or has not ended, by then is given up. */
const PATIENCE_MS = 30_000;
/** A figure takes about twice its time; one that takes so many times that, and the patience, is given up. */
const FIGURE_TIMES = 20;
/** After so many failures in a row nothing more is tried of a mechanism. */
const MOST_FAILURES = 2;

/** What is measured, and how long. */
export interface BenchPlan {
  readonly mechanisms: readonly Mechanism[];
  readonly sizes: readonly number[];
  /** For each figure. */
  readonly seconds: number;
  /** Milliseconds before something that should have happened is given up. */
  readonly patience?: number;
}

/** What a run tells while it goes. */
export interface BenchWatcher {
  /** So many of all figures are done; this one is next. */
  next(done: number, of: number, what: string): void;
}

type Found = Pick<BenchResults, "cells" | "skipped" | "warnings">;

/** Measures one mechanism after another. What fails is noted and the next is tried; only `signal` ends it early. */
export async function runBench(plan: BenchPlan, watcher: BenchWatcher, signal: AbortSignal): Promise<Found> {
  const run = new Run(plan, watcher, signal);
  for (const mechanism of plan.mechanisms) await run.measure(mechanism);
  return run;
}

class Run {
  readonly cells: Cell[] = [];
  readonly skipped: Skipped[] = [];
  readonly warnings: string[] = [];
  private done = 0;
  private planned: number;
  private readonly pace: Pace;
  private readonly patience: number;

  constructor(
    private readonly plan: BenchPlan,
    private readonly watcher: BenchWatcher,
    private readonly signal: AbortSignal,
  ) {
    this.patience = plan.patience ?? PATIENCE_MS;
    this.planned = plan.mechanisms.reduce((sum, one) => sum + 2 * this.sizesOf(one).length, 0);
    this.pace = {
      sliceSeconds: plan.seconds / SLICES,
      slices: SLICES,
      pause: async () => {
        await new Promise((done) => setImmediate(done));
        signal.throwIfAborted();
      },
    };
  }

  async measure(mechanism: Mechanism): Promise<void> {
    const { name, mostBytes } = mechanism.traits;
    const sizes = this.sizesOf(mechanism);
    this.signal.throwIfAborted();
    const why = await mechanism.whyNot?.();
    if (why !== undefined) {
      this.skipped.push({ mechanism: name, why });
      this.planned -= 2 * sizes.length;
      return;
    }
    if (mechanism.traits.carries === "messages")
      for (const bytes of this.plan.sizes.filter((one) => !sizes.includes(one)))
        this.skipped.push({
          mechanism: name,
          bytes,
          why: `it carries at most ${mostBytes?.toLocaleString("en")} bytes`,
        });
    await this.measureSizes(mechanism, sizes);
  }

  private async measureSizes(mechanism: Mechanism, sizes: readonly number[]): Promise<void> {
    const { name } = mechanism.traits;
    let wire: Wire | undefined;
    let failures = 0;
    try {
      for (const bytes of sizes) {
        const cell: { -readonly [Key in keyof Cell]: Cell[Key] } = { mechanism: name, bytes };
        try {
          if (failures >= MOST_FAILURES) throw new Error("not tried: what was before it has failed");
          wire ??= await this.open(mechanism, sizes);
          cell.roundTrip = await this.figure(wire, `${name} ${bytes} bytes, round trip`, measureRoundTrips, bytes);
          cell.oneWay = await this.figure(wire, `${name} ${bytes} bytes, one way`, measureOneWay, bytes);
          failures = 0;
        } catch (error) {
          this.signal.throwIfAborted();
          cell.problem = error instanceof Error ? error.message : String(error);
          failures++;
          await this.close(name, wire);
          wire = undefined;
        }
        this.cells.push(cell);
        this.done = 2 * this.cells.length;
      }
    } finally {
      await this.close(name, wire);
    }
  }

  /** A wire that comes after it was given up is closed all the same. */
  private async open(mechanism: Mechanism, sizes: readonly number[]): Promise<Wire> {
    const stop = new AbortController();
    const opening = mechanism.open(Math.max(...sizes), stop.signal);
    try {
      return await this.bounded(this.patience, "the other side has not begun", opening);
    } catch (error) {
      stop.abort();
      opening.then((wire) => this.close(mechanism.traits.name, wire)).catch(() => undefined);
      throw error;
    }
  }

  /** One figure of a wire, within its bound, and not after the other side has ended. */
  private async figure<Figure>(
    wire: Wire,
    what: string,
    measure: (wire: Wire, bytes: number, pace: Pace) => Promise<Figure>,
    bytes: number,
  ): Promise<Figure> {
    this.watcher.next(this.done, this.planned, what);
    const patience = this.patience + FIGURE_TIMES * this.plan.seconds * 1000;
    const figure = measure(wire, bytes, this.pace);
    figure.catch(() => undefined); // it may fail later, when its wire is gone
    const found = await this.bounded(patience, "it was not done", Promise.race([figure, wire.peer.failed]));
    this.done++;
    return found;
  }

  private async bounded<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
    const stop = new AbortController();
    const late = sleep(ms, undefined, { signal: AbortSignal.any([stop.signal, this.signal]) }).then((): never => {
      throw new Error(`${what} after ${ms / 1000} s`);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([work, late]);
    } finally {
      stop.abort();
    }
  }

  private async close(name: string, wire: Wire | undefined): Promise<void> {
    if (!wire) return;
    const stop = new AbortController();
    try {
      const late = sleep(this.patience, true, { signal: stop.signal }).catch(() => false);
      if (await Promise.race([wire.close().then(() => false), late]))
        this.warnings.push(`${name}: it was not closed after ${this.patience / 1000} s`);
    } catch (error) {
      this.warnings.push(`${name}: ${(error as Error).message}`);
    } finally {
      stop.abort();
    }
  }

  private sizesOf({ traits }: Mechanism): number[] {
    const { carries, mostBytes = Number.POSITIVE_INFINITY } = traits;
    if (carries === "number") return [4];
    if (carries === "nothing") return [0];
    return this.plan.sizes.filter((bytes) => bytes <= mostBytes);
  }
}
