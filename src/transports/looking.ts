import { now } from "../deadline.js";
import { Patience } from "../sync/patience.js";

/** No answer is looked for unless the last one came sooner than that: waking a processor that sleeps costs about as much. */
const MOST_MS = 0.1;

/** Those who look: few, and no Set, which V8 would grow anew among its old objects all the time. */
const lookers: Looking[] = [];
let isTurning = false;

/** While an immediate is pending the loop asks the system what has come, and does not sleep. */
function turn(): void {
  const at = now();
  for (let index = lookers.length - 1; index >= 0; index--) lookers[index].check(at);
  isTurning = lookers.length > 0;
  if (isTurning) setImmediate(turn);
}

/**
 * Keeps the event loop from sleeping for a moment while an answer is awaited on a connection whose peer answers at once.
 * Where answers take longer, and where looking only keeps the peer from running, nothing is looked for; see `Patience`.
 */
export class Looking {
  private readonly patience = new Patience(0, MOST_MS);
  private until = 0;
  private asleepSince = 0;
  private isLooking = false;

  /** Somebody waits for a message. */
  begin(): void {
    const { ms } = this.patience;
    const at = now();
    this.asleepSince = at;
    if (ms === 0 || this.isLooking) return;
    this.until = at + ms;
    this.isLooking = true;
    lookers.push(this);
    if (isTurning) return;
    isTurning = true;
    setImmediate(turn);
  }

  /** It came, or nobody waits any more. */
  end(): void {
    if (this.stop()) this.patience.paid();
    else this.patience.slept(now() - this.asleepSince);
  }

  /** @internal it has looked long enough */
  check(at: number): void {
    if (at < this.until) return;
    this.asleepSince = at;
    this.stop();
  }

  /** False: it did not look. */
  private stop(): boolean {
    if (!this.isLooking) return false;
    this.isLooking = false;
    const last = lookers.pop();
    if (last !== this) lookers[lookers.indexOf(this)] = last as Looking;
    return true;
  }
}
