import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Peer } from "../channel.js";
import { AuthenticationError } from "../errors.js";
import { type Address, formatAddress } from "./address.js";
import type { Settings } from "./connection-options.js";
import { openDescriptors } from "./descriptors.js";
import type { Link } from "./link.js";
import { permittedPeer } from "./permission.js";
import { socketKernel } from "./socket-kernel.js";
import { SOCKET_OPTIONS, socketLink } from "./socket-link.js";
import { systemFailure } from "./system-failure.js";
import { clientTls } from "./tls-settings.js";

/** A way to somebody that is being opened. */
export interface Dialled {
  readonly ready: Promise<{ readonly link: Link; readonly peer: Peer }>;
  /** Ends it at once, open or not. */
  destroy(): void;
}

/** Begins to open the way to an address. `ready` rejects with NotFoundError, SystemError, AuthenticationError, UsageError. */
export async function dial(address: Exclude<Address, { scheme: "shm" }>, settings: Settings): Promise<Dialled> {
  switch (address.scheme) {
    case "ws":
    case "wss":
      return (await import("./websocket-dial.js")).dialWebSocket(address, settings);
    case "fd":
      return descriptors(address.input, address.output, formatAddress(address), settings);
    case "stdio":
      return descriptors(0, 1, "stdio:", settings);
    default:
      return dialSocket(address, settings);
  }
}

async function dialSocket(
  address: Extract<Address, { scheme: "unix" | "tcp" | "tls" }>,
  settings: Settings,
): Promise<Dialled> {
  const url = formatAddress(address);
  const to = "path" in address ? { path: address.path } : { host: address.host, port: address.port };
  const isTls = address.scheme === "tls";
  const socket = address.scheme === "tls" ? await overTls(address.host) : connectSocket({ ...to, ...SOCKET_OPTIONS });
  async function overTls(host: string): Promise<Socket> {
    const tls = await import("node:tls");
    return tls.connect({ ...to, ...SOCKET_OPTIONS, ...clientTls(settings.tls, host) });
  }
  const ready = async (): Promise<{ link: Link; peer: Peer }> => {
    try {
      await once(socket, isTls ? "secureConnect" : "connect");
    } catch (error) {
      throw isTls && isCertificate(error, socket as TLSSocket)
        ? new AuthenticationError(`connect() to ${url}: ${(error as Error).message}`, { resource: url, cause: error })
        : systemFailure(error, "connect()", url);
    }
    socket.on("error", () => undefined); // the connection that is made of it learns of its end
    const peer =
      address.scheme === "unix"
        ? await permittedPeer(socket, url, settings.allow)
        : { transport: address.scheme, address: url };
    return { link: socketLink(socket, settings, await socketKernel()), peer };
  };
  return { ready: ready(), destroy: () => socket.destroy() };
}

/** Whether TLS failed, and not the way to it. */
function isCertificate(error: unknown, { authorizationError }: TLSSocket): boolean {
  const { code = "" } = error as { code?: string };
  return Boolean(authorizationError) || /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_|DEPTH_|SELF_SIGNED|HOSTNAME)/.test(code);
}

function descriptors(input: number, output: number, address: string, settings: Settings): Dialled {
  const { link, transport, destroy } = openDescriptors(input, output, settings);
  return { ready: Promise.resolve({ link, peer: { transport, address } }), destroy };
}
