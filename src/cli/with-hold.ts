import type { WaitOptions } from "../deadline.js";
import { TimeoutError } from "../errors.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";
import { runCommand } from "./run-command.js";

export interface HoldOptions {
  /** Milliseconds to wait; 0 does not wait at all. */
  readonly timeout?: number;
  /** The object stays when nobody holds it, with what it tells of a holder that died. */
  readonly persist?: boolean;
  /** What there is to tell goes to stderr as JSON. */
  readonly json?: boolean;
}

interface Hold extends Disposable {
  readonly abandoned?: boolean;
}

interface Holdable {
  acquire(options: WaitOptions): Promise<Hold>;
  tryAcquire(): Hold | undefined;
}

/** Runs a command while it holds something; tells when the last holder died with it. Gives the command's exit code. */
export async function withHold(
  label: string,
  object: Holdable,
  command: readonly string[],
  { timeout, json }: HoldOptions,
): Promise<number> {
  const late = (): Failure => new Failure(`${label} is taken${timeout ? `, and was for ${timeout} ms` : ""}`, 3);
  const acquire = (signal: AbortSignal): Promise<Hold> =>
    object.acquire({ signal, ...(timeout !== undefined && { timeout }) });
  const hold = timeout === 0 ? object.tryAcquire() : await interruptible(acquire).catch(translate);
  if (!hold) throw late();
  try {
    const abandoned = hold.abandoned ?? false;
    if (abandoned && !json)
      process.stderr.write(
        `interproc: ${label} was abandoned: whoever held it died, what it guards may be half changed\n`,
      );
    const code = await runCommand(command, { INTERPROC_ABANDONED: abandoned ? "1" : "" });
    if (json) process.stderr.write(`${JSON.stringify({ abandoned, exitCode: code })}\n`);
    return code;
  } finally {
    hold[Symbol.dispose]();
  }

  function translate(error: unknown): never {
    throw error instanceof TimeoutError ? late() : error;
  }
}
