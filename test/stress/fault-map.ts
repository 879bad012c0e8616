/** A fault, and the moments (monotonic ms) at which it began and was over. */
export interface Fault {
  readonly kind: string;
  readonly at: number;
  over: number;
}

/** What came of faults: how often what happened after which kind of them, and how long something took. */
export class FaultMap {
  readonly faults: Fault[] = [];
  private readonly cells = new Map<string, Map<string, number>>();
  private readonly times = new Map<string, Map<string, number[]>>();

  constructor(
    private readonly outcomes: readonly string[],
    private readonly measures: readonly string[],
  ) {}

  begin(kind: string, at: number): Fault {
    const fault: Fault = { kind, at, over: at };
    this.faults.push(fault);
    this.count(kind, "times");
    return fault;
  }

  /** Counts what happened at that moment under the fault before it. */
  happened(outcome: string, at: number): void {
    const fault = this.faults.findLast((one) => one.at <= at);
    if (fault) this.count(fault.kind, outcome);
  }

  took(kind: string, measure: string, ms: number): void {
    const row = this.times.get(kind) ?? new Map<string, number[]>();
    this.times.set(kind, row);
    row.set(measure, [...(row.get(measure) ?? []), ms]);
  }

  /** Whether a fault was on between these moments. */
  isDisturbed(from: number, to: number): boolean {
    return this.faults.some(({ at, over }) => at <= to && over >= from);
  }

  /** A table in Markdown. */
  toString(): string {
    const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
    const kinds = [...this.cells.keys()].sort();
    const seconds = (ms: number): string => (ms / 1000).toFixed(2);
    const rows = kinds.map((kind) => [
      kind,
      ...["times", ...this.outcomes].map((outcome) => this.cells.get(kind)?.get(outcome) ?? 0),
      ...this.measures.map((measure) => {
        const sorted = (this.times.get(kind)?.get(measure) ?? []).toSorted((a, b) => a - b);
        const [middle = 0, most = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
        return sorted.length === 0 ? "" : `${seconds(middle)} / ${seconds(most)} s`;
      }),
    ]);
    const heads = ["fault", "times", ...this.outcomes, ...this.measures.map((one) => `${one}, p50 / max`)];
    return [line(heads), line(heads.map((_, i) => (i === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
  }

  private count(kind: string, outcome: string): void {
    const row = this.cells.get(kind) ?? new Map<string, number>();
    this.cells.set(kind, row);
    row.set(outcome, (row.get(outcome) ?? 0) + 1);
  }
}
