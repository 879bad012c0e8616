import { canSpin } from "./processors.js";

const MOST_PENALTY = 1024;

/**
 * How long to look again and again before sleeping. Sleeping and being woken costs tens of microseconds (an idle core has
 * to wake up), so a wait that ends sooner than that is better spent looking. With a limit below the cost, two sides that
 * hand pieces to each other fall into step: each gives up looking just before the other one is awake, and both sleep once
 * a piece. So a sleep that was shorter than the cost has the longer limit tried; where even that was in vain (the other
 * side waits for this very processor), the next tries come ever more rarely.
 *
 * Source: competitive spinning (Karlin, Manasse, McGeoch and Owicki 1990), with the back-off of adaptive mutexes.
 */
export class Patience {
  private isLong = false;
  private penalty = 0;
  private credit = 0;

  constructor(
    private readonly leastMs: number,
    private readonly mostMs: number,
  ) {}

  /** Milliseconds to look before sleeping; 0 with one processor. */
  get ms(): number {
    if (!canSpin) return 0;
    return this.isLong ? this.mostMs : this.leastMs;
  }

  /** What was waited for came while looking. */
  paid(): void {
    if (this.isLong) this.penalty = 0;
  }

  /** Looking was in vain, and a sleep of so long followed. */
  slept(ms: number): void {
    if (this.isLong) {
      this.isLong = false;
      this.penalty = Math.min(this.penalty * 2 + 1, MOST_PENALTY);
      this.credit = this.penalty;
    } else if (ms < this.mostMs && this.credit-- <= 0) this.isLong = true;
  }
}
