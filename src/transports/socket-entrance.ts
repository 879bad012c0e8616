import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { AuthenticationError } from "../errors.js";
import { type Address, formatAddress } from "./address.js";
import type { Entrance, Porter } from "./arrival.js";
import type { Settings, TlsOptions } from "./connection-options.js";
import { limitConnections } from "./limit-connections.js";
import { permittedPeer } from "./permission.js";
import { socketKernel } from "./socket-kernel.js";
import { SOCKET_OPTIONS, socketLink } from "./socket-link.js";
import { systemFailure } from "./system-failure.js";
import { listenerTls } from "./tls-settings.js";
import { UnixPath } from "./unix-path.js";

/** As long as Node's timers count. */
const LONGEST_HANDSHAKE_MS = 2 ** 31 - 1;

type SocketAddress = Extract<Address, { scheme: "unix" | "tcp" | "tls" }>;

/** Opens a server for sockets. @throws ExistsError, NotFoundError, SystemError, UsageError */
export async function openSocketEntrance(
  address: SocketAddress,
  settings: Settings,
  backlog: number,
  porter: Porter,
): Promise<Entrance> {
  const options = { ...SOCKET_OPTIONS, pauseOnConnect: true };
  const server =
    address.scheme === "tls"
      ? createTlsServer({
          ...options,
          ...listenerTls(settings.tls, "listen()"),
          handshakeTimeout: Math.min(settings.handshakeTimeout, LONGEST_HANDSHAKE_MS),
        })
      : createServer(options);
  limitConnections(server, porter);
  const place = address.scheme === "unix" ? new UnixPath(address.path) : undefined;
  try {
    server.listen(
      "path" in address
        ? { path: place?.temporary, backlog, exclusive: true }
        : { host: address.host, port: address.port, backlog, exclusive: true },
    );
    await once(server, "listening");
    await place?.publish(settings.allow === "same-user" ? 0o600 : 0o666);
  } catch (error) {
    server.close();
    place?.discard();
    const isOurs = (error as { code?: string }).code?.startsWith("ERR_INTERPROC_");
    throw isOurs ? error : systemFailure(error, "listen()", formatAddress(address));
  }
  const bound = server.address();
  const url =
    bound && typeof bound === "object" && address.scheme !== "unix"
      ? formatAddress({ ...address, port: bound.port })
      : formatAddress(address);
  receive(server, address, url, settings, porter);
  return {
    address: url,
    async close() {
      place?.remove();
      server.close();
    },
    hold: (isHeld) => server[isHeld ? "ref" : "unref"](),
    ...(address.scheme === "tls" && {
      reload: (tls: TlsOptions) => (server as TlsServer).setSecureContext(listenerTls(tls, "reload()")),
    }),
  };
}

function receive(server: Server, address: SocketAddress, url: string, settings: Settings, porter: Porter): void {
  const greet = async (socket: Socket): Promise<void> => {
    socket.on("error", () => undefined); // the connection that is made of it learns of its end
    if (!porter.admits()) return void socket.destroy();
    const from = "host" in address && socket.remoteAddress !== undefined ? remote(address, socket) : url;
    try {
      const peer =
        address.scheme === "unix"
          ? await permittedPeer(socket, url, settings.allow)
          : { transport: address.scheme, address: from };
      porter.arrived({
        link: socketLink(socket, settings, await socketKernel()),
        peer,
        onGone: (listener) => void socket.once("close", listener),
        destroy: () => void socket.destroy(),
      });
    } catch (error) {
      socket.destroy();
      porter.refused(error as Error);
    }
  };
  if (address.scheme !== "tls") {
    server.on("connection", (socket: Socket) => void greet(socket));
    return;
  }
  server.on("secureConnection", (socket: Socket) => void greet(socket));
  server.on("tlsClientError", (cause: Error) => {
    porter.refused(
      new AuthenticationError(`a TLS handshake failed: ${cause.message.trimEnd()}`, { cause, resource: url }),
    );
  });
}

function remote(address: Extract<Address, { host: string }>, socket: Socket): string {
  const { remoteAddress = "", remotePort = 0 } = socket;
  return formatAddress({ scheme: address.scheme as "tcp", host: remoteAddress, port: remotePort });
}
