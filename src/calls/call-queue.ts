import type { AsyncQueue } from "../async-queue.js";
import type { BrokerUrl } from "../brokers/broker-url.js";
import { openQueue } from "../brokers/open-queue.js";
import { UsageError } from "../errors.js";
import type { CallRequest } from "./calls-by-url.layout.js";
import type { CallsByUrlOptions } from "./calls-options.js";

/** The queue of calls, as both sides open it. `prefetch`: calls that this side has at once. */
export function openCallQueue(
  url: string,
  { scheme, shown }: BrokerUrl,
  { codec = "structured", queue, signal }: CallsByUrlOptions,
  prefetch = 1,
): Promise<AsyncQueue<CallRequest>> {
  if (scheme === "http" || scheme === "https")
    return Promise.reject(
      new UsageError(`calls at ${shown}: a gateway has none; allowed: shm, file, amqp, activemq, nats, redis`),
    );
  // in shared memory there is one codec, and nobody takes ahead
  const more = scheme === "shm" ? {} : { codec, prefetch };
  return openQueue<CallRequest>(url, { ...queue, ...more, ...(signal && { signal }) });
}
