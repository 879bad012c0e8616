const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** A signal asked the command to end. */
export class Interruption extends Error {
  constructor(signal: keyof typeof SIGNALS) {
    super(`ended by ${signal}`);
    this.exitCode = 128 + SIGNALS[signal];
  }

  /** As a shell tells it. */
  readonly exitCode: number;
}

/** Runs work that can be given up: the first signal aborts it, so that it can clean up; a second one ends the process. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const names = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  const give = (name: keyof typeof SIGNALS): void => {
    forget();
    abort.abort(new Interruption(name));
  };
  const forget = (): void => {
    for (const name of names) process.off(name, give);
  };
  for (const name of names) process.on(name, give);
  try {
    return await work(abort.signal);
  } finally {
    forget();
  }
}
