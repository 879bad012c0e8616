import type { AsyncConnection } from "../channel.js";
import type { PickleGlobals } from "../codec/pickle/own-globals.js";
import { pickleCodec } from "../codec/pickle/pickle-codec.js";
import type { WaitOptions } from "../deadline.js";
import { CodecError, UsageError } from "../errors.js";
import { formatAddress, parseAddress } from "../transports/address.js";
import { type ConnectOptions, connect } from "../transports/connect.js";
import { ManagerDoor } from "./manager-door.js";
import type { TokenAddress } from "./manager-token.js";
import { proxyGlobals } from "./proxy-globals.js";
import { PythonManager } from "./python-manager.js";
import { PythonProxy } from "./python-proxy.js";

/** `timeout` and `signal` bound the first connection. */
export interface ConnectManagerOptions
  extends Pick<ConnectOptions, "authkey" | "md5" | "maxMessage" | "handshakeTimeout" | "allow" | "timeout" | "signal"> {
  /** Classes and exceptions of Python's that may be named in values, besides those of its library; see `pickleCodec`. */
  globals?: PickleGlobals;
}

/**
 * Connects to a manager of Python's (`BaseManager`, `SyncManager`), whose program nothing has to be changed in: to
 * `unix:/path` or `tcp://host:port`. Values travel as pickles, which are data only.
 *
 * @throws AuthenticationError for another authkey, and for a Python 3.11 or older without `md5: true`
 * @throws NotFoundError, SystemError when nobody is there; TimeoutError, UsageError
 * @example
 * await using manager = await connectManager("tcp://127.0.0.1:50000", { authkey: "secret" });
 * const settings = await manager.dict<string, number>("settings");
 * await settings.set("threads", 4);
 */
export async function connectManager(url: string, options: ConnectManagerOptions = {}): Promise<PythonManager> {
  const address = parseAddress(url, "connectManager()");
  if (address.scheme !== "unix" && address.scheme !== "tcp")
    throw new UsageError(`connectManager() of ${url}; allowed: unix:/path, tcp://host:port`);
  const { globals = {}, timeout, signal, ...rest } = options;
  const codec = pickleCodec({
    globals: {
      ...proxyGlobals((token, exposed) => {
        if (!isSame(token.address, own))
          throw new CodecError(`a proxy of another manager, at ${String(token.address)}`);
        return new PythonProxy({ door, token, exposed, isCounted: false });
      }),
      ...globals,
    },
  });
  const own: TokenAddress = address.scheme === "unix" ? address.path : [address.host, address.port];
  const dial = (bounds: WaitOptions): Promise<AsyncConnection> =>
    connect(url, { ...rest, ...bounds, framing: "python", codec }) as Promise<AsyncConnection>;
  const door = new ManagerDoor(formatAddress(address), dial);
  signal?.throwIfAborted();
  await door.request("dummy", [], {}, { ...(timeout !== undefined && { timeout }), ...(signal && { signal }) });
  return new PythonManager(door, own);
}

/** A host goes by several names, and it is this manager that is asked in any case. */
function isSame(one: TokenAddress, other: TokenAddress): boolean {
  return typeof one === "string" || typeof other === "string" ? one === other : one[1] === other[1];
}
