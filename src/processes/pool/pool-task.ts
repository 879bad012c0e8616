/** A task as a pool knows it, and how long its calls take. */
export class PoolTask {
  /** Milliseconds that a call has taken lately, in a worker; undefined before any was measured. */
  callMs: number | undefined;
  private sent = 0;

  constructor(
    /** What stands for it in messages. */
    readonly index: number,
    readonly module: string,
    readonly name: string,
  ) {}

  /** Whether the next message of so many calls is to be measured: all at first, and of those with one call some. */
  isToBeTimed(calls: number): boolean {
    return this.callMs === undefined || calls > 1 || this.sent++ % 16 === 0;
  }

  took(calls: number, ms: number): void {
    const callMs = ms / calls;
    this.callMs = this.callMs === undefined ? callMs : (this.callMs + callMs) / 2;
  }
}
