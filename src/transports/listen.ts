import { UsageError } from "../errors.js";
import { type Address, parseAddress } from "./address.js";
import type { Entrance } from "./arrival.js";
import { codedPipe } from "./coded-pipe.js";
import { type ConnectionOptions, count, type Settings, settingsOf } from "./connection-options.js";
import { isLoopback } from "./is-loopback.js";
import { Listener } from "./listener.js";

/** Whom a listener takes, and how many, besides what both sides of a connection say. */
export interface ListenOptions<Out = unknown, In = unknown> extends ConnectionOptions<Out, In> {
  /** So many connections at once, 1,024 by default; more are closed as they come. */
  maxConnections?: number;
  /** So many may wait for the system to let them in; 511 by default, as in Node. */
  backlog?: number;
  /**
   * Allows to listen for other machines although nobody has to prove who he is: neither TLS nor an authkey is there. Without
   * it that is a UsageError.
   */
  insecure?: boolean;
  /** WebSockets: the origins of pages that may connect, such as `"https://example.org"`, or `"any"`; by default the listener's own. */
  origins?: readonly string[] | "any";
  /** Is told of each one that is sent away, and why. */
  onRefused?: (error: Error) => void;
}

/**
 * Takes connections at an address: `unix:/path`, `tcp://host:port`, `tls://host:port`, `ws://host:port/path`, `wss://…`,
 * `shm:name`. Port 0 picks one that is free; `listener.address` says which.
 *
 * A unix socket is open to its user only, unless `allow` says otherwise, and appears under its name when all of that
 * holds; the name of a listener that was killed is taken over. `shm:` gives pipes in shared memory, to the same user; it goes with the
 * listener's process. TCP, TLS and WebSockets listen to other machines only with TLS or an `authkey`.
 *
 * If the listener's process is killed, its peers read the end of file at once; what it had sent is delivered.
 *
 * @throws ExistsError when somebody listens there; NotFoundError when there is no such folder or host
 * @throws UsageError, SystemError
 * @example
 * await using listener = await listen<string, string>("tcp://127.0.0.1:0");
 * const client = await connect<string, string>(listener.address);
 * const served = await listener.accept();
 * await client.send("hello");
 * console.log(await served.recv()); // hello
 */
export async function listen<Out = unknown, In = unknown>(
  url: string,
  options: ListenOptions<Out, In> = {},
): Promise<Listener<Out, In>> {
  const address = parseAddress(url, "listen()");
  const settings = settingsOf(options as ListenOptions<never, unknown>, "listen()", true);
  const { backlog = 511, insecure = false, origins = [], onRefused } = options;
  if ("host" in address && !insecure) requireProof(address, settings);
  const listener = new Listener<Out, In>(
    settings,
    count(options.maxConnections, 1024, "maxConnections", "listen()"),
    onRefused,
  );
  return listener.open(await entrance(address, settings, backlog, { origins }, listener as Listener));
}

async function entrance(
  address: Address,
  settings: Settings,
  backlog: number,
  heard: { origins: readonly string[] | "any" },
  listener: Listener,
): Promise<Entrance> {
  switch (address.scheme) {
    case "unix":
    case "tcp":
    case "tls":
      return (await import("./socket-entrance.js")).openSocketEntrance(address, settings, backlog, listener.porter);
    case "ws":
    case "wss":
      return (await import("./websocket-entrance.js")).openWebSocketEntrance(
        address,
        settings,
        backlog,
        heard,
        listener.porter,
      );
    case "shm": {
      const { openShmEntrance } = await import("./shm.js");
      return openShmEntrance(address.name, settings.key !== undefined, (pipe) => {
        void codedPipe(pipe, settings, "listener").then(
          (connection) => (listener.closed ? connection.close() : listener.take(connection)),
          (error: Error) => listener.porter.refused(error),
        );
      });
    }
    default:
      throw new UsageError(`listen() at ${address.scheme}: is not possible; allowed: unix, tcp, tls, ws, wss, shm`);
  }
}

/** Whoever listens for other machines has to ask them who they are, or to say that he does not. */
function requireProof(address: Extract<Address, { host: string }>, { key }: Settings): void {
  const { scheme, host } = address;
  if (key || scheme === "tls" || scheme === "wss" || isLoopback(host)) return;
  throw new UsageError(
    `listen() for other machines at ${scheme}://${host} with neither TLS nor an authkey; allowed: one of these, a loopback address, or insecure: true`,
  );
}
