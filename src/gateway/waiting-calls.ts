const MOST_GIVEN_UP = 1000;

/** Calls that wait and that their client named, so that it can give one up and still hear how it went. */
export class WaitingCalls {
  private readonly running = new Map<string, AbortController>();
  /** Given up before they came: the two requests may overtake each other. */
  private readonly early = new Set<string>();

  /** Runs a call until it is given up: by its name, or because nobody waits any more. */
  async run<R>(name: string | null, signal: AbortSignal, body: (signal: AbortSignal) => Promise<R>): Promise<R> {
    if (name === null) return body(signal);
    const abort = new AbortController();
    if (this.early.delete(name)) abort.abort();
    this.running.set(name, abort);
    try {
      return await body(AbortSignal.any([signal, abort.signal]));
    } finally {
      this.running.delete(name);
    }
  }

  giveUp(name: string): void {
    const abort = this.running.get(name);
    if (abort) return abort.abort();
    this.early.add(name);
    if (this.early.size > MOST_GIVEN_UP) for (const oldest of this.early) return void this.early.delete(oldest);
  }
}
