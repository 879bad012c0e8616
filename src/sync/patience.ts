import { canSpin } from "./processors.js";

const MOST_PENALTY = 1024;

type Level = "none" | "least" | "most";

/**
 * How long to look again and again before sleeping.
 *
 * Sleeping and being woken costs tens of microseconds (an idle core has to wake up), so a wait that ends sooner than that
 * is better spent looking. With a limit below the cost, two sides that hand pieces to each other fall into step: each gives
 * up looking just before the other one is awake, and both sleep once a piece. So after a sleep that was shorter than the
 * cost the longer limit is tried. Where even that was in vain, the other side waits for this very processor: then nothing
 * is looked for any more, and the longer limit is tried again ever more rarely. A long sleep says nothing, and the short
 * limit holds again.
 *
 * Source: competitive spinning (Karlin, Manasse, McGeoch and Owicki 1990), with the back-off of adaptive mutexes.
 */
export class Patience {
  private level: Level = "least";
  private penalty = 0;
  private credit = 0;

  constructor(
    private readonly leastMs: number,
    private readonly mostMs: number,
  ) {}

  /** Milliseconds to look before sleeping; 0 with one processor. */
  get ms(): number {
    if (!canSpin || this.level === "none") return 0;
    return this.level === "least" ? this.leastMs : this.mostMs;
  }

  /** What was waited for came while looking. */
  paid(): void {
    this.penalty = 0;
  }

  /** Looking was in vain, and a sleep of so long followed. */
  slept(ms: number): void {
    if (ms >= this.mostMs * 10) this.level = "least";
    else if (this.level === "least") this.level = ms < this.mostMs ? "most" : "least";
    else if (this.level === "most") {
      this.level = "none";
      this.penalty = Math.min(this.penalty * 2 + 1, MOST_PENALTY);
      this.credit = this.penalty;
    } else if (--this.credit <= 0) this.level = "most";
  }
}
