import type { AsyncConnection, Connection } from "../channel.js";
import type { WaitOptions } from "../deadline.js";
import { diagnostics } from "../diagnostics.js";
import { UsageError } from "../errors.js";
import { type Address, formatAddress, parseAddress } from "./address.js";
import { checkReconnect } from "./check-reconnect.js";
import { connectOver } from "./connect-over.js";
import { connecting } from "./connecting.js";
import { type ConnectionOptions, type Settings, settingsOf } from "./connection-options.js";
import { dial } from "./dial.js";
import type { ReconnectOptions } from "./reconnecting-connection.js";

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
  checkReconnect(reconnect);
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
function attempt(
  url: string,
  address: Address,
  settings: Settings,
  options: WaitOptions,
): Promise<AsyncConnection<unknown, unknown>> {
  const made = (): Promise<AsyncConnection> =>
    connecting<AsyncConnection>(url, options, (signal) =>
      address.scheme === "shm" ? overMemory(address.name, settings, signal) : overLink(address, settings, signal),
    );
  return diagnostics.connect.isWatched
    ? diagnostics.connect.trace({ url: formatAddress(address).split("?")[0] }, made)
    : made();
}

async function overMemory(name: string, settings: Settings, signal: AbortSignal): Promise<AsyncConnection> {
  const [{ connectShm }, { codedPipe }] = await Promise.all([import("./shm.js"), import("./coded-pipe.js")]);
  const pipe = await connectShm(name, settings.key !== undefined, { signal });
  signal.addEventListener("abort", () => pipe.close(), { once: true });
  return codedPipe(pipe, settings, "client");
}

async function overLink(
  address: Exclude<Address, { scheme: "shm" }>,
  settings: Settings,
  signal: AbortSignal,
): Promise<AsyncConnection> {
  return connectOver(await dial(address, settings), settings, signal);
}
