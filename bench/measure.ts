import type { BenchOptions } from "./bench.js";
import type { Figures } from "./rounds.js";
import { runProgram } from "./run-program.js";
import { median, spread } from "./statistics.js";

/** One figure to measure: a program of `bench/peers` and the question it gets, with labels for the tables. */
export interface Cell<Question = unknown> {
  peer: string;
  program: string;
  question: Question;
}

/** A cell and its answer: the median of the runs, or, where it could not be measured, why. */
export interface Measured<Question = unknown> extends Cell<Question> {
  runs: Figures[];
  median: Figures | undefined;
  /** (largest - smallest) / median of each figure over the runs. */
  spread: Figures | undefined;
  problem: string | undefined;
}

/**
 * Measures all cells, run after run over the whole list rather than cell after cell, so that a disturbance of the
 * machine hits one run of several cells and not all runs of one. A cell that fails is not tried again.
 */
export async function measureAll<Question>(
  cells: readonly Cell<Question>[],
  options: BenchOptions,
): Promise<Measured<Question>[]> {
  const measured = cells.map((cell): Measured<Question> => {
    return { ...cell, runs: [], median: undefined, spread: undefined, problem: undefined };
  });
  for (let run = 1; run <= options.runs; run++) {
    for (const [index, cell] of measured.entries()) {
      if (cell.problem !== undefined) continue;
      progress(`run ${run}/${options.runs}, ${index + 1}/${measured.length}: ${cell.peer} ${describe(cell.question)}`);
      try {
        cell.runs.push(await runProgram(cell.program, cell.question));
      } catch (error) {
        cell.problem = error instanceof Error ? error.message : String(error);
        progress("");
        process.stderr.write(`${cell.peer} ${describe(cell.question)}: ${cell.problem}\n`);
      }
    }
  }
  progress("");
  for (const cell of measured) {
    if (cell.problem !== undefined) continue;
    cell.median = overRuns(cell.runs, median);
    cell.spread = overRuns(cell.runs, spread);
  }
  return measured;
}

/** Keeps the cells whose peer or question contains `only`; all of them without it. */
export function selectCells<Question>(cells: readonly Cell<Question>[], only: string | undefined): Cell<Question>[] {
  if (only === undefined) return [...cells];
  return cells.filter((cell) => `${cell.peer} ${describe(cell.question)}`.includes(only));
}

/** The cells that could not be measured, one line for each different reason, to stand under a table. */
export function problemLines(measured: readonly Measured[]): string[] {
  return [
    ...new Set(measured.filter((cell) => cell.problem !== undefined).map((cell) => `- ${cell.peer}: ${cell.problem}`)),
  ];
}

/** How far the runs of a figure lie apart; nothing for a single run. */
export function spreadText({ spread, runs }: Measured, figure: string): string {
  const share = spread?.[figure];
  return share === undefined || runs.length < 2 ? "-" : `${(share * 100).toFixed(0)} %`;
}

function overRuns(runs: readonly Figures[], reduce: (values: readonly number[]) => number): Figures {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, reduce(runs.map((run) => run[name] ?? Number.NaN))]));
}

function describe(question: unknown): string {
  return Object.entries(question as Record<string, unknown>)
    .filter(([name]) => name !== "seconds")
    .map(([, value]) => String(value))
    .join(" ");
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
