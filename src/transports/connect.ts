import type { AsyncConnection, Connection } from "../channel.js";
import { timedOut, type WaitOptions } from "../deadline.js";
import { AuthenticationError, UsageError } from "../errors.js";
import { type Address, parseAddress } from "./address.js";
import { authenticate } from "./authenticate.js";
import { FAILURE } from "./challenge.js";
import { connectionOf } from "./connection-of.js";
import { type ConnectionOptions, type Settings, settingsOf } from "./connection-options.js";
import { dial } from "./dial.js";
import type { LinkConnection } from "./link-connection.js";
import type { ReconnectOptions } from "./reconnecting-connection.js";
import { withDeadline } from "./with-deadline.js";

/** `timeout` and `signal` bound the whole call: connecting and the handshake. */
export interface ConnectOptions<Out = unknown, In = unknown> extends ConnectionOptions<Out, In>, WaitOptions {
  /**
   * When the connection breaks another one is made, after a pause that grows. What had been sent and not been read is
   * lost then, and a send under way rejects with BrokenPipeError; calls that come meanwhile wait. `true` for the defaults.
   */
  reconnect?: boolean | ReconnectOptions;
}

/**
 * Connects to whoever listens at an address: `unix:/path`, `tcp://host:port`, `tls://host:port`, `ws://host:port/path`,
 * `wss://…`, `shm:name`; or takes what this process was given: `fd:3` (a socket), `fd:3,4` (read from one pipe, write to
 * another), `stdio:`. Over `shm:` it is a pipe in shared memory, with all forms of every call.
 *
 * The listener's user is checked on a unix socket, its certificate on TLS. Sockets send each message at once, in one write.
 *
 * @throws NotFoundError when there is no such path, name or host; SystemError (`ECONNREFUSED`, retryable) when nobody listens
 * @throws AuthenticationError when either side cannot prove that it knows the authkey, or has none
 * @throws TimeoutError, UsageError
 * @example
 * await using listener = await listen("ws://127.0.0.1:0", { codec: "json" });
 * const conn = await connect(listener.address, { codec: "json", timeout: 5000 });
 * await conn.send({ hello: "there" });
 * conn.close();
 */
export function connect<Out = unknown, In = unknown>(
  url: `shm:${string}`,
  options?: Omit<ConnectOptions<Out, In>, "codec" | "schema" | "reconnect">,
): Promise<Connection<Out, In>>;
export function connect<Out = unknown, In = unknown>(
  url: string,
  options?: ConnectOptions<Out, In>,
): Promise<AsyncConnection<Out, In>>;
export async function connect(
  url: string,
  options: ConnectOptions<never, unknown> = {},
): Promise<AsyncConnection<unknown, unknown>> {
  const address = parseAddress(url, "connect()");
  const settings = settingsOf(options, "connect()", false);
  const { reconnect = false, timeout, signal } = options;
  if (reconnect === false) return attempt(url, address, settings, options);
  if (address.scheme === "fd" || address.scheme === "stdio")
    throw new UsageError(
      `connect() to ${url} with reconnect: what is handed over cannot be had again; allowed: an address`,
    );
  const { ReconnectingConnection } = await import("./reconnecting-connection.js");
  const again = reconnect === true ? {} : reconnect;
  const first = await attempt(url, address, settings, {
    ...(signal && { signal }),
    ...(timeout !== undefined && { timeout }),
  });
  await again.onConnect?.(first);
  return new ReconnectingConnection(first, (ends) => attempt(url, address, settings, { signal: ends }), again);
}

/** Connects once. */
async function attempt(
  url: string,
  address: Address,
  settings: Settings,
  { signal, timeout }: WaitOptions,
): Promise<AsyncConnection<unknown, unknown>> {
  signal?.throwIfAborted();
  const ends = new AbortController();
  const onAbort = (): void => ends.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const timer =
    timeout === undefined || timeout === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(() => ends.abort(timedOut(`connect() to ${url}`, timeout)), Math.max(0, timeout));
  try {
    const connection = await (address.scheme === "shm"
      ? overMemory(address.name, settings, ends.signal)
      : overLink(address, settings, ends.signal));
    if (!ends.signal.aborted) return connection;
    connection.close();
    throw ends.signal.reason;
  } catch (error) {
    throw ends.signal.aborted ? ends.signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function overMemory(name: string, settings: Settings, signal: AbortSignal): Promise<AsyncConnection> {
  const [{ connectShm }, { codedPipe }] = await Promise.all([import("./shm.js"), import("./coded-pipe.js")]);
  const pipe = await connectShm(name, { signal });
  signal.addEventListener("abort", () => pipe.close(), { once: true });
  return codedPipe(pipe, settings, "client");
}

async function overLink(
  address: Exclude<Address, { scheme: "shm" }>,
  settings: Settings,
  signal: AbortSignal,
): Promise<AsyncConnection> {
  const dialled = await dial(address, settings);
  const destroy = (): void => dialled.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  if (signal.aborted) destroy();
  try {
    const { link, peer } = await dialled.ready;
    const connection = connectionOf(link, peer, settings);
    if (settings.key) await prove(connection, settings);
    return connection;
  } catch (error) {
    dialled.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", destroy);
  }
}

/** The client's side of the handshake. A listener that asks nothing is told that it should have, and then left. */
async function prove(connection: LinkConnection, { key, handshakeTimeout }: Settings): Promise<void> {
  let isLate = false;
  const leave = (): void => {
    isLate = true;
    void connection
      .sendBytes(FAILURE)
      .catch(() => undefined)
      .finally(() => connection.close());
  };
  try {
    await withDeadline(authenticate(connection, "client", key as NonNullable<typeof key>), handshakeTimeout, leave);
  } catch (error) {
    if (!isLate) throw error;
    throw new AuthenticationError(
      `the listener did not finish the handshake within ${handshakeTimeout} ms (handshakeTimeout); perhaps it has no authkey`,
      { cause: error },
    );
  }
}
