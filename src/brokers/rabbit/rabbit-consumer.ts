import type { WaitOptions } from "../../deadline.js";
import type { RabbitMessage } from "./rabbit-message.js";

/**
 * Messages that the server sends from one queue: `get()` gives the next one, `for await` all as they come. It ends by `close()`
 * and by leaving the loop; what was not settled then goes back into the queue.
 *
 * `get()` and the loop reject, once what has come was handed over, with a NotFoundError when the queue was deleted and with
 * a SystemError that is `retryable` when the connection broke: then the messages that were not settled are the server's again.
 */
export interface RabbitConsumer extends AsyncIterable<RabbitMessage>, AsyncDisposable {
  /** By what the server knows it. */
  readonly tag: string;
  readonly queue: string;
  readonly closed: boolean;
  /**
   * The next message, waiting for it.
   *
   * @throws TimeoutError, or the reason of `signal`: then nothing was taken
   * @throws ClosedError; NotFoundError when the queue was deleted; SystemError when the connection broke
   */
  get(options?: WaitOptions): Promise<RabbitMessage>;
  [Symbol.asyncIterator](): AsyncGenerator<RabbitMessage, void, undefined>;
  /** Ends it: what was not settled goes back into the queue, in its place. Allowed twice. */
  close(): Promise<void>;
}
