/*
 * Chunking: how many calls go in one message, when nobody says.
 *
 * Idea    A message costs a few microseconds, whatever is in it, so short calls go together; but what goes together goes to
 *         one worker, and is lost together. So a chunk holds as many calls as take about a millisecond: the way costs
 *         less than a hundredth of that, and no worker waits longer for another one's last chunk.
 * Limits  The first calls go alone, and a chunk is at most four times as long as any before it, since early calls may say
 *         little about later ones. Towards a known end chunks get smaller, so that all workers end together.
 * Source  Guided self-scheduling (Polychronopoulos and Kuck), with the measured time of a call in place of a constant.
 */
const TARGET_MS = 1;
const MOST_CALLS = 4096;
const GROWTH = 4;

export class Chunking {
  private longest = 0;

  constructor(
    private readonly fixed: number | undefined,
    private readonly workers: number,
  ) {}

  /** How many calls the next message gets, when one takes `callMs`; `left` are left, Infinity when nobody knows. */
  next(callMs: number | undefined, left: number): number {
    if (this.fixed !== undefined) return this.fixed;
    if (callMs === undefined) return 1;
    const wanted = Math.min(MOST_CALLS, Math.floor(TARGET_MS / callMs));
    const fair = Math.ceil(left / (this.workers * 2));
    return Math.max(1, Math.min(wanted, this.longest * GROWTH, fair));
  }

  /** A message of so many calls was answered. */
  answered(calls: number): void {
    if (calls > this.longest) this.longest = calls;
  }
}
