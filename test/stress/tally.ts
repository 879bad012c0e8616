/** How a victim may end: killed as a process, as a thread terminated from outside or by itself, or with its partner. */
export const deaths = ["process killed", "worker terminated", "worker exited", "both killed"] as const;
export type Death = (typeof deaths)[number];

const forEachDeath = <T>(make: () => T): Record<Death, T> =>
  Object.fromEntries(deaths.map((death) => [death, make()])) as Record<Death, T>;

/** What a kill run found: how often each thing happened that must never happen, and what it did to find it. */
export class Tally {
  readonly never = { lost: 0, corrupt: 0, "out of order": 0, unexpected: 0, "wrong end": 0, hung: 0, "files left": 0 };
  readonly did = {
    kills: 0,
    ...forEachDeath(() => 0),
    "before it began": 0,
    senders: 0,
    receivers: 0,
    stopped: 0,
    messages: 0,
  };
  /** One sentence for each thing that must not be. */
  readonly complaints: string[] = [];
  /** Milliseconds from the kill until the survivor had read all and saw the end. */
  readonly endMs = forEachDeath((): number[] => []);

  constructor(
    readonly name: string,
    readonly seed: number,
  ) {}

  wrong(what: keyof Tally["never"], sentence: string): void {
    this.never[what]++;
    this.complaints.push(sentence);
  }

  get isClean(): boolean {
    return Object.values(this.never).every((count) => count === 0);
  }

  /** The result map, on one line. */
  toString(): string {
    const list = (counts: Record<string, number>): string =>
      Object.entries(counts)
        .map(([what, count]) => `${what} ${count.toLocaleString("en")}`)
        .join(", ");
    const ends = deaths.filter((death) => this.endMs[death].length > 0).map((death) => this.endOf(death));
    const bound = ((300 / Math.max(1, this.did.kills)) as number).toPrecision(2);
    return (
      `${this.name}: ${list(this.did)}: ${list(this.never)} (none of so many: under ${bound} % with 95 % confidence); ` +
      `end seen after: ${ends.join("; ")}; seed ${this.seed}`
    );
  }

  private endOf(death: Death): string {
    const sorted = this.endMs[death].toSorted((a, b) => a - b);
    const at = (share: number): string =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
    return `${death} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
  }
}
