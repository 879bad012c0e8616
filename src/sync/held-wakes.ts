/*
 * Held wakes: many messages, one wake.
 *
 * Idea    Waking a thread out of its event loop costs the waker a system call of tens of microseconds, a hundred times
 *         what a small message costs. A receiver that is faster than its sender empties the ring and sleeps again while
 *         the sender is still in that call, and both fall in step: one wake a message. So while messages follow each
 *         other faster than a wake takes, the wake is held back for about as long as it would take, and a ring's worth
 *         goes with one. A message that comes alone is told at once.
 * Order   A held wake is given before this thread waits for anything, before its loop turns, and by the first message
 *         after the time. It is for each object to say whether sleepers in a call are kept waiting as well (a queue's), or only those
 *         in their loops (a pipe's).
 * Death   A holder that is killed: its FIFO's hang-up wakes the sleeper. One that computes after its last message without
 *         awaiting anything: the sleeper's own next look, 2 ms later in a call, 10 ms in the loop while messages have been coming.
 * Source  Ski rental: waiting as long as a thing costs never costs more than twice the best choice. Interrupt
 *         coalescing of network cards and virtio's notification suppression.
 */
import { now } from "../deadline.js";
import type { Parker } from "./parker.js";

/** A wake is held for as long as a wake takes, within these. */
const MOST_MS = 0.1;
const CLOCK_EVERY = 8;

/** When messages are a burst, and how long its wake is held at least. */
export interface Burst {
  /** So many messages at least have to be known. */
  readonly messages: number;
  /** Messages further apart than that on the average are none. */
  readonly gapMs: number;
  readonly leastMs: number;
}

/** Of messages: who sleeps has nothing to do meanwhile. */
const PUBLISHED: Burst = { messages: 4, gapMs: 0.01, leastMs: 0.02 };
/** Of room: who sleeps had filled all of it, and nobody is short of anything until half is free. */
export const MADE_ROOM: Burst = { messages: 1, gapMs: 0.1, leastMs: 5 };

export class HeldWakes {
  /** Messages since `since`, when the last wake was given. */
  private messages = 0;
  private since = 0;
  private heldAt = 0;
  private heldFrom = 0;
  private costMs: number;
  private turnAsked = false;

  constructor(
    private readonly parker: Pick<Parker, "holding">,
    private readonly wake: () => void,
    /** Whether somebody sleeps, so that waking costs a system call. */
    private readonly isAsleep: () => boolean,
    private readonly burst = PUBLISHED,
  ) {
    this.costMs = burst.leastMs;
  }

  /** A message was published, or its room was given back. */
  count(): void {
    this.messages++;
  }

  /** Somebody waits for what was published. `pressing`: so much lies there that it had better begin. */
  tell(pressing: boolean): void {
    if (this.heldAt !== 0) {
      if (pressing || ((this.messages - this.heldFrom) % CLOCK_EVERY === 0 && now() - this.heldAt >= this.costMs))
        this.flush();
      return;
    }
    if (!this.isAsleep()) return this.wake();
    const at = now();
    const { messages, gapMs } = this.burst;
    if (pressing || this.messages < messages || at - this.since > this.messages * gapMs) return this.wakeNow(at);
    this.heldAt = at;
    this.heldFrom = this.messages;
    this.parker.holding.add(this);
    if (this.turnAsked) return;
    this.turnAsked = true;
    setImmediate(() => {
      this.turnAsked = false;
      this.flush();
    });
  }

  /** Gives the wake that is held, if any. */
  flush(): void {
    if (this.heldAt !== 0) this.wakeNow(now());
  }

  private wakeNow(at: number): void {
    this.heldAt = 0;
    this.parker.holding.delete(this);
    this.wake();
    const after = now();
    this.messages = 0;
    this.since = after;
    this.costMs = Math.max(Math.min((this.costMs * 3 + after - at) / 4, MOST_MS), this.burst.leastMs);
  }
}
