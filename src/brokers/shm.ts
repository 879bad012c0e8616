import type { AsyncQueue, QueueCapability } from "../async-queue.js";
import type { AsyncTopic } from "../async-topic.js";
import { UsageError } from "../errors.js";
import type { OpenQueueOptions, OpenTopicOptions } from "./broker.js";
import type { BrokerUrl } from "./broker-url.js";
import { checkOpen } from "./check-options.js";

const common = [
  "size",
  "unacked",
  "join",
  "shutdown",
  "maxItems",
  "maxDeliveries",
  "deadLetter",
  "front",
  "deliveries",
];
const capabilities = new Set([...common, "priorities"]) as ReadonlySet<QueueCapability>;

/** The queue of that name in shared memory. It goes with the last process that has it. */
export async function openShmQueue<T>(
  { name }: BrokerUrl,
  options: OpenQueueOptions<T>,
  operation: string,
): Promise<AsyncQueue<T>> {
  checkOpen(options, capabilities, operation);
  refuseCodec(options, operation);
  const [{ Queue }, { PriorityQueue }, { QueueAsAsync }] = await Promise.all([
    import("../primitives/queue/queue.js"),
    import("../primitives/queue/priority-queue.js"),
    import("../primitives/queue/queue-as-async.js"),
  ]);
  const { priorities, deadLetter: lettersName, maxItems, maxDeliveries, capacity, mustExist } = options;
  const kind = priorities === undefined ? Queue : PriorityQueue;
  const letters = lettersName === undefined ? undefined : Queue.openOrCreate<unknown>(lettersName);
  try {
    const making = { maxItems, maxDeliveries, capacity, deadLetter: letters };
    const queue = mustExist ? kind.open<T>(name, { deadLetter: letters }) : kind.openOrCreate<T>(name, making);
    return new QueueAsAsync<T>(queue, { priorities, capabilities, owned: letters });
  } catch (error) {
    letters?.close();
    throw error;
  }
}

/** The topic of that name in shared memory. It goes with the last process that has it. */
export async function openShmTopic<T>(
  { name }: BrokerUrl,
  options: OpenTopicOptions<T>,
  operation: string,
): Promise<AsyncTopic<T>> {
  refuseCodec(options, operation);
  const { Topic } = await import("../primitives/topic/topic.js");
  const { capacity, lossless } = options;
  return Topic.openOrCreate<T>(name, { capacity, lossless }).asAsync();
}

function refuseCodec({ codec, schema }: { codec?: unknown; schema?: unknown }, operation: string): void {
  if (codec !== undefined && codec !== "structured")
    throw new UsageError(`${operation}: codec is ${JSON.stringify(codec)}; allowed: "structured", in shared memory`);
  if (schema !== undefined)
    throw new UsageError(`${operation} with a schema; allowed: at brokers outside this machine's memory`);
}
