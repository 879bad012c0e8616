import { now } from "../../deadline.js";
import type { Wait } from "../../sync/wait.js";
import type { Waiters } from "../../sync/waiters.js";
import type { QueueCore } from "./queue-core.js";

const STARVING_MS = 10;

/** One consumer of this thread: the messages it has taken and not settled, and how many of its calls wait. */
export class Taker {
  readonly open = new Set<Disposable>();
  private waiting = 0;

  constructor(private readonly core: QueueCore) {}

  /** A message was settled. */
  settled(message: Disposable): void {
    if (this.open.delete(message) && this.waiting > 0) this.core.rest(-1);
  }

  /** While a call of its waits, what it has taken holds up nobody's end. */
  beginsToWait(): void {
    if (++this.waiting === 1) this.core.rest(this.open.size);
  }

  endsToWait(): void {
    if (--this.waiting === 0) this.core.rest(-this.open.size);
  }

  /** Gives back what it has not settled, so that the oldest is in front. */
  giveAllBack(): void {
    for (const message of [...this.open].reverse()) message[Symbol.dispose]();
  }

  /** Messages that it holds and that count as worked on. */
  get working(): number {
    return this.waiting > 0 ? 0 : this.open.size;
  }

  /** A message was taken. */
  takes(message: Disposable): void {
    this.open.add(message);
    if (this.waiting > 0) this.core.rest(1);
  }
}

/** One call that waits at a queue. */
export class QueueWait implements Wait {
  private since = 0;
  private isArmed = false;

  constructor(
    private readonly core: QueueCore,
    private readonly line: Waiters,
    readonly attempt: () => boolean,
    public holdsLoop: boolean,
    private readonly more: {
      /** Blocks that a putter waits for. */
      readonly blocks?: number;
      /** Throws when nobody could ever end the wait; asked before the first sleep only, because it costs system calls. */
      readonly requireOthers?: () => void;
      /** Whose wait it is. */
      readonly taker?: Taker;
    } = {},
  ) {}

  arm(): void {
    if (this.since === 0) {
      this.more.requireOthers?.();
      this.since = now();
    }
    this.line.arm(this);
    if (this.isArmed) return;
    this.isArmed = true;
    this.more.taker?.beginsToWait();
  }

  disarm(): void {
    this.line.disarm(this);
    if (!this.isArmed) return;
    this.isArmed = false;
    this.more.taker?.endsToWait();
  }

  recheck(): void {
    const { blocks } = this.more;
    this.line.armAgain(this);
    this.core.reclaim();
    if (blocks !== undefined && this.since !== 0 && now() - this.since > STARVING_MS) this.core.claim(blocks, this);
  }

  peers(): readonly number[] {
    const before = this.line.predecessor();
    const takers = this.core.held.takers();
    return before === 0 || takers.includes(before) ? takers : [...takers, before];
  }
}

/** One blocking call that waits until something could be taken, and takes nothing: then the next one is told as well. */
export class LookingWait extends QueueWait {
  constructor(
    core: QueueCore,
    attempt: () => boolean,
    taker: Taker,
    private readonly passOn: () => void,
  ) {
    super(core, core.readers, attempt, true, { taker });
  }

  override disarm(): void {
    super.disarm();
    this.passOn();
  }
}
