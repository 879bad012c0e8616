const NEVER = [
  "lost",
  "duplicated",
  "unexpected",
  "corrupt",
  "out of order",
  "two holders",
  "wrong abandonment",
  "wrong count",
  "wrong end",
  "hung",
  "files left",
  "descriptors left",
] as const;
export type Never = (typeof NEVER)[number];

/** What a run of faults found: what must never happen, and what it did to find it. */
export class FaultTally {
  readonly never = Object.fromEntries(NEVER.map((what) => [what, 0])) as Record<Never, number>;
  readonly did: Record<string, number> = {};
  /** What the killed were doing. */
  readonly died: Record<string, number> = {};
  /** One sentence for each thing that must not be. */
  readonly complaints: string[] = [];
  faults = 0;
  private readonly times: Record<string, number[]> = {};
  private readonly since = performance.now();
  /** When the last fault was. */
  private last = this.since;

  constructor(
    readonly name: string,
    readonly seed: number,
  ) {}

  wrong(what: Never, sentence: string): void {
    this.never[what]++;
    this.complaints.push(`${what}: ${sentence}`);
  }

  fault(how: string): void {
    this.faults++;
    this.last = performance.now();
    this.count(how);
  }

  count(what: string, by = 1): void {
    this.did[what] = (this.did[what] ?? 0) + by;
  }

  death(doing: string): void {
    this.died[doing] = (this.died[doing] ?? 0) + 1;
  }

  /** So many milliseconds something took that should be short. */
  took(what: string, ms: number): void {
    this.times[what] ??= [];
    this.times[what].push(ms);
  }

  get isClean(): boolean {
    return this.complaints.length === 0;
  }

  toString(): string {
    const list = (counts: Record<string, number>): string =>
      Object.entries(counts)
        .map(([what, count]) => `${what} ${count.toLocaleString("en")}`)
        .join(", ");
    const seconds = (this.last - this.since) / 1000;
    const bound = (300 / Math.max(1, this.faults)).toPrecision(2);
    return [
      `${this.name}: ${this.faults.toLocaleString("en")} faults in ${seconds.toFixed(0)} s, seed ${this.seed}`,
      `  faults: ${list(this.did)}`,
      `  the killed were: ${list(this.died)}`,
      `  ${list(this.never)} (none of so many: under ${bound} % of faults with 95 % confidence)`,
      ...Object.entries(this.times).map(([what, times]) => `  ${what}: ${percentiles(times)}`),
    ].join("\n");
  }
}

function percentiles(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (of ${sorted.length.toLocaleString("en")})`;
}
