import { constants } from "node:os";
import { UsageError } from "../errors.js";

/** Which signals count, and how long handlers may take. */
export interface ShutdownOptions {
  /**
   * Milliseconds that all handlers together may take, 10,000 by default; then the process ends with 128 + the signal's number.
   * Where handlers say different ones, or some say none, the longest counts.
   */
  timeout?: number;
  /** Which signals ask for it; default SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
}

type Handler = (signal: NodeJS.Signals) => unknown;

interface Registered {
  readonly work: Handler;
  readonly timeout: number;
  readonly signals: readonly NodeJS.Signals[];
}

/** A terminal, and what started the program in it, may both pass the same signal on: that is one request. */
const SAME_REQUEST_MS = 500;
const handlers: Registered[] = [];
const listening = new Set<NodeJS.Signals>();
let began: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;

/**
 * Runs `work` when this process is asked to end: stop taking, finish what is under way, close. Handlers run one after the
 * other, the one that was registered last first, and may return promises. Then the process exits: with code 0, or 1 when a
 * handler threw (it is told on stderr, and the others still run). Past the `timeout`, or at a second signal, it ends at once
 * with 128 + the signal's number, as a shell reports one that was killed. The same signal within half a second is no second one:
 * runners pass on what the terminal has sent to the whole group already.
 *
 * The workers of a `Pool` and a `Manager`'s process leave signals to this process, so that handlers may still use them. Gives what
 * takes the handler back. Main threads only: a worker thread is not told of signals.
 *
 * @throws UsageError for what is no function, for a timeout that is no number of milliseconds, for no signals, and for one that the system does not have
 * @example
 * const stopping = new AbortController();
 * const forget = onShutdown(() => stopping.abort());
 * forget();
 */
export function onShutdown(work: Handler, options: ShutdownOptions = {}): () => void {
  if (typeof options !== "object" || options === null)
    throw new UsageError(`onShutdown(): the options are ${String(options)}; allowed: { timeout, signals }, or none`);
  const { timeout = 10_000, signals = ["SIGTERM", "SIGINT"] } = options;
  if (!Array.isArray(signals) || signals.length === 0)
    throw new UsageError('onShutdown(): signals names none; allowed: an array of one or more, such as ["SIGTERM"]');
  if (typeof work !== "function") throw new UsageError(`onShutdown() of ${typeof work}; allowed: a function`);
  if (!(timeout >= 0 && timeout < 2 ** 31))
    throw new UsageError(`onShutdown(): timeout is ${String(timeout)}; allowed: 0 to ${2 ** 31 - 1} milliseconds`);
  for (const signal of signals)
    if (!Object.hasOwn(constants.signals, signal) || signal === "SIGKILL" || signal === "SIGSTOP")
      throw new UsageError(
        `onShutdown(): ${String(signal)} cannot be listened for; allowed: SIGTERM, SIGINT and the like`,
      );
  const registered: Registered = { work, timeout, signals };
  handlers.push(registered);
  listen();
  return () => {
    const index = handlers.indexOf(registered);
    if (index >= 0) handlers.splice(index, 1);
    listen();
  };
}

/** Listens for the signals that some handler wants, and for no others: without a handler they end the process as ever. */
function listen(): void {
  const wanted = new Set(handlers.flatMap(({ signals }) => signals));
  for (const signal of wanted) {
    if (listening.has(signal)) continue;
    listening.add(signal);
    process.on(signal, onSignal);
  }
  if (began) return;
  for (const signal of listening) {
    if (wanted.has(signal)) continue;
    listening.delete(signal);
    process.off(signal, onSignal);
  }
}

function onSignal(signal: NodeJS.Signals): void {
  const at = performance.now();
  if (began) {
    if (signal === began.signal && at - began.at < SAME_REQUEST_MS) return;
    process.exit(128 + constants.signals[signal]);
  }
  began = { signal, at };
  const asked = handlers.filter(({ signals }) => signals.includes(signal)).reverse();
  const most = Math.max(0, ...asked.map(({ timeout }) => timeout));
  setTimeout(() => {
    console.error(`onShutdown(): not done within ${most} ms after ${signal}`);
    process.exit(128 + constants.signals[signal]);
  }, most);
  void runAll(asked, signal).then((code) => process.exit(code));
}

/** Gives the exit code. */
async function runAll(asked: readonly Registered[], signal: NodeJS.Signals): Promise<number> {
  let code = 0;
  for (const { work } of asked) {
    try {
      await work(signal);
    } catch (error) {
      console.error("onShutdown(): a handler failed:", error);
      code = 1;
    }
  }
  return code;
}
