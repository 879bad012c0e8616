import type { WaitOptions } from "../deadline.js";
import { ClosedError, EOFError, TimeoutError } from "../errors.js";
import { Topic } from "../primitives/topic/topic.js";
import { connectionAt } from "./exchange/connection-at.js";
import type { ExchangeOptions } from "./exchange/exchange-options.js";
import { outputBytes } from "./exchange/output-bytes.js";
import { queueAt, type TakenMessage } from "./exchange/queue-at.js";
import { targetOf } from "./exchange/target.js";
import { Failure } from "./failure.js";
import { counted } from "./figures.js";
import { interruptible } from "./interruption.js";

export interface RecvOptions extends ExchangeOptions {
  /** Ends after so many messages. */
  readonly count?: number;
  /** What a topic's keys must match. */
  readonly pattern?: string;
}

/** Where messages come from. */
interface Inlet {
  take(options: WaitOptions): Promise<TakenMessage>;
  close(): void | Promise<void>;
}

const TIMED_OUT = 3;

/** Writes what comes to stdout, a message a line. Gives the exit code. */
export async function recv(url: string, options: RecvOptions): Promise<number> {
  return interruptible(async (signal) => {
    const inlet = await openInlet(url, options, signal);
    try {
      return await drain(inlet, options, signal);
    } finally {
      await inlet.close();
    }
  });
}

async function drain(inlet: Inlet, options: RecvOptions, signal: AbortSignal): Promise<number> {
  const { count = Number.POSITIVE_INFINITY, timeout, framing } = options;
  const format = framing === "raw" ? { bytes: true } : options;
  let taken = 0;
  while (taken < count) {
    let message: TakenMessage;
    try {
      message = await inlet.take({ signal, ...(timeout !== undefined && { timeout }) });
    } catch (error) {
      if (error instanceof EOFError || error instanceof ClosedError) break; // nothing more will come
      if (!(error instanceof TimeoutError)) throw error;
      if (taken > 0 && options.count === undefined) return 0;
      const wanted = options.count === undefined ? "" : `${taken} of ${options.count} came, and `;
      process.stderr.write(`interproc: ${wanted}nothing more within ${timeout} ms\n`);
      return TIMED_OUT;
    }
    await write(outputBytes(message.value, format));
    await message.ack(); // only now is it somebody else's: a kill before gives it back
    taken++;
  }
  if (options.count === undefined || taken === options.count) return 0;
  process.stderr.write(`interproc: it ended after ${counted(taken, "message")} of ${options.count}\n`);
  return 1;
}

const write = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => process.stdout.write(bytes, (error) => (error ? reject(error) : resolve())));

async function openInlet(url: string, options: RecvOptions, signal: AbortSignal): Promise<Inlet> {
  const target = targetOf(url, options);
  if (options.pattern !== undefined && target.kind !== "topic") throw new Failure("--pattern is for --topic", 2);
  switch (target.kind) {
    case "queue":
      return queueAt(url, options.codec);
    case "topic":
      return subscribed(url, options.pattern);
    default: {
      const say = (line: string): void => void process.stderr.write(`interproc: ${line}\n`);
      const connection = await connectionAt(url, options, signal, say);
      return {
        take: async (bounds) => ({ value: await connection.recv(bounds), ack: () => undefined }),
        close: () => connection.close(),
      };
    }
  }
}

function subscribed(url: string, pattern: string | undefined): Inlet {
  if (!url.startsWith("shm:")) throw new Failure(`there are no topics at ${JSON.stringify(url)}; allowed: shm:NAME`, 2);
  const topic = Topic.openOrCreate<unknown>(url.slice("shm:".length));
  const subscription = topic.subscribe(pattern);
  subscription.onMissed = (count) => {
    process.stderr.write(`interproc: too slow, ${counted(count, "message")} missed\n`);
  };
  return {
    take: async (bounds) => ({ value: await subscription.get(bounds), ack: () => undefined }),
    close: () => topic.close(),
  };
}
