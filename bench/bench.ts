/** What every benchmark is asked. */
export interface BenchOptions {
  /** Short measurements (about 0.2 s each) for a first look; figures to quote want the full second. */
  quick: boolean;
  /** How often each figure is measured; the median is reported. */
  runs: number;
  /** Measure only what has this text in its label; everything when undefined. */
  only: string | undefined;
}

/** What every benchmark answers: the same result as text for people and as data for programs. */
export interface BenchReport {
  text: string;
  data: Record<string, unknown>;
}

/** One question, in a file `NAME.bench.ts` that exports it as `bench`; `main.ts` finds it by that name. */
export interface Bench {
  summary: string;
  run(options: BenchOptions): Promise<BenchReport>;
}
