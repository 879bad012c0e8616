import type { AsyncQueue, OpenQueueOptions } from "interproc";
import { openQueue } from "interproc";
import type { QueueBackend } from "./queue-kind.js";

/** A broker whose queues are opened by url. */
export interface BrokerKind {
  readonly name: string;
  /** The url of a queue that nobody has used before; `name` makes several of one test. */
  url(name: string): string;
  /** The name by which another queue of the same broker calls it in `deadLetter`. */
  letterName(name: string): string;
  /** What a loop takes ahead counts as handed out there. */
  readonly countsAhead?: boolean;
  /** It cannot be found out whether a queue is there, so that `mustExist` is refused. */
  readonly isBlind?: boolean;
  /** Messages for a test with many of them. */
  readonly many: number;
}

let made = 0;
/** A name that no other test of any process has. */
export const freshName = (): string => `test-${process.pid}-${++made}`;

/** The same contract as that of queues in shared memory, kept by what `openQueue` gives. */
export async function asQueueBackend(kind: BrokerKind): Promise<QueueBackend> {
  const probe = await openQueue(kind.url(freshName()));
  const has = probe.capabilities;
  await probe.delete();
  const able = (
    ["maxItems", "maxDeliveries", "deadLetter", "shutdown", "join", "size", "unacked", "front"] as const
  ).filter((one) => has.has(one) && !(one === "maxDeliveries" && kind.countsAhead));
  return {
    name: kind.name,
    capabilities: new Set(able),
    many: kind.many,
    async make({ letters: withLetters, maxItems, maxDeliveries } = {}) {
      const [name, lettersName] = [freshName(), freshName()];
      const options: OpenQueueOptions = {
        ...(maxItems !== undefined && { maxItems }),
        ...(maxDeliveries !== undefined && { maxDeliveries }),
        ...(withLetters && { deadLetter: kind.letterName(lettersName) }),
        // the sentences are about one message at a time
        prefetch: 1,
      };
      const letters = withLetters ? await openQueue(kind.url(lettersName)) : undefined;
      const queue = await openQueue(kind.url(name), options);
      const other = await openQueue(kind.url(name), options);
      return { queue: deleting(queue), other, ...(letters && { letters: deleting(letters) }) };
    },
  };
}

/** Takes the queue along when it is closed. */
function deleting(queue: AsyncQueue): AsyncQueue {
  return new Proxy(queue, {
    get(target, key) {
      if (key === "close") return async () => (target.closed ? target.close() : target.delete());
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
