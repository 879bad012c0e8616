import { parseBrokerUrl } from "../brokers/broker-url.js";
import { UsageError } from "../errors.js";
import { CallCodec } from "./call-codec.js";
import { openCallQueue } from "./call-queue.js";
import type { ExposeAtOptions } from "./calls-options.js";
import type { Received } from "./mailbox.js";
import { openMailbox } from "./open-mailbox.js";

import { ServedCalls } from "./served-calls.js";

const MOST_SERVED = 32;

/** An object that is served at the url of a queue. */
export interface ExposedAt extends AsyncDisposable {
  /** Resolves when it is not served any more; rejects with what has ended it. */
  readonly closed: Promise<void>;
  /** Takes no more calls, and resolves when those that run are answered. Allowed twice. */
  close(): Promise<void>;
}

/**
 * Lets whoever has the url of a queue call an object's methods, by `remoteAt`. Several servers of one url share the calls: each
 * takes as many as it has places for (`maxServed`), and a call that waits in the queue waits for any of them.
 *
 * A call is acknowledged when its answer was sent. When a server dies, the calls that it had begun are given to others, as
 * soon as the broker notices; `redelivered` says whether these run them again. What can be called is what `expose` lets be called.
 * Serving keeps the process alive until `close()`.
 *
 * At RabbitMQ, programs in other languages call by JSON: `{"method": "price", "args": ["apple"]}` with the properties `reply_to`,
 * `correlation_id` and the content type `application/json`; the answer has `result` or `failure`.
 *
 * @throws UsageError for an url or an option that is not allowed; whatever `openQueue` rejects with
 * @example
 * await using shop = await exposeAt("amqp://localhost/shop", { price: (article: string) => article.length * 10 });
 * await shop.closed;
 */
export async function exposeAt(url: string, api: object, options: ExposeAtOptions = {}): Promise<ExposedAt> {
  const address = parseBrokerUrl(url, "exposeAt()");
  const operation = `exposeAt() of ${address.shown}`;
  if (typeof api !== "object" || api === null)
    throw new UsageError(`${operation}: the api is ${String(api)}; allowed: an object with methods`);
  const { maxServed = MOST_SERVED, redelivered = "run" } = options;
  if (!(Number.isInteger(maxServed) && maxServed >= 1 && maxServed <= 10_000))
    throw new UsageError(`${operation}: maxServed is ${String(maxServed)}; allowed: a whole number, 1 to 10000`);
  if (redelivered !== "run" && redelivered !== "refuse")
    throw new UsageError(`${operation}: redelivered is ${String(redelivered)}; allowed: "run", "refuse"`);
  CallCodec.named(options.codec, operation);
  let served: ServedCalls | undefined;
  const heard = (received: Received): void => served?.heard(received);
  const { signal = new AbortController().signal } = options;
  const queue = await openCallQueue(url, address, options, maxServed);
  try {
    const mailbox = await openMailbox({ url: address, operation, signal, heard });
    served = new ServedCalls(api, queue, mailbox, { maxServed, isRefusing: redelivered === "refuse" });
  } catch (error) {
    await queue.close();
    throw error;
  }
  const close = (): Promise<void> => served.close();
  return { closed: served.closed, close, [Symbol.asyncDispose]: close };
}
