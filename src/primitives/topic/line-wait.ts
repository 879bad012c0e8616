import type { Wait } from "../../sync/wait.js";
import type { Waiters } from "../../sync/waiters.js";

/** One call that waits in a line in which all are woken at once, and where nobody's death ends a wait. */
export class LineWait implements Wait {
  constructor(
    private readonly line: Waiters,
    readonly attempt: () => boolean,
    public holdsLoop: boolean,
    private readonly steps: () => number,
  ) {}

  get moved(): number {
    return this.steps();
  }

  arm(): void {
    this.line.arm(this);
  }

  disarm(): void {
    this.line.disarm(this);
  }

  recheck(): void {
    this.line.armAgain(this);
  }

  peers(): readonly number[] {
    return [];
  }
}
