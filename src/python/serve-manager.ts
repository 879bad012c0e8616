import type { PickleGlobals } from "../codec/pickle/own-globals.js";
import { pickleCodec } from "../codec/pickle/pickle-codec.js";
import { UsageError } from "../errors.js";
import { parseAddress } from "../transports/address.js";
import { type ListenOptions, listen } from "../transports/listen.js";
import type { Listener } from "../transports/listener.js";
import { type ManagerRegistry, Registry } from "./manager-registry.js";
import { ManagerServer } from "./manager-server.js";
import { tokenGlobal } from "./manager-token.js";

/** How a manager for Python's clients is served. */
export interface ServeManagerOptions
  extends Pick<
    ListenOptions,
    "authkey" | "md5" | "maxMessage" | "handshakeTimeout" | "slowPeerTimeout" | "maxConnections" | "allow" | "onRefused"
  > {
  /** Python's clients always prove that they have one. */
  authkey: string | Uint8Array;
  /** Classes and exceptions of Python's that may be named in values, besides those of its library; see `pickleCodec`. */
  globals?: PickleGlobals;
}

/**
 * Serves objects to Python's `BaseManager` clients, at `unix:/path` or `tcp://host:port`. In Python each typeid is registered
 * without a callable, and the manager connected: `Manager.register("settings", DictProxy)`, `Manager(address, authkey=…).connect()`.
 *
 * A Map has a dict's methods there, an Array a list's, a {@link ServedQueue} or an interproc Queue those of `queue.Queue`. Of any
 * other object the methods can be called that `expose` would allow, with keyword arguments as one object behind the others;
 * they may be asynchronous, and what they throw is raised. A function makes an object for each `create`. A change here is seen
 * there at the next call, and the other way round.
 *
 * A client that is killed: its calls that wait are given up by their `signal`, a `get` from a queue takes nothing. Its references are
 * dropped within a second over a unix socket; over TCP they stay until the server is closed. If this process is killed, the
 * clients' calls raise EOFError at once.
 *
 * @throws ExistsError when somebody listens there; UsageError, NotFoundError, SystemError
 * @example
 * await using server = await serveManager("unix:/tmp/settings.sock", { settings: new Map([["threads", 4]]) }, {
 *   authkey: "secret",
 * });
 */
export async function serveManager(
  url: string,
  registry: ManagerRegistry,
  options: ServeManagerOptions,
): Promise<ManagerServer> {
  const address = parseAddress(url, "serveManager()");
  if (address.scheme !== "unix" && address.scheme !== "tcp")
    throw new UsageError(`serveManager() at ${url}; allowed: unix:/path, tcp://host:port`);
  if (options?.authkey === undefined)
    throw new UsageError(
      "serveManager() without an authkey; allowed: a string or bytes, which the Python programs have too",
    );
  const entries = new Registry(registry);
  const { globals = {}, ...rest } = options;
  const codec = pickleCodec({
    globals: { "multiprocessing.managers.Token": tokenGlobal as PickleGlobals[string], ...globals },
  });
  const listener = await listen(url, { ...rest, framing: "python", codec });
  const bound = parseAddress(listener.address, "serveManager()");
  const place = "port" in bound ? ([bound.host, bound.port] as const) : address.scheme === "unix" ? address.path : "";
  return new ManagerServer(listener as Listener, entries, place);
}
