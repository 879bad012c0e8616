import { parseBrokerUrl } from "../brokers/broker-url.js";
import { UsageError } from "../errors.js";
import type { Remote } from "../rpc/remote.js";
import { remotePath } from "../rpc/remote-path.js";
import { CallCodec } from "./call-codec.js";
import { openCallQueue } from "./call-queue.js";
import { Calling } from "./calling.js";
import type { RemoteAtOptions } from "./calls-options.js";
import type { Received } from "./mailbox.js";
import { openMailbox } from "./open-mailbox.js";

const PATIENCE_MS = 30_000;

/**
 * The object that servers expose at the url of a queue, by `exposeAt`, as functions that call it: each call goes to one of them, and
 * waits in the queue while there is none. Arguments and results are values, as in messages to queues; signals
 * (`AbortSignal`) may stand among the arguments: when one aborts, the call rejects at once and the signal fires at the server, too.
 * For callbacks and sequences there is `remote`, over a connection.
 *
 * An idle remote object does not keep the process alive. `await using`, or its `[Symbol.asyncDispose]()`, ends it: calls that
 * wait reject with a ClosedError.
 *
 * A call rejects with:
 *
 * @throws RemoteError what the method threw, with the remote stack; for what is not exposed
 * @throws TimeoutError when no server has answered in time; its method may have run, or may still run
 * @throws AbandonedError when a server died that had begun it, and the others refuse to repeat it
 * @throws CodecError, UsageError for an argument that cannot be sent; what `put` of the queue rejects with
 * @example
 * await using shop = await remoteAt<Shop>("amqp://localhost/shop", { timeout: 5000 });
 * console.log(await shop.price("apple"));
 */
export async function remoteAt<Api extends object>(
  url: string,
  options: RemoteAtOptions = {},
): Promise<Remote<Api> & AsyncDisposable> {
  const { timeout = PATIENCE_MS } = options;
  const address = parseBrokerUrl(url, "remoteAt()");
  const operation = `remoteAt() of ${address.shown}`;
  if (!(typeof timeout === "number" && timeout > 0))
    throw new UsageError(`${operation}: timeout is ${String(timeout)}; allowed: milliseconds, more than 0`);
  const codec = CallCodec.named(options.codec, operation);
  let calling: Calling | undefined;
  const heard = (received: Received): void => calling?.heard(received);
  const { signal = new AbortController().signal } = options;
  const queue = await openCallQueue(url, address, options);
  try {
    const mailbox = await openMailbox({ url: address, operation, signal, heard });
    calling = new Calling(queue, mailbox, codec, timeout);
  } catch (error) {
    await queue.close();
    throw error;
  }
  const own = { [Symbol.asyncDispose]: () => calling.close() };
  return remotePath((target, args) => calling.call(target, args), own) as Remote<Api> & AsyncDisposable;
}
