import type { AsyncConnection } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { UsageError } from "../errors.js";
import { parseAddress } from "../transports/address.js";
import { connectOver } from "../transports/connect-over.js";
import { connecting } from "../transports/connecting.js";
import { type ConnectionOptions, count, settingsOf } from "../transports/connection-options.js";
import type { CodecName, MessageCodec } from "../transports/message-codec.js";
import { mostWaiting } from "../transports/worded-link.js";
import { dialPage } from "./dial-page.js";

type Shared = "authkey" | "schema" | "maxMessage" | "maxWaiting" | "handshakeTimeout" | "slowPeerTimeout";

/** `timeout` and `signal` bound the whole call: connecting and the handshake. The listener must say the same codec and authkey. */
export interface ConnectOptions<Out = unknown, In = unknown>
  extends Pick<ConnectionOptions<Out, In>, Shared>,
    WaitOptions {
  /** Default `"structured"`. Pickle is for Python, and not in the browser build. */
  codec?: Exclude<CodecName, "pickle"> | MessageCodec<Out, In>;
  /**
   * A page's WebSocket cannot be paused: so many bytes are kept of what nobody receives, `maxMessage` and 16 MiB by default;
   * beyond them the connection ends with a ProtocolError. A listener of interproc is told to hold long before.
   */
  maxWaitingBytes?: number;
}

const ofNode = ["framing", "md5", "allow", "tls"] as const;

/**
 * Connects a page, or a worker of one, to a listener at `ws://host:port/path` or `wss://…`, over the platform's WebSocket. The
 * listener lets in pages of its own origin, and those of its `origins`.
 *
 * `send()` resolves once the browser has the message and all but 1 MiB of what it had: that is the back-pressure. What it
 * has not written yet when the page goes is lost. Messages come in order; who does not receive makes the listener wait.
 *
 * @throws SystemError when the browser cannot connect, which does not say why
 * @throws AuthenticationError when either side cannot prove that it knows the authkey, or has none
 * @throws TimeoutError, UsageError
 * @example
 * import { connect } from "interproc/browser";
 * const conn = await connect("ws://127.0.0.1:7000");
 * await conn.send({ hello: "from a page" });
 * console.log(await conn.recv());
 */
export async function connect<Out = unknown, In = unknown>(
  url: string,
  options: ConnectOptions<Out, In> = {},
): Promise<AsyncConnection<Out, In>> {
  const address = parseAddress(url, "connect()");
  if (address.scheme !== "ws" && address.scheme !== "wss")
    throw new UsageError(
      `connect() of ${JSON.stringify(url)} in a browser; allowed: ws://host:port/path, wss://host:port/path`,
    );
  const { codec, maxWaitingBytes } = options;
  if ((codec as unknown) === "pickle")
    throw new UsageError('connect(): codec is "pickle"; allowed in a browser: "structured", "json", "text", "bytes"');
  for (const name of ofNode)
    if ((options as Record<string, unknown>)[name] !== undefined)
      throw new UsageError(`connect(): ${name} is not for browsers; it is the listener's or Node's only`);
  const settings = settingsOf(options as ConnectOptions<never, unknown>, "connect()", false);
  const maxWaiting = count(maxWaitingBytes, mostWaiting(settings.maxMessage), "maxWaitingBytes", "connect()");
  return connecting(url, options, (signal) =>
    connectOver<Out, In>(dialPage(address, settings, maxWaiting), settings, signal),
  );
}
