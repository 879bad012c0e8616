import { deadlineOf, now, type WaitOptions } from "../../deadline.js";
import { NotFoundError, UsageError } from "../../errors.js";
import "../../primitives/queue/priority-queue.js"; // so that a queue of any discipline can be opened
import { Queue } from "../../primitives/queue/queue.js";
import { openAnyQueue } from "../../primitives/queue/queue-making.js";
import "../../primitives/queue/stack.js";
import type { CodecName } from "../../transports/message-codec.js";
import { Failure } from "../failure.js";
import { counted } from "../figures.js";

/** A message that was taken and is this process's until it is acknowledged. */
export interface TakenMessage {
  readonly value: unknown;
  ack(): void | Promise<void>;
}

/** What the commands need of a queue, wherever it is. */
export interface QueueAt {
  put(value: unknown, options: WaitOptions): Promise<void>;
  /** @throws ClosedError once it is shut down and nothing more will come */
  take(options: WaitOptions): Promise<TakenMessage>;
  /** Resolves when what was put is safe without this process. @throws Failure when it is not in time */
  settled(options: WaitOptions): Promise<void>;
  close(): void | Promise<void>;
}

const LOOK_MS = 20;
const NOT_IN_TIME = 3;

/** The queue behind an url: the one place of the commands that knows which kinds there are. @throws Failure */
export async function queueAt(url: string, codec?: CodecName): Promise<QueueAt> {
  if (url.startsWith("shm:")) {
    if (codec !== undefined) throw new Failure(`--codec with ${url}: what is in shared memory needs none`, 2);
    return sharedQueue(url.slice("shm:".length));
  }
  const { openQueue } = await import("../../brokers/open-queue.js");
  try {
    const queue = await openQueue(url, codec === undefined ? {} : { codec });
    return {
      put: (value, options) => queue.put(value, options),
      take: (options) => queue.take(options),
      settled: async () => undefined, // a broker keeps what it has confirmed
      close: () => queue.close(),
    };
  } catch (error) {
    if (error instanceof UsageError) throw new Failure(error.message, 2);
    throw error;
  }
}

function sharedQueue(name: string): QueueAt {
  const queue = openOrMake(name);
  return {
    put: (value, options) => queue.put(value, options),
    take: (options) => queue.take(options),
    settled: async ({ signal, timeout }) => {
      const deadline = deadlineOf(timeout, "send");
      // the queue goes with its last holder: nobody tells when another one comes, so it is looked for
      while (!queue.isHeldElsewhere && queue.size + queue.unacked > 0) {
        signal?.throwIfAborted();
        if (now() >= deadline) {
          const left = counted(queue.size + queue.unacked, "message");
          throw new Failure(
            `nobody has opened shm:${name} within ${timeout} ms: ${left} in it went with it`,
            NOT_IN_TIME,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    close: () => queue.close(),
  };
}

/** The queue of that name, of whatever discipline; one that is not there is made. */
function openOrMake(name: string): Queue<unknown> {
  try {
    return openAnyQueue(name);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    return Queue.openOrCreate(name);
  }
}
