import { Topic } from "../primitives/topic/topic.js";
import { connectionAt } from "./exchange/connection-at.js";
import type { ExchangeOptions } from "./exchange/exchange-options.js";
import { inputMessages } from "./exchange/input-messages.js";
import { queueAt } from "./exchange/queue-at.js";
import { targetOf } from "./exchange/target.js";
import { Failure } from "./failure.js";
import { interruptible } from "./interruption.js";

export interface SendOptions extends ExchangeOptions {
  /** A topic's key. */
  readonly key?: string;
}

/** Where messages go. */
interface Outlet {
  put(message: unknown): Promise<void>;
  /** What was put is safe without this process. */
  settled(): Promise<void>;
  close(): void | Promise<void>;
}

/** Sends what comes on stdin. Gives the exit code. */
export async function send(url: string, options: SendOptions): Promise<number> {
  const isRaw = options.framing === "raw";
  await interruptible(async (signal) => {
    const outlet = await openOutlet(url, options, signal);
    const stop = (): void => void process.stdin.destroy(signal.reason as Error);
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", stop, { once: true });
      for await (const message of inputMessages(process.stdin, isRaw ? { bytes: true } : options))
        await outlet.put(message);
      signal.throwIfAborted();
      await outlet.settled();
    } finally {
      signal.removeEventListener("abort", stop);
      await outlet.close();
    }
  });
  return 0;
}

async function openOutlet(url: string, options: SendOptions, signal: AbortSignal): Promise<Outlet> {
  const target = targetOf(url, options);
  const { timeout, key } = options;
  if (key !== undefined && target.kind !== "topic") throw new Failure("--key is for --topic", 2);
  const bounds = { signal, ...(timeout !== undefined && { timeout }) };
  switch (target.kind) {
    case "queue": {
      const queue = await queueAt(url, options.codec);
      return {
        put: (message) => queue.put(message, bounds),
        settled: () => queue.settled(bounds),
        close: () => queue.close(),
      };
    }
    case "topic": {
      const topic = Topic.openOrCreate<unknown>(topicName(url));
      return {
        put: (message) => topic.publish(message, { ...bounds, ...(key !== undefined && { key }) }),
        settled: async () => undefined,
        close: () => topic.close(),
      };
    }
    default: {
      const say = (line: string): void => void process.stderr.write(`interproc: ${line}\n`);
      const connection = await connectionAt(url, options, signal, say);
      return {
        put: (message) => connection.send(message, bounds),
        settled: async () => undefined,
        close: () => connection.close(),
      };
    }
  }
}

/** @throws Failure for topics that are somewhere else */
function topicName(url: string): string {
  if (url.startsWith("shm:")) return url.slice("shm:".length);
  throw new Failure(`there are no topics at ${JSON.stringify(url)}; allowed: shm:NAME`, 2);
}
